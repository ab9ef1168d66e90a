/** What is ahead: when a goal fires next, whether it will run, and why not. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import { asking, clockChanges, iso, minuteOf } from "./AnswersHarness.ts"
import { startScheduler, type TestScheduler } from "./Harness.ts"

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** The clock of Berlin goes from 02:00 to 03:00 at the one, and from 03:00 to 02:00 at the other. */
const { back, forward } = clockChanges()

describe("an answer about what is ahead", () => {
  let t: TestScheduler
  const { ask, explain, since, whenVerdict } = asking(() => t)
  beforeAll(async () => void (t = await startScheduler()))
  afterAll(() => t.stop())

  it("will run: at the slot, moved by a clock change, plus its spread", async () => {
    const goal = since(5, {
      frequency: "daily",
      schedule: { at: "02:30", timezone: "Europe/Berlin", spread_seconds: 3600 },
    })
    const slot = iso(forward + 30 * MINUTE)
    const answer = await whenVerdict(goal.goal_instance_id, slot, "will_run")
    assert.strictEqual(answer.slot, slot)
    assert.isAbove(Date.parse(answer.starts_at), Date.parse(slot))
    assert.match(answer.because.join(), /02:30 does not exist .* it moves to 03:30/)
    assert.strictEqual(answer.previous_slot, iso(forward + 30 * MINUTE - DAY))
    assert.strictEqual(answer.next_slot, iso(forward + 30 * MINUTE + 23 * HOUR))
    const started = await explain(goal.goal_instance_id, answer.starts_at)
    assert.strictEqual(started.slot, slot)
  })

  it("not due: the slots around it, also where a local time comes twice", async () => {
    const goal = since(5, { frequency: "daily", schedule: { at: "02:30", timezone: "Europe/Berlin" } })
    const answer = await whenVerdict(goal.goal_instance_id, iso(forward + 11 * HOUR), "not_due")
    assert.deepInclude(answer, {
      slot: null,
      previous_slot: iso(forward + 30 * MINUTE),
      next_slot: iso(forward + 30 * MINUTE + 23 * HOUR),
    })
    const twice = await explain(goal.goal_instance_id, iso(back + 30 * MINUTE))
    assert.deepInclude(twice, { verdict: "not_due", slot: null, previous_slot: iso(back - 30 * MINUTE) })
  })

  it("a goal on demand has no slots", async () => {
    const goal = since(5, { frequency: "on_demand" })
    await whenVerdict(goal.goal_instance_id, iso(Date.now() - 2 * MINUTE), "not_due")
    const seen = await t.call("GET", `/goals/${goal.goal_instance_id}/preview`)
    assert.deepInclude(seen.json, { will_run: false, items: [] })
  })

  it("a goal of a hire that is not runnable will not run, for hiring's reason", async () => {
    const ahead = iso(minuteOf(Date.now() + 60 * MINUTE))
    const hire = t.hire({ changed_at: DateTime.makeUnsafe(Date.now() - 3 * DAY) })
    const goal = t.goal(hire.hired_instance_id, {
      frequency: "daily",
      schedule: { at: ahead.slice(11, 16) },
      changed_at: DateTime.makeUnsafe(Date.now() - 60_000),
    })
    t.hire({
      ...hire,
      runnable: false,
      reason: "The subscription is past due",
      changed_at: DateTime.makeUnsafe(Date.now()),
    })
    const answer = await whenVerdict(goal.goal_instance_id, ahead, "will_not_run")
    assert.include(answer.sentence, "The subscription is past due")
    const seen = await t.call("GET", `/goals/${goal.goal_instance_id}/preview?count=2`)
    assert.deepInclude(seen.json, { will_run: false, reason: "The subscription is past due" })
    assert.strictEqual(seen.json.items.length, 2)
  })

  it("a preview of a goal has its next fires, local and with their starts", async () => {
    const goal = since(5, { frequency: "weekly", schedule: { at: "09:00", weekday: "friday" } }, {
      timezone: "Asia/Kolkata",
    })
    // a Friday that is days away, and the one after it
    const ahead = Temporal.Now.plainDateISO("UTC").add({ days: 3 })
    const friday = ahead.add({ days: (12 - ahead.dayOfWeek) % 7 })
    const from = `${friday}T03:30:00.000Z`
    await whenVerdict(goal.goal_instance_id, from, "will_run")
    const { json } = await t.call(
      "GET",
      `/goals/${goal.goal_instance_id}/preview?from=${from}&count=2`,
      {
        as: "customer:acme",
      },
    )
    assert.deepStrictEqual(json, {
      goal_instance_id: goal.goal_instance_id,
      rule: { frequency: "weekly", at: "09:00", weekday: "friday", timezone: "Asia/Kolkata" },
      rule_in_words: "every Friday at 09:00 Asia/Kolkata",
      timezone: "Asia/Kolkata",
      spread_seconds: 0,
      will_run: true,
      reason: null,
      items: [friday, friday.add({ days: 7 })].map((day) => ({
        scheduled_time: `${day}T03:30:00.000Z`,
        starts_at: `${day}T03:30:00.000Z`,
        local: `${day}T09:00:00+05:30`,
      })),
    })
    assert.strictEqual((await t.call("GET", `/goals/${goal.goal_instance_id}/preview`)).json.items.length, 10)
    for (const query of ["count=0", "count=101", "count=x", "from=tomorrow", "n=1"]) {
      assert.strictEqual((await t.call("GET", `/goals/${goal.goal_instance_id}/preview?${query}`)).status, 400, query)
    }
    const far = await t.call("GET", `/goals/${goal.goal_instance_id}/preview?from=9999-12-31T00:00:00.000Z`)
    assert.deepStrictEqual([far.status, far.json.items.length], [200, 1])
    assert.strictEqual((await explain(goal.goal_instance_id, "9999-12-31T23:59:59.999Z")).verdict, "not_due")
    assert.strictEqual((await explain(goal.goal_instance_id, "1970-01-01T00:00:00.000Z")).verdict, "not_known")
  })

  it("a preview of a rule that is not saved is validated as a goal is, every fault with its path", async () => {
    const preview = (body: unknown, as: `customer:${string}` | `service:${string}` = "customer:acme") =>
      t.call("POST", "/preview", { body, as })
    const good = await preview({
      frequency: "cron",
      schedule: { cron: "30 2 * * *", timezone: "Europe/Berlin", spread_seconds: 60 },
      from: "2027-03-28T00:00:00.000Z",
      count: 1,
    })
    assert.strictEqual(good.status, 200)
    assert.deepInclude(good.json, { will_run: true, spread_seconds: 60, timezone: "Europe/Berlin" })
    assert.match(good.json.items[0].note, /moves to 03:30/)
    assert.strictEqual(good.json.items[0].local, "2027-03-28T03:30:00+02:00")
    assert.deepInclude((await preview({ frequency: "daily", default_at: "17:30" })).json.rule, {
      at: "17:30",
      timezone: "UTC",
    })
    assert.strictEqual((await preview({ frequency: "on_demand" })).json.will_run, false)
    const faults = async (body: unknown) => {
      const { json, status } = await preview(body)
      assert.strictEqual(status, 400, JSON.stringify(json))
      return json.errors.map((one: { path: string }) => one.path)
    }
    assert.deepStrictEqual(await faults({ frequency: "cron" }), ["$.schedule.cron"])
    assert.deepStrictEqual(
      await faults({ frequency: "daily", schedule: { at: "25:00", weekday: "friday", colour: 1 } }),
      [
        "$.schedule.colour",
        "$.schedule.at",
        "$.schedule.weekday",
      ],
    )
    assert.deepStrictEqual(await faults({ frequency: "cron", schedule: { cron: "0 0 30 2 *" } }), ["$.schedule.cron"])
    assert.deepStrictEqual(await faults({ frequency: "hourly", timezone: "+02:00", count: 0, from: "now" }), [
      "$.frequency",
      "$.timezone",
      "$.from",
      "$.count",
    ])
    assert.strictEqual((await preview({ frequency: "daily" }, "service:hiring")).status, 403)
  })

  it("an unknown goal, and another customer's, is not found; an invalid instant is refused", async () => {
    const goal = since(5, { frequency: "daily" }, { customer_id: "mia" as never })
    await whenVerdict(goal.goal_instance_id, iso(Date.now() - 60 * DAY), "not_known")
    for (const path of ["preview", "explain"]) {
      const foreign = await t.call("GET", `/goals/${goal.goal_instance_id}/${path}`, { as: "customer:noa" })
      const missing = await t.call("GET", `/goals/GOI-nope/${path}`, { as: "customer:noa" })
      assert.deepStrictEqual([foreign.status, foreign.json.code], [404, "goal_not_found"])
      assert.deepStrictEqual([missing.status, missing.json.code], [404, "goal_not_found"])
      assert.strictEqual(
        (await t.call("GET", `/goals/${goal.goal_instance_id}/${path}`, { as: "customer:mia" })).status,
        200,
      )
      assert.strictEqual(
        (await t.call("GET", `/goals/${goal.goal_instance_id}/${path}`, { as: "viewer:vera" })).status,
        200,
      )
    }
    assert.strictEqual((await ask(goal.goal_instance_id, "yesterday")).status, 400)
  })
})
