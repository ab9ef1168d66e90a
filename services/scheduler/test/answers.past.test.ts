/** "Why did it not run?" (Airflow #39712): every way in which a slot can have ended is explained from what was recorded. */
import { DateTime } from "effect"
import { afterAll, assert, beforeAll, beforeEach, describe, it } from "@effect/vitest"
import { asking, iso, minuteOf, minutesAgo } from "./AnswersHarness.ts"
import { eventually, startScheduler, type TestScheduler } from "./Harness.ts"
import { asOwner } from "./Owner.ts"

const MINUTE = 60_000
const DAY = 86_400_000
const everyMinute = { cron: "* * * * *" }
const latest = { frequency: "cron" as const, schedule: { ...everyMinute, missed: "latest" } }
const skip = { frequency: "cron" as const, schedule: { ...everyMinute, missed: "skip" } }

describe("an explanation of the past", () => {
  let t: TestScheduler
  const { explain, makeAll, refuseAll, runsOf, since, whenFinal, whenOne, whenVerdict } = asking(() => t)
  beforeAll(async () => void (t = await startScheduler()))
  afterAll(() => t.stop())
  beforeEach(() => makeAll())

  it("ran: it has the run and its draft, and an instant within the slot's minute means the slot", async () => {
    const { goal_instance_id } = since(3, latest)
    const run = (await whenFinal(goal_instance_id, 2)).find((one) => one.status === "completed")!
    const answer = await explain(goal_instance_id, run.scheduled_time)
    assert.deepInclude(answer, { verdict: "ran", slot: run.scheduled_time })
    assert.deepInclude(answer.run, { scheduled_run_id: run.scheduled_run_id, deliverable_id: run.deliverable_id })
    const typed = iso(Date.parse(run.scheduled_time) + 42_123)
    assert.deepInclude(await explain(goal_instance_id, typed), {
      at: typed,
      slot: run.scheduled_time,
      next_slot: iso(Date.parse(run.scheduled_time) + MINUTE),
    })
  })

  it("skipped as missed: the reason code is that of the goal's rule, and the run that ran instead is named", async () => {
    const { goal_instance_id } = since(4, latest)
    const runs = await whenFinal(goal_instance_id, 3)
    // the latest of those that were decided together: a minute may have begun since, whose slot ran on time
    const ran = runs.findLast((one) => one.status === "completed")!
    const left = runs.findLast((one) => one.status === "cancelled")!
    const answer = await explain(goal_instance_id, left.scheduled_time)
    assert.strictEqual(answer.verdict, "skipped")
    assert.strictEqual(answer.run.reason_code, "missed_superseded")
    assert.include(answer.because.join(), ran.scheduled_run_id)
    const other = since(4, skip)
    for (const run of (await whenFinal(other.goal_instance_id, 3)).filter(({ status }) => status === "cancelled")) {
      const { because, run: skipped, verdict } = await explain(other.goal_instance_id, run.scheduled_time)
      assert.deepStrictEqual([verdict, skipped.reason_code], ["skipped", "missed_skipped"])
      assert.notInclude(because.join(), "SCH-")
    }
  })

  it("skipped by overlap: the run that was open is named", async () => {
    refuseAll(429, "too_many_requests")
    // its first slot is missed, and its second falls due, on time, while the run of the first is open
    const goal = t.goal(t.hire(minutesAgo(3)).hired_instance_id, {
      ...minutesAgo((Date.now() - minuteOf(Date.now()) + 70_000) / MINUTE),
      frequency: "cron",
      schedule: { ...everyMinute, overlap: "skip" },
    })
    const { run: left, runs } = await whenOne(goal.goal_instance_id, "cancelled")
    const answer = await explain(goal.goal_instance_id, left.scheduled_time)
    assert.strictEqual(answer.verdict, "skipped")
    assert.strictEqual(answer.run.reason_code, "overlap_open")
    const open = runs.find((run) => run.status !== "cancelled")!
    assert.include(answer.because.join(), open.scheduled_run_id)
  })

  it("dead-lettered: with its error and what happened to the dead letter; a customer reads no operator's name", async () => {
    refuseAll(422, "draft_impossible")
    const { goal_instance_id } = since(2, latest)
    const { run: dead } = await whenOne(goal_instance_id, "dead_lettered")
    const answer = await explain(goal_instance_id, dead.scheduled_time)
    assert.strictEqual(answer.verdict, "dead_lettered")
    assert.strictEqual(answer.run.reason_code, "dead_lettered")
    assert.strictEqual(answer.run.attempts[0].error_details.type, "draft_impossible")
    assert.strictEqual(answer.dead_letter.state, "open")
    await t.call("DELETE", `/dlq/${answer.dead_letter.dlq_id}`, { body: { reason: "no use" } })
    const mine = await explain(goal_instance_id, dead.scheduled_time, "customer:acme")
    assert.strictEqual(mine.dead_letter.state, "discarded")
    assert.include(mine.because.join(), "no use")
    assert.notInclude(JSON.stringify(mine), "olga")
    assert.include((await explain(goal_instance_id, dead.scheduled_time)).because.join(), "by olga: no use")
  })

  it("missed: slots older than a day are one range", async () => {
    const { goal_instance_id } = since(3 * 24 * 60, {
      frequency: "cron",
      schedule: { cron: "0 * * * *", missed: "latest" },
    })
    const at = iso(Math.floor((Date.now() - 40 * 60 * MINUTE) / (60 * MINUTE)) * 60 * MINUTE)
    const answer = await whenVerdict(goal_instance_id, at, "missed")
    assert.deepInclude(answer, { slot: at, run: null })
    assert.isTrue(answer.missed.from <= at && at <= answer.missed.to)
  })

  it("cancelled: by whom and why; a customer reads no operator's name", async () => {
    refuseAll(429, "too_many_requests")
    const goal = since(5, { frequency: "on_demand" })
    t.request(goal)
    const { run } = await whenOne(goal.goal_instance_id, "retrying")
    await t.call("POST", `/runs/${run.scheduled_run_id}/cancel`, { body: { reason: "enough" } })
    const answer = await explain(goal.goal_instance_id, run.scheduled_time)
    assert.strictEqual(answer.verdict, "cancelled")
    assert.deepInclude(answer.run, { reason_code: "cancelled_by_operator", reason: "cancelled by olga: enough" })
    const mine = await explain(goal.goal_instance_id, run.scheduled_time, "customer:acme")
    assert.strictEqual(mine.run.reason, "cancelled by an operator: enough")
    assert.notInclude(JSON.stringify(mine), "olga")
  })

  it("backfilled: by whom, and that the slot had been skipped", async () => {
    const { goal_instance_id } = since(4, skip)
    const left = (await whenFinal(goal_instance_id, 3)).at(-1)!
    assert.strictEqual((await explain(goal_instance_id, left.scheduled_time)).verdict, "skipped")
    const body = { goal_instance_id, from: left.scheduled_time, to: left.scheduled_time, reason: "asked for" }
    assert.strictEqual((await t.call("POST", "/backfill", { body })).status, 202)
    const answer = await whenVerdict(goal_instance_id, left.scheduled_time, "ran")
    assert.strictEqual(answer.run.origin, "backfill")
    assert.include(answer.because.join(), "olga backfilled it, since it had been skipped")
  })

  it("an instant is explained by the version of the goal that held then", async () => {
    const { hired_instance_id } = t.hire(minutesAgo(20 * 24 * 60))
    const ago = (days: number) => minutesAgo(days * 24 * 60)
    // the day may end meanwhile
    const now = Date.now()
    const at = (days: number, hour: string) => iso(now + days * DAY).replace(/T.*/, `T${hour}:00:00.000Z`)
    // disabled from the start, so that none of its slots runs now
    const goal = t.goal(hired_instance_id, {
      frequency: "daily",
      schedule: { at: "08:00" },
      enabled: false,
      ...ago(19),
    })
    const id = goal.goal_instance_id
    t.goal(hired_instance_id, { ...goal, schedule: { at: "09:00" }, ...ago(10) })
    const last = t.goal(hired_instance_id, { ...goal, schedule: { at: "09:00" }, enabled: true, ...ago(0.001) })
    await whenVerdict(id, at(3, "09"), "will_run")
    const eight = await explain(id, at(-15, "08"))
    assert.deepInclude(eight, { verdict: "not_due", slot: at(-15, "08") })
    assert.include(eight.because.join(), "the rule was daily at 08:00 UTC; it was changed to daily at 09:00 UTC")
    assert.deepInclude(await explain(id, at(-15, "09")), { verdict: "not_due", slot: null })
    assert.deepInclude(await explain(id, at(-25, "08")), { verdict: "not_known", previous_slot: null })
    // sent again, as by a snapshot: no version is added
    t.changes.push(last)
    t.goal(hired_instance_id, { ...last, ...ago(0) })
    assert.deepStrictEqual((await explain(id, at(-15, "08"))).because, eight.because)
  })

  it("C1: a slot that fell due stays after an edit; the one that was to come next was dropped by it", async () => {
    const hire = t.hire({ ...minutesAgo(10), customer_id: "dora" as never })
    const scope = { customer_id: "dora" }
    await t.arrived(hire)
    await t.call("POST", "/pause", { body: { scope, reason: "look first" } })
    const goal = t.goal(hire.hired_instance_id, { frequency: "cron", schedule: everyMinute, ...minutesAgo(4) })
    const at = minuteOf(Date.now()) - MINUTE
    await whenVerdict(goal.goal_instance_id, iso(at), "paused")
    t.goal(hire.hired_instance_id, {
      ...goal,
      // none of whose slots is near
      schedule: { cron: `0 0 1 ${(new Date().getUTCMonth() + 6) % 12 + 1} *` },
      changed_at: DateTime.makeUnsafe(at + 1),
    })
    const next = iso(at + MINUTE)
    assert.deepInclude(await whenVerdict(goal.goal_instance_id, next, "cancelled"), {
      slot: next,
      run: null,
      reason_code: "schedule_changed",
    })
    await t.call("POST", "/resume", { body: { scope } })
    await whenVerdict(goal.goal_instance_id, iso(at), "ran")
  })

  it("a deleted goal is explained while its records are kept, to its customer alone", async () => {
    const goal = since(3, latest)
    const id = goal.goal_instance_id
    const ran = (await whenFinal(id, 2)).find((run) => run.status === "completed")!
    t.goal(goal.hired_instance_id, { ...goal, deleted: true, ...minutesAgo(0) })
    await whenVerdict(id, iso(Date.now() + DAY), "not_due")
    assert.strictEqual((await explain(id, ran.scheduled_time, "customer:acme")).verdict, "ran")
    const foreign = await t.call("GET", `/goals/${id}/explain`, { as: "customer:eve" })
    assert.strictEqual(foreign.json.code, "goal_not_found")
    assert.strictEqual((await t.call("GET", `/goals/${id}/preview`)).status, 404)
  })

  it("a run that was removed is explained by its execution; what is older is not known", async () => {
    const { goal_instance_id } = since(40 * 24 * 60, latest)
    await eventually(() => runsOf(goal_instance_id), (runs) => runs.length > 1, "its slots are decided")
    const ran = (await whenFinal(goal_instance_id, 2)).find((run) => run.status === "completed")!
    for (const table of ["scheduled_goal_runs", "missed_slots"]) {
      await asOwner(
        t.database.ownerUrl,
        (sql) => sql`delete from ${sql(table)} where goal_instance_id = ${goal_instance_id}`,
      )
    }
    const answer = await explain(goal_instance_id, ran.scheduled_time)
    assert.deepInclude(answer, { verdict: "ran", run: null })
    assert.include(answer.because.join(), ran.deliverable_id!)
    const old = await explain(goal_instance_id, iso(minuteOf(Date.now() - 35 * DAY)))
    assert.strictEqual(old.verdict, "not_known")
  })
})
