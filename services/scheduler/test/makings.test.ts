/** Runs whose drafts are being made: under way for people, held by nobody, and asked for again until they end. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { BatchAnswer } from "@stint/domain/deliverables/Drafts"
import { runKey } from "@stint/domain/scheduler/Runs"
import { DateTime, Effect } from "effect"
import { movableClock } from "../../../tests/support/MovableClock.ts"
import { Away } from "../src/Clients.ts"
import { partSeen } from "../src/Engine/Looks.ts"
import type { ClaimedRun } from "../src/Model.ts"
import type { Outcome } from "../src/Queue/Outcome.ts"
import { eventually, made, refused, startScheduler, type TestScheduler } from "./Harness.ts"
import { asOwner } from "./Owner.ts"

const at = (text: string) => DateTime.makeUnsafe(text)
const since = "2026-03-01T09:00:00.000Z"
const deadline = "2026-03-01T09:02:00.000Z"

/** The answer of a run whose draft is being made. */
const making = (run: ClaimedRun, calls = 1, note?: string): BatchAnswer => ({
  idempotency_key: runKey(run.goal_instance_id, run.scheduled_time),
  making: { state: "making", since: at(since), deadline: at(deadline), calls, ...(note === undefined ? {} : { note }) },
})

describe("a look", () => {
  const run = {} as ClaimedRun
  const tags = (outcomes: ReadonlyArray<Outcome>) => outcomes.map(({ _tag }) => _tag)

  it("goes on with what could not be asked for, whatever that says of its attempt, and writes every end", () => {
    const error = { type: "X", message: "x" }
    const { again, ended } = partSeen([
      { _tag: "Released", run, delayMs: 0 },
      { _tag: "Completed", run, deliverable_id: "DEL-1" as never },
      { _tag: "Making", run, making: making({ ...run, scheduled_time: 0 }).making!, delayMs: 0 },
      { _tag: "Retry", run, error, delayMs: 0 },
      { _tag: "Dead", run, error, errorType: "TRANSIENT" },
      { _tag: "Gone", run, error, code: "hire_gone", reason: "" },
    ])
    assert.deepStrictEqual(tags(ended), ["Completed", "Retry", "Dead", "Gone"])
    assert.deepStrictEqual(again.map(({ outcome, pace }) => [outcome._tag, pace]), [["Released", false], [
      "Making",
      true,
    ]])
  })
})

