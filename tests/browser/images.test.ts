/** The pictures in docs/images: taken by `STINT_SCREENSHOTS=1 npm run test:browser -- tests/browser/images.test.ts`, and by nothing else. */
import { stat } from "node:fs/promises"
import process from "node:process"
import { fileURLToPath } from "node:url"
import type { Browser, Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { hireAgent, setGoal } from "../support/Customer.ts"
import type { ReachedStack } from "../support/Stack.ts"
import { type Ground, openGround } from "./operator/Ground.ts"
import { chromiumPath, named } from "./support/Chromium.ts"
import { sharedStack } from "./support/Shared.ts"
import { openStage, type Stage } from "./support/Stage.ts"
import { calm, launch, leave, signIn, sizes, visit } from "./support/Visitor.ts"

/** The most bytes of a picture. */
const MOST = 150_000

const customer = "smile-dental"

/** The runs of this file, as late as on a machine that does nothing else. */
const inTime = (stack: ReachedStack): Promise<unknown> =>
  stack.sql("scheduler", "update scheduled_goal_runs set draft_late_ms = 14 where draft_late_ms > 60")

/** An hour of runs that completed, with a few that were skipped, as the scheduler would have written them: for the charts. */
const seedRuns = (stack: ReachedStack, goal: string, hire: string): Promise<unknown> =>
  stack.sql(
    "scheduler",
    `
    insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
        created_at, status, completed_at, closed_at, idempotency_key, reason_code, run_metadata, draft_late_ms)
      select 'SCH-seen-' || n, '${goal}', '${hire}', '${customer}', at, at, case when skipped then 'cancelled' else 'completed' end,
        case when not skipped then at end, at, '${goal}:seen-' || n, case when skipped then 'overlap_open' end,
        case when skipped then '{"reason": "overlap: the run before is still open"}'::jsonb else '{}'::jsonb end,
        case when not skipped then 6 + (n * 7919 % 23) + case when n % 31 = 0 then 40 else 0 end end
      from generate_series(1, 900) n, lateral (select now() - make_interval(secs => n * 3.9 + (n * 104729 % 50)) as at,
        n % 97 = 0 as skipped) t`,
  )

describe.skipIf(chromiumPath === undefined || process.env.STINT_SCREENSHOTS === undefined)(
  named("the pictures"),
  () => {
    let browser: Browser
    let stage: Stage
    let ground: Ground
    let customersPage: Page
    let operatorsPage: Page
    let goal: { readonly hire: string; readonly goal: string }
    beforeAll(async () => {
      ;[stage, browser, ground] = await Promise.all([
        openStage(),
        launch(),
        openGround("sunrise-clinic", "+919812345679"),
      ])
      const stack = await sharedStack()
      const call = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
      const hire = (await hireAgent(call, customer, "marketing.healthcare.v1")).hired_instance_id
      const desk = await stage.trader(customer)
      await stage.draft(customer, desk, await stage.orders(customer, desk, 50))
      await stage.draft(customer, desk, await stage.orders(customer, desk, 2))
      const weekly = await setGoal(call, customer, hire, {
        goal_template_id: "marketing.weekly_multichannel_batch.v1",
        frequency: "weekly",
        settings: {
          topics: ["what to bring to your next visit"],
          schedule: { weekday: "monday", at: "09:00" },
        },
      })
      goal = { hire, goal: weekly.goal_instance_id }
      const daily = await setGoal(call, customer, hire, {
        goal_template_id: "marketing.daily_micro_post.v1",
        frequency: "daily",
        settings: { topic: "two minutes of brushing", schedule: { at: "18:30" } },
      })
      await stage.draft(customer, hire, daily.goal_instance_id)
      await stage.draft(customer, hire, weekly.goal_instance_id)
      await stage.call("customer:corner-bakery", "hiring", "POST", "/subscriptions", {
        agent_id: "reviews.reply_writer.v1",
        customer_id: "corner-bakery",
        duration: "monthly",
      })
      await seedRuns(stack, daily.goal_instance_id, hire)
      await inTime(stack)
      const visitor = await visit(browser, stage.url)
      await signIn(visitor, "Customer", customer)
      customersPage = visitor.page
      operatorsPage = await ground.page("operator")
    })
    afterAll(async () => {
      await leave()
      await browser?.close()
      await ground?.stop()
    })

    const take = async (page: Page, name: string, path: string, look: {
      readonly size?: keyof typeof sizes
      readonly colorScheme?: "light" | "dark"
    } = {}) => {
      await page.setViewportSize(sizes[look.size ?? "desk"])
      await page.emulateMedia({ colorScheme: look.colorScheme ?? "light", reducedMotion: "reduce" })
      await page.goto(path)
      await calm(page)
      // a page that was opened just now polls until its stream is there
      if (look.size === undefined) await page.getByText("live", { exact: true }).waitFor()
      if (path === "/overview") await page.locator("[role=img] canvas").nth(1).waitFor()
      const file = fileURLToPath(new URL(`../../docs/images/${name}.png`, import.meta.url))
      await page.screenshot({ path: file, animations: "disabled" })
      assert.isAtMost((await stat(file)).size, MOST, name)
    }

    it("of customers", async () => {
      await take(customersPage, "inbox", "/inbox")
      await take(customersPage, "inbox-dark", "/inbox", { colorScheme: "dark" })
      const { pathname } = new URL(customersPage.url())
      await take(customersPage, "inbox-phone", pathname, { size: "phone" })
      await take(customersPage, "goal", `/agents/${goal.hire}/goals/${goal.goal}`)
    })

    it("of operators", async () => {
      const [{ goal, slot }] = ground.broken
      await take(operatorsPage, "overview", "/overview")
      await take(operatorsPage, "overview-dark", "/overview", { colorScheme: "dark" })
      await take(operatorsPage, "overview-phone", "/overview", { size: "phone" })
      await take(operatorsPage, "why", `/goals/${goal}/why?at=${slot}`)
      await take(operatorsPage, "dead-letters", "/dead-letters")
      await take(operatorsPage, "scheduler", "/scheduler")
    })
  },
)
