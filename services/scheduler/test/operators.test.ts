/** What operators send and ask for: reasons, scopes, instants, filters, and what is ahead. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Effect } from "effect"
import { dutiesAsked } from "../../../tests/support/Duties.ts"
import type { Send } from "../../../tests/support/Service.ts"
import { asking, iso, minutesAgo } from "./AnswersHarness.ts"
import { eventually, refused, startScheduler, type TestScheduler } from "./Harness.ts"

const MINUTE = 60_000
const HOUR = 60 * MINUTE

describe("an operator", () => {
  let t: TestScheduler
  const { explain, since, whenFinal, whenOne } = asking(() => t)
  beforeAll(async () => void (t = await startScheduler()))
  afterAll(() => t.stop())

  it("D23: says why it pauses, cancels, discards, redrives, backfills and limits; blanks are no reason", async () => {
    const at = iso(Date.now() - HOUR)
    const asks: ReadonlyArray<readonly [string, string, object]> = [
      ["POST", "/pause", {}],
      ["POST", "/runs/SCH-1/cancel", {}],
      ["DELETE", "/dlq/DLQ-1", {}],
      ["POST", "/dlq/redrive", {}],
      ["POST", "/backfill", { goal_instance_id: "GOI-1", from: at, to: at }],
      ["PUT", "/limits", { scope: { every: "customer" }, max_running: 3 }],
    ]
    for (const [method, path, body] of asks) {
      for (const more of [{}, { reason: "   " }, { reason: " ab " }, { reason: "x".repeat(1001) }]) {
        const { json, status } = await t.call(method, path, { body: { ...body, ...more } })
        assert.strictEqual(status, 400, `${method} ${path} ${JSON.stringify(more).slice(0, 40)}`)
        assert.deepStrictEqual(json.errors.map((error: { path: string }) => error.path), ["$.reason"], path)
      }
      const taken = await t.call(method, path, { body: { ...body, reason: "  asked for  " } })
      assert.notStrictEqual(taken.status, 400, `${method} ${path} ${JSON.stringify(taken.json)}`)
    }
    assert.strictEqual((await t.call("GET", "/status")).json.paused_reason, "asked for")
    await t.call("POST", "/resume", { body: {} })
    await t.call("PUT", "/limits", { body: { scope: { every: "customer" }, max_running: null, reason: "no more" } })
  })

  it("is the only one who changes something here: a person with the duty reader may ask all that a customer may", async () => {
    const call = (method: string, path: string, send: Send) =>
      t.call(method, path.replace("/api/v1/scheduler", ""), send)
    assert.deepStrictEqual(await dutiesAsked(SchedulerApi, call), { "POST /scheduler/preview": "none" })
  })

  it("D23: names a customer and a hire that the scheduler knows", async () => {
    const reason = "look first"
    for (const scope of [{ customer_id: "nobody" }, { hired_instance_id: "HAI-typo" }]) {
      for (const path of ["/pause", "/resume"]) {
        assert.strictEqual((await t.call("POST", path, { body: { scope, reason } })).status, 404, path)
      }
    }
    const limit = { scope: { customer_id: "nobody" }, max_running: 3, reason }
    assert.deepInclude((await t.call("PUT", "/limits", { body: limit })).json, {
      status: 404,
      code: "customer_not_found",
    })
  })

  it("D21: writes an instant as RFC 3339 has it; an unencoded plus gets a hint", async () => {
    const { goal_instance_id } = since(3, {})
    const ask = (at: string) => t.call("GET", `/goals/${goal_instance_id}/explain?at=${at}`)
    await eventually(() => ask("2027-01-01T00:00:00Z"), (a) => a.status === 200, "the goal arrives")
    for (const at of ["2027-01-01t00:00:00z", "2027-01-01T00:00:00%2B00:00", "2027-01-01t00:00:00.5Z"]) {
      const { json, status } = await ask(at)
      assert.strictEqual(status, 200, at)
      assert.strictEqual(json.at.slice(0, 19), "2027-01-01T00:00:00")
    }
    const hinted = await ask("2027-01-01T00:00:00+00:00")
    assert.strictEqual(hinted.status, 400)
    assert.include(JSON.stringify(hinted.json), "%2B")
    assert.notInclude(JSON.stringify((await ask("yesterday")).json), "%2B")
    for (const real of ["1900-01-01T00:00:00Z", "2016-12-31T23:59:60Z"]) {
      assert.include(JSON.stringify((await ask(real)).json), "1970 to 9999 and no leap second", real)
    }
    const runs = await t.call("GET", "/runs?from=2027-01-01T00:00:00+00:00")
    assert.include(JSON.stringify(runs.json), "%2B")
  })

  it("C11: asks about now and is told what goes on: a retry, then its dead letter", async () => {
    t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 503, "busy"))))
    const goal = since(3, {})
    const id = goal.goal_instance_id
    t.request(goal)
    await whenOne(id, "retrying")
    // a minute on it is no slot of that minute any more
    const { run } = await whenOne(id, "retrying")
    const later = await explain(id, iso(Date.parse(run.scheduled_time) + 59_000))
    assert.strictEqual(later.verdict, "retrying", JSON.stringify(later))
    assert.strictEqual(later.run.scheduled_run_id, run.scheduled_run_id)
    t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 422, "draft_impossible"))))
    const dead = since(3, {})
    t.request(dead)
    await whenOne(dead.goal_instance_id, "dead_lettered")
    const seen = await t.call("GET", `/goals/${dead.goal_instance_id}/explain`)
    assert.strictEqual(seen.json.verdict, "dead_lettered")
    assert.isNotNull(seen.json.dead_letter)
    await asking(() => t).makeAll()
  })

  it("D24: finds runs by customer, agent type, slot and lateness, together and page by page", async () => {
    const schedule = { cron: "* * * * *", missed: "each" }
    const owner = { customer_id: "vera" as never, agent_id: "baking.v1" as never }
    const mine = since(5, { frequency: "cron", schedule }, owner)
    const other = since(5, { frequency: "cron", schedule }, { ...owner, agent_id: "sewing.v1" as never })
    const [runs] = await Promise.all([mine, other].map((goal) => whenFinal(goal.goal_instance_id, 4)))
    const list = async (query: string, as: "operator:olga" | "customer:vera" = "operator:olga") => {
      const { json, status } = await t.call("GET", `/runs?${query}`, { as })
      assert.strictEqual(status, 200, JSON.stringify(json))
      return json.items.map((run: { goal_instance_id: string }) => run.goal_instance_id)
    }
    const both = new Set(await list("customer_id=vera"))
    assert.deepStrictEqual(both, new Set([mine.goal_instance_id, other.goal_instance_id]))
    assert.deepStrictEqual(new Set(await list("customer_id=vera&agent_id=baking.v1")), new Set([mine.goal_instance_id]))
    const foreign = await t.call("GET", "/runs?customer_id=vera", { as: "customer:eve" })
    assert.strictEqual(foreign.json.code, "customer_not_found")
    assert.deepStrictEqual(new Set(await list("", "customer:vera")), both)
    const slots = runs!.map((run) => run.scheduled_time).sort()
    const between = `agent_id=baking.v1&from=${slots[1]}&to=${slots[3]}`
    assert.strictEqual((await list(between)).length, 2)
    assert.strictEqual((await list(`${between}&late_over_seconds=30`)).length, 2)
    assert.strictEqual((await list(`${between}&late_over_seconds=86400`)).length, 0)
    assert.strictEqual((await t.call("GET", "/runs?late_over_seconds=30")).status, 400)
    const first = await t.call("GET", `/runs?${between}&limit=1`)
    const second = await t.call("GET", `/runs?${between}&limit=1&cursor=${first.json.next_cursor}`)
    assert.deepStrictEqual(
      [first, second].map((page) => page.json.items[0].scheduled_time),
      [slots[2], slots[1]],
    )
  })

  it("D24: sees what is ahead, in order and by pages, as the previews have it, and what is stopped or paused", async () => {
    const owner = { customer_id: "uma" as never, timezone: "Europe/Berlin" }
    const hire = t.hire({ ...minutesAgo(5), ...owner })
    const goals = [
      { frequency: "cron", schedule: { cron: "*/20 * * * *", spread_seconds: 600 } },
      { frequency: "daily", schedule: { at: "09:00" } },
      { frequency: "cron", schedule: { cron: "7 * * * *" }, enabled: false },
    ].map((more) => t.goal(hire.hired_instance_id, { ...minutesAgo(5), ...more } as never).goal_instance_id)
    await asking(() => t).makeAll()
    const from = iso(Date.now() + HOUR)
    const to = iso(Date.now() + 13 * HOUR)
    const ask = async (more: string, as: "operator:olga" | "customer:uma" | "customer:eve" = "operator:olga") =>
      (await t.call("GET", `/upcoming?from=${from}&to=${to}&customer_id=uma${more}`, { as })).json
    await eventually(
      () => ask(""),
      (page) => new Set(page.items?.map((one: Item) => one.goal_instance_id)).size >= 2,
      "ahead",
    )
    interface Item {
      readonly goal_instance_id: string
      readonly scheduled_time: string
      readonly starts_at: string
      readonly will_run: boolean
      readonly reason: string | null
    }
    const all: Array<Item> = []
    for (let cursor: string | null = ""; cursor !== null;) {
      const page = await ask(`&limit=7${cursor === "" ? "" : `&cursor=${cursor}`}`, "customer:uma")
      assert.isAtMost(page.items.length, 7)
      all.push(...page.items)
      cursor = page.next_cursor
    }
    const starts = all.map((one) => one.starts_at)
    assert.deepStrictEqual(starts, starts.toSorted())
    for (const goal of goals) {
      const preview = await t.call("GET", `/goals/${goal}/preview?from=${from}&count=100`)
      const wanted = preview.json.items.filter((one: Item) => one.starts_at < to).map((one: Item) => one.scheduled_time)
      const ahead = all.filter((one) => one.goal_instance_id === goal)
      assert.deepStrictEqual(ahead.map((one) => one.scheduled_time), wanted)
      assert.isTrue(ahead.every((one) => one.will_run === (goal !== goals[2])))
    }
    assert.strictEqual(all.find((one) => one.goal_instance_id === goals[2])?.reason, "the goal was switched off")
    const scope = { customer_id: "uma" }
    await t.call("POST", "/pause", { body: { scope, reason: "look first" } })
    const paused = await ask("", "customer:uma")
    assert.isTrue(paused.items.every((one: Item) => !one.will_run && one.reason!.includes("paused by an operator")))
    await t.call("POST", "/resume", { body: { scope } })
    assert.strictEqual((await ask("", "customer:eve")).code, "customer_not_found")
    for (const bad of ["from=x", `from=${to}&to=${from}`, `from=${from}&to=2999-01-01T00:00:00Z`]) {
      assert.strictEqual((await t.call("GET", `/upcoming?${bad}`)).status, 400, bad)
    }
  })
})
