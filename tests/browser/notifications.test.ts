import type { Browser } from "playwright-core"
import { afterAll, afterEach, assert, beforeAll, describe, it } from "vitest"
import { chromiumPath, named } from "./support/Chromium.ts"
import { openStage, type Stage } from "./support/Stage.ts"
import { launch, leave, signIn, sizes, unusable, visit } from "./support/Visitor.ts"

describe.skipIf(chromiumPath === undefined)(named("notifications"), () => {
  let stage: Stage
  let browser: Browser
  beforeAll(async () => {
    ;[stage, browser] = await Promise.all([openStage(), launch()])
  })
  afterEach(leave)
  afterAll(() => browser?.close())

  it("are set on a phone: what the service refuses stands at its field, and what it keeps is shown again", async () => {
    const visitor = await visit(browser, stage.url)
    const { page } = visitor
    await page.setViewportSize(sizes.phone)
    await signIn(visitor, "Customer", "nia")
    await page.goto("/notifications")
    await page.getByText("Nothing was sent yet.").waitFor()
    await page.getByRole("button", { name: "Add signed webhook" }).click()
    await page.getByLabel("Address").fill("https://elsewhere.example/hook")
    await page.getByLabel("Signing secret").fill("none")
    await page.getByRole("button", { name: "Save" }).click()
    await page.getByText(/elsewhere\.example is not in STINT_WEBHOOK_HOSTS/).waitFor()
    await page.getByRole("button", { name: "Remove" }).click()
    await page.getByLabel("A draft was delivered").selectOption("digest")
    await page.getByLabel("Digest at").fill("07:30")
    await page.getByLabel(/^Quiet hours/).check({ force: true })
    await page.getByLabel("Quiet from").fill("22:00")
    await page.getByRole("button", { name: "Save" }).click()
    await page.getByText("Saved.").waitFor()
    const kept = await stage.call("customer:nia", "deliverables", "GET", "/reviewers/nia")
    assert.deepInclude(kept, { digest_at: "07:30", quiet_hours: { from: "22:00", to: "07:00" }, escalation: null })
    assert.strictEqual((kept.events as Record<string, string>).executed, "digest")
  })

  it("can be used in both themes, on a phone and on a desk", async () => {
    const visitor = await visit(browser, stage.url)
    await signIn(visitor, "Customer", "noa")
    assert.deepStrictEqual(await unusable(visitor.page, [["notifications", "/notifications"]]), {})
    // also of a person without settings nothing is asked for that is not there
    assert.deepStrictEqual(visitor.complaints, [])
  })
})
