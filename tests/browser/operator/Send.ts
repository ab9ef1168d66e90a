/** Sends the form of a dialog, as an operator does. */
import type { Page } from "playwright-core"

/** The reason that is given. */
export const reason = "a test of the console"

/** Fills the reason of the dialog that is open, and sends it. */
export const sendWith = async (page: Page, verb: string, why: string | null = reason): Promise<void> => {
  const dialog = page.locator("dialog[open]")
  if (why !== null) await dialog.getByLabel("Reason").fill(why)
  await dialog.getByRole("button", { name: verb, exact: true }).click()
  await dialog.waitFor({ state: "detached" })
}
