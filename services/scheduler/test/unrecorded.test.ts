/**
 * Runs that are claimed as they are made: they stand in the queue alone until their end, their first renewal, or whoever reads
 * them. Whatever becomes of one, its rows are those of a run that was recorded from the start.
 */
import { PgClient } from "@effect/sql-pg"
import { runKey } from "@stint/domain/scheduler/Runs"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { AnswersRepo } from "../src/Answers/Repo.ts"
import { makeStartDue } from "../src/Engine/Materialise.ts"
import type { ClaimedRun } from "../src/Model.ts"
import { byOperator, Queue } from "../src/Queue.ts"
import type { Outcome } from "../src/Queue/Outcome.ts"
import { RunsRepo } from "../src/Runs/Repo.ts"
import {
  claim,
  database,
  done,
  goalOf,
  leasesEnd,
  materialise,
  runsOf,
  storage,
  withinAMinute,
  write,
} from "./EngineHarness.ts"

const startDue = Effect.flatMap(makeStartDue, (start) => start(100, { holder: "one", leaseMs: 10_000 }))

const rows = Effect.fnUntraced(function* (goal: string) {
  const sql = yield* PgClient.PgClient
  const [row] = yield* sql<{ queued: string | null; runs: number; executions: number }>`select
    (select string_agg(state || case when recorded then '' else ', unrecorded' end, '; ') from run_queue
      where goal_instance_id = ${goal}) as queued,
    (select count(*)::int from scheduled_goal_runs where goal_instance_id = ${goal}) as runs,
    (select count(*)::int from goal_runs where goal_instance_id = ${goal}) as executions`
  return row!
})

/** What is stored of a goal's runs, without ids, and instants as whether they are there, or one after the other. */
const history = Effect.fnUntraced(function* (goal: string) {
  const sql = yield* PgClient.PgClient
  return yield* sql`select r.customer_id, r.origin, r.status, r.reason_code, r.run_metadata, r.request_id, r.dlq_id is not null as dead,
      r.idempotency_key = r.goal_instance_id || ':' || to_char(r.scheduled_time at time zone 'UTC',
        'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as keyed, r.created_at <= now() as made,
      r.completed_at is not null as completed, r.closed_at is not null as closed, r.draft_late_ms is not null as late,
      g.run_id = replace(r.scheduled_run_id, 'SCH-', 'RUN-') as named, g.idempotency_key = r.idempotency_key as same_key,
      g.status as execution, g.attempt, g.started_at >= r.created_at as started, g.completed_at is not null as ended,
      g.deliverable_id is not null as drafted, g.error_details, g.duration_ms is not null as took,
      (select json_agg(json_build_object('attempt', a.attempt, 'error', a.error_details) order by a.fence)
        from run_attempts a where a.scheduled_run_id = r.scheduled_run_id) as attempts,
      q.state, q.attempt as tries, q.rank, q.serial, q.caught_up, q.recorded
    from scheduled_goal_runs r left join goal_runs g using (scheduled_run_id) left join run_queue q using (scheduled_run_id)
    where r.goal_instance_id = ${goal} order by r.scheduled_time`
})

/** The next claim of a goal's run; other tests' runs are claimed before it, or alone. */
const claimOf = Effect.fnUntraced(function* (goal: string) {
  while (true) {
    const own = (yield* claim()).filter((run) => run.goal_instance_id === goal)
    if (own.length > 0) return own
  }
})

/** A run that was made and claimed in two steps, and one in one: each of a goal of its own with the same settings. */
const both = Effect.fnUntraced(function* (overlap: string) {
  yield* withinAMinute
  const old = yield* goalOf({ missed: "skip", overlap }, 1)
  yield* materialise
  const slow = yield* claimOf(old.goal_instance_id)
  const young = yield* goalOf({ missed: "skip", overlap }, 1)
  const { started } = yield* startDue
  const fast = started.filter((run) => run.goal_instance_id === young.goal_instance_id)
  assert.isAbove(fast.length, 0)
  return { old, young, slow, fast }
})

