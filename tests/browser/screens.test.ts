import type { Browser } from "playwright-core"
import { gzipSync } from "node:zlib"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { chromiumPath, named } from "./support/Chromium.ts"
import { openStage, type Stage, types } from "./support/Stage.ts"
import { calm, enter, launch, leave, unusable, visit, type Visitor } from "./support/Visitor.ts"

/** The most script that the first view may have, compressed, in bytes. */
const FIRST_VIEW = 200_000

describe.skipIf(chromiumPath === undefined)(named("every screen"), () => {
  let stage: Stage
  let browser: Browser
  let visitor: Visitor
  let screens: Record<string, string>
  beforeAll(async () => {
    ;[stage, browser] = await Promise.all([openStage(), launch()])
    const hire = await stage.trader("sam")
    const goal = await stage.orders("sam", hire, 2)
    const draft = await stage.draft("sam", hire, goal)
    screens = {
      "the inbox": "/inbox",
      "a draft": `/inbox/${draft}`,
      agents: "/agents",
      "agent types": "/agents/hire",
      "a subscription": `/agents/hire/${types.marketing}`,
      "an agent's goals": `/agents/${hire}?tab=goals`,
      "an agent's drafts": `/agents/${hire}?tab=drafts`,
      "an agent's settings": `/agents/${hire}?tab=settings`,
      "a new goal": `/agents/${hire}/goals/new?template=trading.guardrail_report.v1`,
      "a goal": `/agents/${hire}/goals/${goal}`,
      "the calendar": "/calendar",
      "a week": "/calendar?week=2026-11-30",
    }
    visitor = await visit(browser, stage.url)
    await enter(visitor, stage.url, { role: "customer", subject: "sam" })
  })
  afterAll(async () => {
    await leave()
    await browser?.close()
  })

  it("are usable in both themes, on a desk and on a phone: nothing serious for axe, nothing beside the window, an empty console", async () => {
    const { complaints, page } = visitor
    assert.deepStrictEqual(await unusable(page, Object.entries(screens)), {})
    assert.deepStrictEqual(complaints, [])
  })

  it("shows a first view of at most 200 kB of compressed script, all of this origin", async () => {
    const { context, page } = await visit(browser, stage.url)
    await context.addCookies(await visitor.context.cookies())
    const scripts = new Map<string, Promise<number>>()
    page.on("response", (response) => {
      if (response.request().resourceType() !== "script") return
      scripts.set(response.url(), response.body().then((body) => gzipSync(body, { level: 9 }).length))
    })
    await page.goto("/inbox")
    await calm(page)
    const lengths = await Promise.all(scripts.values())
    assert.isAbove(lengths.length, 1)
    assert.isTrue([...scripts.keys()].every((url) => url.startsWith(stage.url)))
    assert.isAtMost(lengths.reduce((sum, length) => sum + length, 0), FIRST_VIEW)
  })

  it("says what failed and tries again: the list while the server can't be reached stays as it was read", async () => {
    const { page } = await (async () => {
      const other = await visit(browser, stage.url)
      await other.context.addCookies(await visitor.context.cookies())
      return other
    })()
    await page.route("**/api/v1/hired-agents?*", (route) => route.abort())
    await page.goto("/agents")
    await page.getByRole("alert").getByText("The server can't be reached.").waitFor()
    await page.unroute("**/api/v1/hired-agents?*")
    await page.getByRole("button", { name: "Try again" }).click()
    await page.getByRole("link", { name: /Night desk/ }).waitFor()
  })

  it("a draft of another customer does not exist; whoever is not signed in is asked, and comes back", async () => {
    const { page } = await visit(browser, stage.url)
    await page.goto(screens["a draft"]!)
    await page.waitForURL(/\/sign-in\?return_to=/)
    await page.getByLabel("As somebody else").fill("stranger")
    await page.getByRole("button", { name: /^Customer/ }).click()
    await page.waitForURL(`**${screens["a draft"]}`)
    await page.getByText("There is nothing here").waitFor()
  })
})
