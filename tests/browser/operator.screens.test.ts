/** Every screen of operators and viewers: how it looks, what a viewer may, and a list of 100,000 runs. */
import type { Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { until } from "../support/Until.ts"
import { type Ground, openGround } from "./operator/Ground.ts"
import { chromiumPath, named } from "./support/Chromium.ts"
import { calm, sizes, unusable } from "./support/Visitor.ts"

/** How many runs the long list has. */
const MANY = 100_000

/** The most lines of a list that are in the page at once: those on the screen and some around them. */
const LINES = 60

describe.skipIf(chromiumPath === undefined)(named("every screen of operators"), () => {
  let ground: Ground
  let page: Page
  let screens: ReadonlyArray<string>
  beforeAll(async () => {
    ground = await openGround("screens-co", "+919812345671")
    page = await ground.page("operator")
    const [{ cause, entry, goal, run, slot }] = ground.broken
    screens = [
      "/overview",
      "/runs",
      `/runs/${run}`,
      `/goals/${goal}/why?at=${slot}`,
      "/dead-letters",
      `/dead-letters/${cause}`,
      `/dead-letters/entry/${entry}`,
      "/scheduler",
      "/scheduler?show=trigger",
      `/scheduler?show=backfill&goal=${goal}`,
      "/scheduler?show=limits",
      "/makers",
      "/types",
      "/types/marketing.healthcare.v1",
      "/types/publish?from=marketing.healthcare.v1",
      "/customers",
      "/subscriptions",
      `/customers/${ground.customer}`,
      "/audit",
    ]
  })
  afterAll(() => ground?.stop())

  it("is usable in both themes, on a desk and on a phone: nothing serious for axe, nothing beside the window, an empty console", async () => {
    assert.deepStrictEqual(await unusable(page, screens.map((path) => [path, path])), {})
    assert.deepStrictEqual(ground.complaints, [])
  })

  it("a viewer reads every screen, and is offered no action", async () => {
    const viewer = await ground.page("viewer")
    const actions = /^(?:Pause|Resume|Redrive|Retry|Discard|Cancel|Run|Set a limit|Publish|New|Activate|Past due|Try)/
    for (const path of screens.filter((path) => !path.includes("publish"))) {
      await viewer.goto(path)
      await calm(viewer)
      const buttons = await viewer.getByRole("main").getByRole("button").allInnerTexts()
      assert.deepStrictEqual(buttons.filter((text) => actions.test(text)), [], path)
    }
    assert.deepStrictEqual(ground.complaints, [])
  })

  it("what can't be read says so, and is tried again", async () => {
    const other = await ground.page("operator")
    await other.route("**/api/v1/scheduler/dlq/causes*", (route) => route.abort())
    await other.goto("/dead-letters")
    await other.getByRole("alert").getByText("The server can't be reached.").waitFor()
    await other.unroute("**/api/v1/scheduler/dlq/causes*")
    await other.getByRole("button", { name: "Try again" }).click()
    await other.getByText(ground.broken[0].message).waitFor()
  })

  it("100,000 runs are scrolled through to the last, with a few lines in the page at a time", async () => {
    const { customer, stack } = ground
    await stack.sql(
      "scheduler",
      `
      insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
          created_at, status, completed_at, closed_at, idempotency_key)
        select 'SCH-many-' || lpad(n::text, 6, '0'), 'GOI-many', 'HAI-many', '${customer}', at, at, 'completed', at, at, 'GOI-many:' || n
          from generate_series(1, ${MANY}) n, lateral (select timestamptz '2026-01-01Z' + make_interval(secs => n) as at) t`,
    )
    await page.setViewportSize(sizes.desk)
    await page.goto("/runs?goal=GOI-many")
    const table = page.getByRole("table", { name: "Runs" })
    await table.getByRole("row").nth(1).waitFor()
    assert.deepStrictEqual(await table.getByRole("columnheader").allInnerTexts(), [
      "State",
      "Slot↓",
      "Agent, customer, goal",
      "Why",
      "Attempt",
      "Began late",
      "Took",
    ])
    assert.strictEqual(await table.getByRole("columnheader").nth(1).getAttribute("aria-sort"), "descending")
    // each time to the end of what is there, as soon as the list has changed
    const most = await page.evaluate(`(async () => {
      const scroller = document.querySelector(".list-scroller")
      const list = scroller.querySelector(".list-lines")
      let most = 0
      while (list.querySelector("a[href$=SCH-many-000001]") === null) {
        const changed = new Promise((resolve) => {
          const watch = new MutationObserver(() => (watch.disconnect(), resolve()))
          watch.observe(list, { attributes: true, childList: true })
        })
        scroller.scrollTop = scroller.scrollHeight
        await changed
        most = Math.max(most, list.childElementCount)
      }
      return most
    })()`) as number
    assert.isAtMost(most, LINES)
    // the heads stay: they stand where the list begins, whatever was scrolled
    const [heads, frame] = await page.evaluate(
      `[".list-scroller [role=rowgroup]", ".list-scroller"].map((it) => document.querySelector(it).getBoundingClientRect().top)`,
    ) as readonly [number, number]
    assert.strictEqual(heads, frame)
    await until("all of them are counted", async () => (await page.getByTestId("loaded").innerText()) === "100,000")
  })
})