type Ended = (runs: ReadonlyArray<ClaimedRun>) => Effect.Effect<unknown, unknown, Queue | RunsRepo | PgClient.PgClient>

const ends: Record<string, Ended> = {
  "a draft": (runs) => write(runs.map(done)),
  "an attempt that failed": (runs) =>
    write(runs.map((run): Outcome => ({ _tag: "Retry", run, error: { type: "X", message: "x" }, delayMs: 60_000 }))),
  "an attempt that failed, and then a draft": (runs) =>
    Effect.gen(function* () {
      yield* write(runs.map((run): Outcome => ({ _tag: "Retry", run, error: { type: "X", message: "x" }, delayMs: 0 })))
      for (const run of runs) yield* write((yield* claimOf(run.goal_instance_id)).map(done))
    }),
  "a release": (runs) => write(runs.map((run): Outcome => ({ _tag: "Released", run, delayMs: 60_000 }))),
  "a dead letter": (runs) =>
    write(runs.map((run): Outcome => ({
      _tag: "Dead",
      run,
      error: { type: "X", message: "x" },
      errorType: "PERMANENT",
    }))),
  "an outcome that its hire is gone": (runs) =>
    write(runs.map((run): Outcome => ({
      _tag: "Gone",
      run,
      code: "hire_gone",
      error: { type: "hire_gone", message: "x" },
      reason: "x",
    }))),
  "a lost lease, and then a draft": (runs) =>
    Effect.gen(function* () {
      yield* leasesEnd(runs)
      for (const run of runs) yield* write((yield* claimOf(run.goal_instance_id)).map(done))
    }),
  "a cancellation": (runs) =>
    Effect.gen(function* () {
      const queue = yield* Queue
      for (const run of runs) yield* queue.cancel({ goal_instance_id: run.goal_instance_id }, byOperator("olga", "x"))
    }),
  "a renewal": (runs) => Effect.flatMap(Queue, (queue) => queue.renew(runs, 10_000)),
  "a renewal, and then a draft": (runs) =>
    Effect.flatMap(Queue, (queue) => Effect.andThen(queue.renew(runs, 10_000), write(runs.map(done)))),
  "a reader, and then a draft": (runs) =>
    Effect.gen(function* () {
      for (const run of runs) yield* runsOf(run.goal_instance_id)
      yield* write(runs.map(done))
    }),
}

