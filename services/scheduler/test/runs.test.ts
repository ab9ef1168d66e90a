/** Runs over HTTP: from the feed to completion, cancellation or a dead letter. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { movableClock } from "../../../tests/support/MovableClock.ts"
import { Away, CallFailed } from "../src/Clients.ts"
import { eventually, made, refused, startScheduler, type TestScheduler } from "./Harness.ts"
import { asOwner } from "./Owner.ts"

describe("runs", () => {
  const clock = movableClock()
  let t: TestScheduler
  beforeAll(async () => void (t = await startScheduler({ clock })))
  afterAll(() => t.stop())
  const runsOf = async (goal: string) => (await t.call("GET", `/runs?goal_instance_id=${goal}`)).json.items
  /** The same, while the pauses pass quickly after which what was away is tried again. */
  const runsProbed = async (goal: string) => {
    clock.advance("200 millis")
    await asOwner(
      t.database.ownerUrl,
      (sql) => sql`update run_queue set claimable_at = now() where state = 'timed' and goal_instance_id = ${goal}`,
    )
    return await runsOf(goal)
  }
  /** Waits until a goal has at least so many runs, all in a status. */
  const whenAll = (goal: string, status: string, count = 1, look = runsOf) =>
    eventually(
      () => look(goal),
      (runs) => runs.length >= count && runs.every((run: { status: string }) => run.status === status),
      `${count} runs are ${status}`,
    )

  it("a manual run is made once, whatever the feed repeats, and completes", async () => {
    const goal = t.goal(t.hire().hired_instance_id)
    const request = t.request(goal)
    t.request(goal, request)
    const [run, ...more] = await whenAll(goal.goal_instance_id, "completed")
    assert.deepStrictEqual(more, [])
    assert.strictEqual(run.origin, "manual")
    assert.strictEqual(run.idempotency_key, `${goal.goal_instance_id}:${run.scheduled_time}`)
    assert.match(run.run_id, /^RUN-/)
    assert.strictEqual(run.attempts.length, 1)
    assert.isNull(run.attempts[0].error_details)
    assert.strictEqual(
      (await t.call("GET", `/runs/${run.scheduled_run_id}`)).json.scheduled_run_id,
      run.scheduled_run_id,
    )
  })

  it("a call names the versions of goal and hire that the feed has brought", async () => {
    const hire = t.hire()
    const first = t.goal(hire.hired_instance_id)
    const edited = t.goal(hire.hired_instance_id, { goal_instance_id: first.goal_instance_id })
    let named: unknown
    t.answer((runs, versions) => {
      named = versions.get(first.goal_instance_id)
      return Effect.succeed(runs.map(made))
    })
    t.request(first)
    await whenAll(first.goal_instance_id, "completed")
    const [goal_changed_at, hire_changed_at] = [edited, hire].map((one) => DateTime.toEpochMillis(one.changed_at))
    const [goal_version, hire_version] = [edited.version, hire.version]
    assert.deepStrictEqual(named, { goal_version, goal_changed_at, hire_version, hire_changed_at })
  })

  it("slots missed before the feed told of the goal run one after another, oldest first", async () => {
    const goal = t.goal(t.hire().hired_instance_id, {
      frequency: "cron",
      schedule: { cron: "* * * * *" },
      changed_at: DateTime.makeUnsafe(Date.now() - 4 * 60_000),
    })
    const runs = await whenAll(goal.goal_instance_id, "completed", 4)
    const order = t.attempts.filter((run) => run.goal_instance_id === goal.goal_instance_id).map((r) =>
      r.scheduled_time
    )
    assert.deepStrictEqual(order, [...order].sort((a, b) => a - b))
    assert.strictEqual(new Set(runs.map((run: { deliverable_id: string }) => run.deliverable_id)).size, runs.length)
  })

  it("a transient failure waits for its next attempt, and shows why and when", async () => {
    t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 429, "too_many_requests", "come back later"))))
    const goal = t.goal(t.hire().hired_instance_id)
    t.request(goal)
    const [run] = await whenAll(goal.goal_instance_id, "retrying")
    assert.strictEqual(run.attempt, 1)
    assert.strictEqual(run.attempts[0].error_details.type, "too_many_requests")
    assert.strictEqual(run.attempts[0].error_details.message, "come back later")
    const wait = Date.parse(run.next_attempt_at) - Date.parse(run.attempts[0].ended_at)
    assert.isTrue(wait >= 29_000 && wait <= 61_000, `waits ${wait} ms`)
    t.answer((runs) => Effect.succeed(runs.map(made)))
  })

  it("a permanent failure is dead-lettered at once, retried by hand under its key, and resolved", async () => {
    t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 422, "draft_impossible"))))
    const goal = t.goal(t.hire().hired_instance_id)
    t.request(goal)
    const [dead] = await whenAll(goal.goal_instance_id, "dead_lettered")
    const list = await t.call("GET", `/dlq?goal_instance_id=${goal.goal_instance_id}`)
    const [deadLetter] = list.json.items
    assert.strictEqual(deadLetter.state, "open")
    assert.strictEqual(deadLetter.error_type, "PERMANENT")
    assert.deepStrictEqual(deadLetter.scheduled_run_ids, [dead.scheduled_run_id])
    assert.strictEqual(dead.reason_code, "dead_lettered")
    assert.strictEqual(dead.attempts[0].error_details.type, "draft_impossible")
    t.answer((runs) => Effect.succeed(runs.map(made)))
    const retried = await t.call("POST", `/dlq/${deadLetter.dlq_id}/retry`)
    assert.strictEqual(retried.status, 202)
    assert.strictEqual(retried.json.retry_count, 1)
    const [run] = await whenAll(goal.goal_instance_id, "completed")
    assert.deepInclude(run, { idempotency_key: dead.idempotency_key, reason: null, reason_code: null })
    assert.strictEqual((await t.call("GET", `/dlq/${deadLetter.dlq_id}`)).json.state, "resolved")
    const again = await t.call("POST", `/dlq/${deadLetter.dlq_id}/retry`)
    assert.strictEqual(again.status, 409)
    assert.strictEqual(again.json.code, "dead_letter_closed")
  })

  it("one open dead letter a goal: a repeat raises its count; discard needs a reason and is logged", async () => {
    t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 400, "invalid_request"))))
    const goal = t.goal(t.hire().hired_instance_id)
    t.request(goal)
    await whenAll(goal.goal_instance_id, "dead_lettered")
    t.request(goal)
    await whenAll(goal.goal_instance_id, "dead_lettered", 2)
    const { json } = await t.call("GET", `/dlq?goal_instance_id=${goal.goal_instance_id}`)
    assert.strictEqual(json.items.length, 1)
    assert.strictEqual(json.items[0].failure_count, 2)
    const id = json.items[0].dlq_id
    assert.strictEqual((await t.call("DELETE", `/dlq/${id}`, { body: {} })).status, 400)
    const gone = await t.call("DELETE", `/dlq/${id}`, { body: { reason: "the customer left" } })
    assert.strictEqual(gone.json.state, "discarded")
    const log = await t.call("GET", "/actions/olga")
    const line = log.json.items.find((line: { goal_instance_id: string }) =>
      line.goal_instance_id === goal.goal_instance_id
    )
    assert.deepInclude(line, { action: "dlq_discard", reason: "the customer left" })
    t.answer((runs) => Effect.succeed(runs.map(made)))
  })

  it("redrive: a dry run only counts, a real one queues what the filter matches", async () => {
    t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 422, "draft_impossible"))))
    const hire = t.hire()
    const goals = [t.goal(hire.hired_instance_id), t.goal(hire.hired_instance_id)]
    for (const goal of goals) t.request(goal)
    for (const goal of goals) await whenAll(goal.goal_instance_id, "dead_lettered")
    const filter = { hired_instance_id: hire.hired_instance_id }
    const dry = await t.call("POST", "/dlq/redrive", { body: { filter, dry_run: true } })
    assert.strictEqual(dry.status, 200)
    assert.deepInclude(dry.json, { matched: 2, queued: 0 })
    t.answer((runs) => Effect.succeed(runs.map(made)))
    const real = await t.call("POST", "/dlq/redrive", { body: { filter, reason: "mended" } })
    assert.strictEqual(real.status, 202)
    assert.deepInclude(real.json, { matched: 2, queued: 2 })
    const [line] = (await t.call("GET", "/actions?limit=1")).json.items
    assert.strictEqual(line.action, "dlq_redrive")
    assert.strictEqual(line.action_metadata.dlq_ids.length, 2)
    for (const body of [[], "no", { dry_run: "yes", reason: "mended" }]) {
      assert.strictEqual((await t.call("POST", "/dlq/redrive", { body })).status, 400)
    }
    for (const goal of goals) await whenAll(goal.goal_instance_id, "completed")
  })

  it("what is gone cancels the run with the reason, without a dead letter", async () => {
    t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 409, "hire_not_runnable", "past due"))))
    const goal = t.goal(t.hire().hired_instance_id)
    t.request(goal)
    const [run] = await whenAll(goal.goal_instance_id, "cancelled")
    assert.strictEqual(run.reason_code, "hire_not_runnable")
    assert.include(run.reason, "past due")
    assert.strictEqual((await t.call("GET", `/dlq?goal_instance_id=${goal.goal_instance_id}`)).json.items.length, 0)
    t.answer((runs) => Effect.succeed(runs.map(made)))
  })

  it("a downstream that is away costs no attempt, and the run goes on by itself", async () => {
    let tries = 0
    t.answer((runs) =>
      tries++ < 2 ? Effect.fail(new Away({ message: "nothing listens" })) : Effect.succeed(runs.map(made))
    )
    const goal = t.goal(t.hire().hired_instance_id)
    t.request(goal)
    const [run] = await whenAll(goal.goal_instance_id, "completed", 1, runsProbed)
    assert.strictEqual(run.attempt, 1)
    assert.strictEqual(run.attempts.length, 1)
    assert.isTrue(tries > 2)
  })

  it("while a service that deliverables needs is away no attempt is charged, and the run goes on by itself", async () => {
    let tries = 0
    t.answer((runs) =>
      Effect.succeed(runs.map((run) => tries++ < 6 ? refused(run, 503, "unavailable", "hiring is away") : made(run)))
    )
    const goal = t.goal(t.hire().hired_instance_id)
    t.request(goal)
    const [run] = await whenAll(goal.goal_instance_id, "completed", 1, runsProbed)
    // more tries than a run has attempts, and none of them is its own
    assert.isAbove(tries, 6)
    assert.deepStrictEqual([run.attempt, run.attempts.length], [1, 1])
  })

  it("a call that breaks is a transient failure of each of its runs", async () => {
    t.answer(() => Effect.fail(new CallFailed({ type: "TRANSPORT", message: "reset" })))
    const goal = t.goal(t.hire().hired_instance_id)
    t.request(goal)
    const [run] = await whenAll(goal.goal_instance_id, "retrying")
    assert.strictEqual(run.attempts[0].error_details.type, "TRANSPORT")
    const cancelled = await t.call("POST", `/runs/${run.scheduled_run_id}/cancel`, { body: { reason: "enough" } })
    assert.strictEqual(cancelled.json.status, "cancelled")
    const one = `/runs/${run.scheduled_run_id}`
    assert.deepInclude((await t.call("GET", one)).json, {
      reason_code: "cancelled_by_operator",
      reason: "cancelled by olga: enough",
    })
    assert.deepInclude((await t.call("GET", one, { as: "customer:acme" })).json, {
      reason_code: "cancelled_by_operator",
      reason: "cancelled by an operator: enough",
    })
    const listed = await t.call("GET", `/runs?goal_instance_id=${goal.goal_instance_id}`, { as: "customer:acme" })
    assert.strictEqual(listed.json.items[0].reason, "cancelled by an operator: enough")
    const twice = await t.call("POST", `/runs/${run.scheduled_run_id}/cancel`, { body: { reason: "not needed" } })
    assert.strictEqual(twice.status, 409)
    assert.strictEqual(twice.json.code, "run_final")
    t.answer((runs) => Effect.succeed(runs.map(made)))
  })

  it("a hire that may not run any more, and a deleted goal, end their runs", async () => {
    t.answer(() => Effect.fail(new CallFailed({ type: "TRANSPORT", message: "reset" })))
    const hire = t.hire()
    const goal = t.goal(hire.hired_instance_id)
    t.request(goal)
    await whenAll(goal.goal_instance_id, "retrying")
    t.hire({ hired_instance_id: hire.hired_instance_id, runnable: false, reason: "the subscription is past due" })
    const [run] = await whenAll(goal.goal_instance_id, "cancelled")
    assert.deepInclude(run, { reason_code: "hire_not_runnable", reason: "the subscription is past due" })
    const other = t.goal(t.hire().hired_instance_id)
    t.request(other)
    await whenAll(other.goal_instance_id, "retrying")
    t.goal(other.hired_instance_id, { ...other, deleted: true })
    assert.strictEqual((await whenAll(other.goal_instance_id, "cancelled"))[0].reason_code, "goal_deleted")
    t.answer((runs) => Effect.succeed(runs.map(made)))
  })

  it("a dead letter ends with its goal, and the log says so", async () => {
    t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 422, "draft_impossible"))))
    const goal = t.goal(t.hire().hired_instance_id)
    t.request(goal)
    await whenAll(goal.goal_instance_id, "dead_lettered")
    t.goal(goal.hired_instance_id, { ...goal, deleted: true })
    const line = await eventually(
      async () =>
        (await t.call("GET", "/actions/system")).json.items.find((line: { goal_instance_id: string }) =>
          line.goal_instance_id === goal.goal_instance_id
        ),
      (line) => line !== undefined,
      "the system's line",
    )
    assert.strictEqual(line.action, "dlq_discard")
    t.answer((runs) => Effect.succeed(runs.map(made)))
  })

  it("a customer sees its own runs and no others; roles are kept", async () => {
    const mine = t.goal(t.hire({ customer_id: "mia" as never }).hired_instance_id)
    t.request(mine)
    const [run] = await whenAll(mine.goal_instance_id, "completed")
    const own = await t.call("GET", "/runs", { as: "customer:mia" })
    assert.deepStrictEqual(own.json.items.map((r: { goal_instance_id: string }) => r.goal_instance_id), [
      mine.goal_instance_id,
    ])
    assert.strictEqual((await t.call("GET", `/runs/${run.scheduled_run_id}`, { as: "customer:noa" })).status, 404)
    assert.strictEqual((await t.call("GET", "/runs/nope")).json.code, "run_not_found")
    assert.strictEqual(
      (await t.call("POST", `/runs/${run.scheduled_run_id}/cancel`, {
        as: "customer:mia",
        body: { reason: "not needed" },
      })).status,
      403,
    )
    assert.strictEqual((await t.call("GET", "/runs?status=sleeping")).status, 400)
    const nobody = await t.call("GET", "/runs", { as: "customer:noa" })
    assert.deepStrictEqual(nobody.json, { items: [], next_cursor: null })
    for (const path of ["/runs", "/upcoming"]) {
      const foreign = await t.call("GET", `${path}?customer_id=mia`, { as: "customer:noa" })
      assert.deepStrictEqual([foreign.status, foreign.json.code], [404, "customer_not_found"], path)
    }
  })

  it("are listed page by page, the latest slots first", async () => {
    const goal = t.goal(t.hire().hired_instance_id)
    for (let n = 0; n < 5; n++) t.request(goal)
    const all = (await whenAll(goal.goal_instance_id, "completed", 5)).map((r: { scheduled_run_id: string }) =>
      r.scheduled_run_id
    )
    const seen: Array<string> = []
    for (let cursor: string | null = ""; cursor !== null;) {
      const path = `/runs?goal_instance_id=${goal.goal_instance_id}&limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`
      const { json } = await t.call("GET", path)
      seen.push(...json.items.map((r: { scheduled_run_id: string }) => r.scheduled_run_id))
      cursor = json.next_cursor
    }
    assert.deepStrictEqual(seen, all)
  })
})
