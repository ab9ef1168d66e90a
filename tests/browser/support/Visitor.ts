/** Somebody with a browser: pages of one session, whose console has to stay empty. */
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"
import { until } from "../../support/Until.ts"
import { chromiumPath } from "./Chromium.ts"

/** How long one step may take on a machine that has other things to do as well, in milliseconds. */
const STEP_MS = 120_000

/** The sizes of a window. */
export const sizes = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const

/** What axe found, of those faults that keep somebody from using the page. */
export interface Fault {
  readonly id: string
  readonly impact: string
  readonly where: ReadonlyArray<string>
}

/** A visitor. */
export interface Visitor {
  readonly page: Page
  readonly context: BrowserContext
  /** What the browser's console said that is an error or a warning, and what was thrown, so far. */
  readonly complaints: Array<string>
}

/** Starts the browser. */
export const launch = (): Promise<Browser> => {
  if (chromiumPath === undefined) throw new Error("there is no Chromium here")
  return chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] })
}

/** Opens a session at an origin. */
export const visit = async (browser: Browser, baseURL: string): Promise<Visitor> => {
  const context = await browser.newContext({ baseURL, viewport: sizes.desk, colorScheme: "light", locale: "en-GB" })
  context.setDefaultTimeout(STEP_MS)
  const page = await context.newPage()
  const complaints: Array<string> = []
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.text()} (${message.location().url})`)
  })
  page.on("pageerror", (error) => complaints.push(error.message))
  return { page, context, complaints }
}

/** Signs in on the local stack, as somebody, with the page's own buttons. */
export const signIn = async ({ page }: Visitor, role: "Customer", subject: string): Promise<void> => {
  await page.goto("/")
  await page.getByLabel("As somebody else").fill(subject)
  await page.getByRole("button", { name: role }).click()
  await page.getByRole("heading", { level: 1 }).waitFor()
}

/** Waits until the page has read what it shows. Asked from outside: the page's policy lets nothing be evaluated in it. */
export const calm = (page: Page): Promise<unknown> =>
  until("the page has read what it shows", () =>
    page.evaluate<boolean>(
      `document.querySelector("h1, h2") !== null && document.querySelector(".bone, [aria-busy=true]") === null`,
    ))

/** The serious faults that axe finds in a page. */
export const axe = async (page: Page): Promise<ReadonlyArray<Fault>> => {
  const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")
  await page.evaluate(source)
  const { violations } = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })") as {
    readonly violations: ReadonlyArray<{
      readonly id: string
      readonly impact: string
      readonly nodes: ReadonlyArray<{ readonly target: ReadonlyArray<string>; readonly html: string }>
    }>
  }
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map(({ html }) => html.slice(0, 200)) }))
}