layer(database, { excludeTestServices: true })("a run that is claimed as it is made", (it) => {
  it.effect("stands in the queue alone, under a lease and a fence; its end makes both rows", () =>
    Effect.gen(function* () {
      const { fast, young } = yield* both("queue")
      assert.deepStrictEqual(yield* rows(young.goal_instance_id), {
        queued: "held, unrecorded",
        runs: 0,
        executions: 0,
      })
      assert.strictEqual(fast[0]!.attempt, 1)
      assert.deepStrictEqual(yield* write(fast.map(done)), { written: 1, released: 0 })
      assert.deepStrictEqual(yield* rows(young.goal_instance_id), { queued: null, runs: 1, executions: 1 })
      // its fence is gone
      assert.deepStrictEqual(yield* write(fast.map(done)), { written: 0, released: 0 })
    }))

  for (const [name, end] of Object.entries(ends)) {
    for (const overlap of ["queue", "parallel"]) {
      it.effect(`leaves after ${name} what one that was recorded from the start leaves (${overlap})`, () =>
        Effect.gen(function* () {
          const { fast, old, slow, young } = yield* both(overlap)
          yield* end(slow)
          yield* end(fast)
          const stored = yield* history(young.goal_instance_id)
          assert.strictEqual(stored.length, 1)
          assert.deepStrictEqual(stored, yield* history(old.goal_instance_id))
        }))
    }
  }

  it.effect("starts, made before or as it is claimed, when what its claim waited for is over: a resume", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* withinAMinute
      const old = yield* goalOf({ missed: "skip" }, 1)
      yield* materialise
      const young = yield* goalOf({ missed: "skip" }, 1)
      const over = yield* sql.withTransaction(Effect.gen(function* () {
        yield* sql`select pg_sleep(0.005)`
        const [clock] = yield* sql<{ over: Date }>`select clock_timestamp() as over`
        yield* claimOf(old.goal_instance_id)
        yield* startDue
        return clock!.over
      }))
      for (const goal of [old, young]) {
        const [run] = yield* runsOf(goal.goal_instance_id)
        assert.isAtLeast(run!.attempts[0]!.started_at.epochMilliseconds, over.getTime())
      }
    }))

  it.effect("is listed, found and explained as running", () =>
    Effect.gen(function* () {
      const answers = yield* AnswersRepo
      const { fast, young } = yield* both("queue")
      const more = yield* both("queue")
      assert.deepStrictEqual((yield* runsOf(young.goal_instance_id)).map((run) => run.status), ["running"])
      const found = yield* (yield* RunsRepo).find(more.fast[0]!.scheduled_run_id)
      assert.strictEqual(found._tag === "Some" ? found.value.status : found._tag, "running")
      const slot = fast[0]!.scheduled_time
      const last = yield* both("queue")
      const goal = last.young.goal_instance_id
      const read = yield* answers.snapshot(answers.runsIn(goal, slot - 600_000, slot + 600_000), goal)
      assert.deepStrictEqual(read.map((run) => run.scheduled_run_id), [last.fast[0]!.scheduled_run_id])
    }))

  it.effect("C7: is not there for a reader while the database can't be written, and the reader is answered", () =>
    Effect.gen(function* () {
      const { config } = yield* PgClient.PgClient
      const { fast, old, young } = yield* both("queue")
      const slot = fast[0]!.scheduled_time
      const readOnly = storage.pipe(
        Layer.provide(PgClient.layer({ ...config, startupParameters: { default_transaction_read_only: "on" } })),
      )
      yield* Effect.gen(function* () {
        const answers = yield* AnswersRepo
        assert.lengthOf(yield* runsOf(old.goal_instance_id), 1)
        assert.lengthOf(yield* runsOf(young.goal_instance_id), 0)
        const goal = young.goal_instance_id
        assert.lengthOf(yield* answers.snapshot(answers.runsIn(goal, slot - 600_000, slot + 600_000), goal), 0)
      }).pipe(Effect.provide(Layer.fresh(readOnly)))
      assert.strictEqual((yield* rows(young.goal_instance_id)).queued, "held, unrecorded")
      assert.deepStrictEqual((yield* runsOf(young.goal_instance_id)).map((run) => run.status), ["running"])
    }))

  it.effect("is made once: neither its slot again, nor a run by hand of the same instant", () =>
    Effect.gen(function* () {
      const queue = yield* Queue
      const { fast, young } = yield* both("parallel")
      const goal = young.goal_instance_id
      const [run] = fast
      const again = {
        ...young,
        customer_id: run!.customer_id,
        scheduled_run_id: `${run!.scheduled_run_id}-again` as never,
        slot: run!.scheduled_time,
        origin: "schedule" as const,
        request_id: null,
        run_metadata: {},
        queue: { serial: false, caught_up: false, forced: false, claimable_at: run!.scheduled_time },
      }
      const lease = { holder: "two", leaseMs: 10_000 }
      assert.deepStrictEqual(yield* queue.start([again], lease, { goals: [], durable: true }), [])
      assert.deepStrictEqual(yield* queue.enqueue([{ ...again, origin: "manual" }]), [])
      yield* queue.record({ goals: [goal] })
      assert.deepStrictEqual(yield* queue.start([again], lease, { goals: [], durable: true }), [])
      assert.deepStrictEqual(yield* queue.enqueue([again]), [])
      yield* write(fast.map(done))
      assert.deepStrictEqual(yield* queue.start([again], lease, { goals: [], durable: true }), [])
      assert.deepStrictEqual(yield* rows(goal), { queued: null, runs: 1, executions: 1 })
    }))

  it.effect("ends with its batch where an execution of its slot is in the way, whose run was pruned; not by another's fence", () =>
    Effect.gen(function* () {
      const queue = yield* Queue
      const sql = yield* PgClient.PgClient
      const [a, b, c] = [yield* both("parallel"), yield* both("parallel"), yield* both("parallel")]
      const [run] = a.fast
      const key = runKey(run!.goal_instance_id, run!.scheduled_time)
      yield* sql`insert into goal_runs (run_id, scheduled_run_id, goal_instance_id, idempotency_key, status, started_at,
          completed_at, attempt, deliverable_id)
        values ('RUN-pruned', 'SCH-pruned', ${
        run!.goal_instance_id
      }, ${key}, 'completed', now(), now(), 1, 'DEL-pruned')`
      const [lost] = c.fast
      const stale = [-1, 1, 1_000_000].map((more) => done({ ...lost!, fence: lost!.fence + more }))
      const outcomes = [...a.fast, ...b.fast].map(done)
      const { written } = yield* queue.writeOutcomes([...outcomes, ...stale].toReversed())
      assert.strictEqual(written, outcomes.length)
      for (const { young } of [a, b]) {
        assert.deepStrictEqual(yield* rows(young.goal_instance_id), { queued: null, runs: 1, executions: 1 })
      }
      assert.strictEqual((yield* rows(c.young.goal_instance_id)).queued, "held, unrecorded")
      const [execution] = yield* sql`select scheduled_run_id, status, deliverable_id = ${`DEL-${
        run!.scheduled_run_id
      }`} as own
        from goal_runs where idempotency_key = ${key}`
      assert.deepStrictEqual(execution, { scheduled_run_id: run!.scheduled_run_id, status: "completed", own: true })
      yield* write(c.fast.map(done))
    }))

  it.effect("0.2.0 takes it over, and cancels it, and both rows are there", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const taken = yield* both("queue")
      const [run] = taken.fast
      // its expire, word for word but for the condition
      yield* sql`with lost as (select scheduled_run_id, fence, attempt, claimed_at from run_queue
          where scheduled_run_id = ${run!.scheduled_run_id} for update), expired as (
          update run_queue set state = 'ready', holder = null, fence = null, claimed_at = null
          where scheduled_run_id = any (array(select scheduled_run_id from lost))
        ), attempts as (
          insert into run_attempts (scheduled_run_id, fence, attempt, started_at, ended_at, error_details)
          select scheduled_run_id, fence, attempt, claimed_at, now(), '{"type": "LEASE_LOST"}' from lost
        ), executions as (
          update goal_runs set status = 'pending' where scheduled_run_id = any (array(select scheduled_run_id from lost))
        )
        select scheduled_run_id from lost`
      assert.deepStrictEqual(yield* rows(taken.young.goal_instance_id), { queued: "ready", runs: 1, executions: 1 })
      const [execution] = yield* sql<{ status: string }>`select status from goal_runs
        where scheduled_run_id = ${run!.scheduled_run_id}`
      assert.strictEqual(execution!.status, "pending")

      const cancelled = yield* both("queue")
      yield* sql`with gone as (delete from run_queue where goal_instance_id = ${cancelled.young.goal_instance_id}
          returning scheduled_run_id)
        update scheduled_goal_runs set status = 'cancelled', closed_at = now(), reason_code = 'cancelled_by_operator'
        where scheduled_run_id = any (array(select scheduled_run_id from gone))`
      const [found] = yield* sql`select r.status, r.reason_code, g.status as execution from scheduled_goal_runs r
        join goal_runs g using (scheduled_run_id) where r.goal_instance_id = ${cancelled.young.goal_instance_id}`
      assert.deepStrictEqual(found, {
        status: "cancelled",
        reason_code: "cancelled_by_operator",
        execution: "failed",
      })
    }))
})