describe("a run whose draft is being made", () => {
  const clock = movableClock()
  let t: TestScheduler
  // two permits: a run that is being made has none
  beforeAll(async () => void (t = await startScheduler({ clock, env: { STINT_MAX_RUNNING: "2" } })))
  afterAll(() => t.stop())

  /** How the goals of this file are answered; others' runs are made at once. */
  const answers = new Map<string, (run: ClaimedRun) => BatchAnswer>()
  const answerAll = (runs: ReadonlyArray<ClaimedRun>) =>
    Effect.succeed(runs.map((run) => (answers.get(run.goal_instance_id) ?? made)(run)))
  beforeAll(() => t.answer(answerAll))

  const runOf = async (goal: string) => (await t.call("GET", `/runs?goal_instance_id=${goal}`)).json.items[0]
  const shown = async (goal: string) => (await t.call("GET", `/runs/${(await runOf(goal)).scheduled_run_id}`)).json
  /** The time of the next look comes. */
  const looked = async () => {
    await asOwner(t.database.ownerUrl, (sql) => sql`update run_makings set next_look_at = now()`)
    clock.advance("1 minute")
  }
  /** Nobody looks at a run any more; that is written after its end, and after deliverables was told. */
  const forgotten = (run: string) =>
    eventually(
      () => asOwner(t.database.ownerUrl, (sql) => sql`select from run_makings where scheduled_run_id = ${run}`),
      (rows) => rows.length === 0,
      `${run} is looked at no more`,
    )
  const until = (goal: string, status: string) =>
    eventually(async () => {
      await looked()
      return await runOf(goal)
    }, (run) =>
      run?.status === status, `${goal} is ${status}`)

  /** A run of a goal of its own that is being made. */
  const begun = async (note?: string) => {
    const goal = t.goal(t.hire().hired_instance_id)
    answers.set(goal.goal_instance_id, (run) => making(run, 1, note))
    t.request(goal)
    const id = goal.goal_instance_id
    const run = await eventually(
      async () => {
        const one = await runOf(id)
        return one && (await shown(id))
      },
      (one) => one?.making !== undefined,
      "it is being made",
    )
    return { id, run }
  }

  it("is running, with its progress and in both tables, and nobody holds it", async () => {
    const { id, run } = await begun("reading 40 reviews")
    assert.deepInclude(run, { status: "running", attempt: 1 })
    assert.deepStrictEqual(run.making, { state: "making", since, deadline, calls: 1, note: "reading 40 reviews" })
    assert.strictEqual(run.attempts[0].ended_at, null)
    const [row] = await asOwner(
      t.database.ownerUrl,
      (sql) =>
        sql`select q.holder, q.recorded, q.claimable_at > now() + interval '7 hours' as long, g.status, r.status as run
          from run_queue q join goal_runs g using (scheduled_run_id) join scheduled_goal_runs r using (scheduled_run_id)
          where q.goal_instance_id = ${id}`,
    )
    assert.deepStrictEqual(row, { holder: "makers", recorded: true, long: true, status: "running", run: "pending" })
    assert.isUndefined((await runOf(id)).making, "lists have none")
    answers.delete(id)
    const done = await until(id, "completed")
    assert.strictEqual(done.deliverable_id, `DEL-${run.idempotency_key}`)
    assert.lengthOf(done.attempts, 1)
    assert.isUndefined((await shown(id)).making)
    const asked = t.attempts.filter((one) => one.goal_instance_id === id)
    assert.strictEqual(new Set(asked.map(({ fence }) => fence)).size, 1, "one claim asked every time")
    await forgotten(run.scheduled_run_id)
  })

  it("takes no permit: more of them than there are leave room for others", async () => {
    const several = await Promise.all([begun(), begun(), begun(), begun()])
    const goal = t.goal(t.hire().hired_instance_id)
    t.request(goal)
    await eventually(() => runOf(goal.goal_instance_id), (run) => run?.status === "completed", "another run completes")
    for (const { id } of several) assert.strictEqual((await runOf(id)).status, "running")
    for (const { id } of several) answers.delete(id)
    for (const { id } of several) await until(id, "completed")
  })

  it("goes on being made while deliverables is away, and no attempt is charged", async () => {
    const { id } = await begun()
    let asked = 0
    t.answer(() => {
      asked++
      return Effect.fail(new Away({ message: "said the test" }))
    })
    await eventually(
      async () => {
        await looked()
        return asked
      },
      (n) => n > 0,
      "it was asked for in vain",
    )
    assert.deepInclude(await runOf(id), { status: "running", attempt: 1 })
    answers.set(id, (run) => refused(run, 503, "unavailable"))
    t.answer(answerAll)
    const before = t.attempts.filter((run) => run.goal_instance_id === id).length
    await eventually(
      async () => {
        await looked()
        return t.attempts.filter((run) => run.goal_instance_id === id).length
      },
      (n) => n > before + 1,
      "it was asked for again",
    )
    assert.deepInclude(await runOf(id), { status: "running", attempt: 1 })
    answers.delete(id)
    assert.lengthOf((await until(id, "completed")).attempts, 1)
  })

  it("is tried again when its maker was late, which is an attempt", async () => {
    const { id } = await begun()
    answers.set(id, (run) => refused(run, 504, "maker_late", "It took longer than 120 s"))
    const run = await until(id, "retrying")
    assert.strictEqual(run.attempts[0].error_details.type, "maker_late")
    answers.delete(id)
    await eventually(
      async () => {
        await asOwner(
          t.database.ownerUrl,
          (sql) => sql`update run_queue set claimable_at = now() where state = 'timed' and goal_instance_id = ${id}`,
        )
        clock.advance("1 minute")
        return await runOf(id)
      },
      (one) => one.status === "completed",
      "its second attempt completes",
    )
    const fences = t.attempts.filter((one) => one.goal_instance_id === id).map(({ fence }) => fence)
    assert.strictEqual(new Set(fences).size, 2, "the second attempt asks under another name")
  })

  it("is dead-lettered when its maker stayed away, and when its draft is not valid", async () => {
    const away = await begun()
    answers.set(away.id, (run) => refused(run, 503, "maker_away"))
    assert.strictEqual((await until(away.id, "dead_lettered")).attempts[0].error_details.type, "maker_away")
    const invalid = await begun()
    answers.set(invalid.id, (run) => refused(run, 422, "draft_not_valid"))
    assert.strictEqual((await until(invalid.id, "dead_lettered")).attempt, 1)
  })

  it("is cancelled by its hire's budget, which says so", async () => {
    const { id } = await begun()
    answers.set(id, (run) => refused(run, 409, "budget", "12.00 of 12.00 are used"))
    const run = await until(id, "cancelled")
    assert.deepInclude(run, { reason_code: "budget", reason: "Refused: 12.00 of 12.00 are used" })
  })

  it("that is cancelled has its making cancelled", async () => {
    const { id, run } = await begun()
    const cancelled = await t.call("POST", `/runs/${run.scheduled_run_id}/cancel`, { body: { reason: "not needed" } })
    assert.deepInclude(cancelled.json, { status: "cancelled", reason_code: "cancelled_by_operator" })
    assert.isUndefined(cancelled.json.making)
    await eventually(
      async () => {
        await looked()
        return t.cancelled
      },
      (keys) => keys.includes(run.idempotency_key),
      "deliverables is told",
    )
    await forgotten(run.scheduled_run_id)
    assert.strictEqual((await runOf(id)).status, "cancelled")
  })

  it("counts as under way for a pause, and goes on through it", async () => {
    const hire = t.hire({ customer_id: "globex" as never })
    await t.arrived(hire)
    const goal = t.goal(hire.hired_instance_id)
    const id = goal.goal_instance_id
    answers.set(id, (run) => making(run))
    t.request(goal)
    await eventually(() => runOf(id), (run) => run?.status === "running", "it is being made")
    const scope = { hired_instance_id: hire.hired_instance_id }
    const paused = await t.call("POST", "/pause", {
      body: { reason: "maintenance", scope, wait_for_completion: true, timeout_seconds: 0 },
    })
    assert.deepInclude(paused.json, { running_goals_at_pause: 1, running_goals_after_wait: 1 })
    answers.delete(id)
    await until(id, "completed")
    await t.call("POST", "/resume", { body: { scope } })
  })

  it("is looked at by another replica when its own stops", async () => {
    const first = await startScheduler({ replicaOf: t, clock })
    first.answer(answerAll)
    const { id } = await begun()
    await first.stop()
    answers.delete(id)
    await until(id, "completed")
  })
})
