/** Why a run waits now: for its next attempt, an earlier run, a resume or room; and that it is running. */
import { afterAll, assert, beforeAll, beforeEach, describe, it } from "@effect/vitest"
import { asking, iso, minuteOf, minutesAgo } from "./AnswersHarness.ts"
import { eventually, startScheduler, type TestScheduler } from "./Harness.ts"

const MINUTE = 60_000

describe("an explanation of now", () => {
  let t: TestScheduler
  const { explain, hold, makeAll, refuseAll, runsOf, since, whenOne, whenVerdict } = asking(() => t)
  beforeAll(async () => void (t = await startScheduler()))
  afterAll(() => t.stop())
  beforeEach(() => makeAll())

  it("retrying has the error and the next attempt; a later slot is waiting for it", async () => {
    refuseAll(429, "too_many_requests")
    const { goal_instance_id } = since(4, { frequency: "cron", schedule: { cron: "* * * * *" } })
    const { run: first, runs } = await whenOne(goal_instance_id, "retrying")
    const answer = await explain(goal_instance_id, first.scheduled_time)
    assert.strictEqual(answer.verdict, "retrying")
    assert.deepInclude(answer.run, { attempt: 1 })
    assert.strictEqual(answer.run.attempts[0].error_details.type, "too_many_requests")
    assert.isAbove(Date.parse(answer.run.next_attempt_at), Date.now() - MINUTE)
    const second = runs.at(-2)!
    const next = await explain(goal_instance_id, second.scheduled_time)
    assert.strictEqual(next.verdict, "waiting")
    assert.include(next.sentence, first.scheduled_run_id)
  })

  it("running has the attempt that is running", async () => {
    const finish = hold()
    const { goal_instance_id } = since(2, { frequency: "cron", schedule: { cron: "* * * * *", missed: "latest" } })
    const { run } = await whenOne(goal_instance_id, "running")
    const answer = await explain(goal_instance_id, run.scheduled_time)
    assert.strictEqual(answer.verdict, "running")
    assert.deepInclude(answer.run.attempts[0], { attempt: 1, ended_at: null, error_details: null })
    finish()
    await whenVerdict(goal_instance_id, run.scheduled_time, "ran")
  })

  it("paused: by whom, why and since when; after the resume the pause explains the late start", async () => {
    const hire = t.hire({ customer_id: "paula" as never, ...minutesAgo(10) })
    const scope = { hired_instance_id: hire.hired_instance_id }
    await eventually(
      () => t.call("POST", "/pause", { body: { scope, reason: "deploy" } }),
      ({ status }) => status === 200,
      "the hire has arrived and is paused",
    )
    const { goal_instance_id } = t.goal(hire.hired_instance_id, {
      frequency: "cron",
      schedule: { cron: "* * * * *", missed: "each" },
      ...minutesAgo(4),
    })
    const at = iso(minuteOf(Date.now()) - MINUTE)
    const answer = await whenVerdict(goal_instance_id, at, "paused")
    assert.deepInclude(answer.pauses[0], { scope, paused_by: "olga", reason: "deploy", resumed_at: null })
    const mine = await explain(goal_instance_id, at, "customer:paula")
    assert.strictEqual(mine.pauses[0].paused_by, "an operator")
    assert.notInclude(JSON.stringify(mine), "olga")
    const later = await explain(goal_instance_id, iso(minuteOf(Date.now()) + 10 * MINUTE))
    assert.strictEqual(later.verdict, "will_not_run")
    const seen = await t.call("GET", `/goals/${goal_instance_id}/preview?count=1`)
    assert.strictEqual(seen.json.will_run, false)
    assert.match(seen.json.reason, /is paused by olga/)
    await t.call("POST", "/resume", { as: "operator:otto", body: { scope } })
    const ran = await whenVerdict(goal_instance_id, at, "ran")
    assert.deepInclude(ran.pauses[0], { paused_by: "olga", resumed_by: "otto", reason: "deploy" })
  })

  it("waiting for a resume: a run that a person asked for", async () => {
    const goal = since(5, { frequency: "on_demand" }, { customer_id: "wanda" as never })
    const scope = { customer_id: "wanda" }
    await t.arrived(goal)
    await t.call("POST", "/pause", { body: { scope, reason: "look first" } })
    t.request(goal)
    const { run } = await whenOne(goal.goal_instance_id, "pending")
    const answer = await explain(goal.goal_instance_id, run.scheduled_time)
    assert.strictEqual(answer.verdict, "waiting")
    assert.deepInclude(answer.pauses[0], { scope, paused_by: "olga", resumed_at: null })
    assert.strictEqual(answer.run.origin, "manual")
    assert.include(answer.because.join(), "acme asked for it")
    await t.call("POST", "/resume", { body: { scope } })
    await whenVerdict(goal.goal_instance_id, run.scheduled_time, "ran")
  })

  it("waiting for room: a limit is reached", async () => {
    const finish = hold()
    const scope = { customer_id: "lina" }
    const limit = (max_running: number | null) =>
      t.call("PUT", "/limits", { body: { scope, max_running, reason: "fair shares" } })
    const one = since(5, { frequency: "on_demand" }, { customer_id: "lina" as never })
    await t.arrived(one)
    assert.strictEqual((await limit(1)).status, 200)
    const two = t.goal(one.hired_instance_id, { frequency: "on_demand" })
    t.request(one)
    await whenOne(one.goal_instance_id, "running")
    t.request(two)
    const { run } = await whenOne(two.goal_instance_id, "pending")
    const answer = await explain(two.goal_instance_id, run.scheduled_time, "customer:lina")
    assert.strictEqual(answer.verdict, "waiting")
    assert.match(answer.sentence, /\blina\b.* limit of 1\b/)
    finish()
    await whenVerdict(two.goal_instance_id, run.scheduled_time, "ran")
    await limit(null)
    assert.strictEqual((await runsOf(two.goal_instance_id)).length, 1)
  })
})
