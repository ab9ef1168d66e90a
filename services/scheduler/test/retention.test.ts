/** Retention: rows past their time are removed, in batches; live rows stay, and what a person reads stays true. */
import { PgClient } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import { AlarmRepo } from "@stint/edge/Alarm/Repo"
import { AuditRepo } from "@stint/edge/Audit/Repo"
import { Ids } from "@stint/edge/Ids"
import { readable } from "@stint/edge/Paging"
import { runJob } from "@stint/edge/Retention"
import { Effect, Layer } from "effect"
import { testDatabase } from "../../../tests/support/Database.ts"
import { ActionLogRepo } from "../src/ActionLog/Repo.ts"
import { Repos } from "../src/App.ts"
import { DeadLettersRepo } from "../src/DeadLetters/Repo.ts"
import { jobs } from "../src/Retention.ts"
import { RunsRepo } from "../src/Runs/Repo.ts"

/** A run with an execution: pending, or final since so many days. */
interface Run {
  readonly name: string
  readonly status: "pending" | "completed" | "cancelled"
  readonly days: number
  readonly dlq?: string
}
/** A dead letter that first failed so many days ago, and was closed so many days ago. */
interface DeadLetter {
  readonly name: string
  readonly failed: number
  readonly closed?: number
}

const deadLetters: ReadonlyArray<DeadLetter> = [
  { name: "young", failed: 6.9 },
  { name: "overdue", failed: 7.1 },
  { name: "closed", failed: 12, closed: 6.9 },
  { name: "long-closed", failed: 20, closed: 7.1 },
]
const runs: ReadonlyArray<Run> = [
  { name: "live", status: "pending", days: 400 },
  { name: "good-29", status: "completed", days: 29 },
  { name: "good-31", status: "completed", days: 31 },
  { name: "good-91", status: "completed", days: 91 },
  { name: "cancelled-31", status: "cancelled", days: 31 },
  { name: "dead-of-young", status: "cancelled", days: 31, dlq: "young" },
  { name: "dead-of-overdue", status: "cancelled", days: 7, dlq: "overdue" },
  { name: "dead-of-long-closed", status: "cancelled", days: 20, dlq: "long-closed" },
]

/** Versions of goals, which began so many days ago: removed 90 days after their end, never the last one of a live goal. */
const histories: ReadonlyArray<{ readonly goal: string; readonly days: number; readonly deleted?: true }> = [
  { goal: "edited-long-ago", days: 200 },
  { goal: "edited-long-ago", days: 95 },
  { goal: "edited-lately", days: 95 },
  { goal: "edited-lately", days: 85 },
  { goal: "untouched", days: 400 },
  { goal: "deleted-long-ago", days: 120 },
  { goal: "deleted-long-ago", days: 91, deleted: true },
  { goal: "deleted-lately", days: 100 },
  { goal: "deleted-lately", days: 89, deleted: true },
]
const keptHistory = [
  "deleted-lately 100",
  "deleted-lately 89",
  "edited-lately 85",
  "edited-lately 95",
  "edited-long-ago 95",
  "untouched 400",
]

/** What a person reads afterwards. */
const look = Effect.gen(function* () {
  const read = yield* RunsRepo
  const dead = yield* DeadLettersRepo
  const log = yield* ActionLogRepo
  const left = yield* read.list({ limit: 200 })
  return {
    runs: Object.fromEntries(readable(left).map((run) => [run.scheduled_run_id.slice(4), run.status])),
    deadLetters: Object.fromEntries(
      readable(yield* dead.list({ limit: 200 })).map((l) => [l.dlq_id.slice(4), l.state]),
    ),
    actions: readable(yield* log.list({ operator: undefined, after: undefined, limit: 10 })).map((
      { action, goal_instance_id, operator },
    ) => ({
      action,
      goal_instance_id,
      operator,
    })),
  }
})

const expected = {
  runs: {
    "live": "pending",
    "good-29": "completed",
    "dead-of-young": "dead_lettered",
    "dead-of-overdue": "dead_lettered",
    "dead-of-long-closed": "dead_lettered",
  },
  deadLetters: { "young": "open", "overdue": "expired", "closed": "discarded" },
  actions: [{ action: "dlq_expired", goal_instance_id: "GOI-overdue", operator: "system" }],
}

const fill = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  for (const { closed, failed, name } of deadLetters) {
    yield* sql`insert into scheduler_dlq (dlq_id, goal_instance_id, hired_instance_id, fingerprint, first_failed_at,
        last_failed_at, expires_at, state, closed_at)
      select ${`DLQ-${name}`}, ${`GOI-${name}`}, 'HAI-1', '3f9c0a417be2', f, f, f + interval '7 days',
        ${closed === undefined ? "open" : "discarded"}, now() - ${closed ?? null}::float8 * interval '1 day'
      from (select now() - ${failed}::float8 * interval '1 day' as f) x`
  }
  for (const { days, dlq, name, status } of runs) {
    yield* sql`insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id,
        scheduled_time, created_at, status, completed_at, closed_at, idempotency_key, dlq_id, reason_code)
      select ${`SCH-${name}`}, ${`GOI-${name}`}, 'HAI-1', 'acme', at, at, ${status},
        case when ${status} = 'completed' then at end, case when ${status} <> 'pending' then at end,
        ${name}, ${dlq === undefined ? null : `DLQ-${dlq}`},
        case when ${status} = 'cancelled' then ${dlq === undefined ? "cancelled_by_operator" : "dead_lettered"} end
      from (select now() - ${days}::float8 * interval '1 day' as at) x`
    const ran = status === "pending" ? "running" : status === "completed" ? "completed" : "failed"
    yield* sql`insert into goal_runs (run_id, scheduled_run_id, goal_instance_id, idempotency_key, status, started_at,
        completed_at, deliverable_id)
      select ${`RUN-${name}`}, ${`SCH-${name}`}, ${`GOI-${name}`}, ${name}, ${ran}, at,
        case when ${ran} <> 'running' then at end, case when ${ran} = 'completed' then 'DEL-1' end
      from (select now() - ${days}::float8 * interval '1 day' as at) x`
    yield* sql`insert into run_attempts (scheduled_run_id, fence, attempt, started_at, ended_at, error_details)
      values (${`SCH-${name}`}, 1, 1, now(), now(), '{"type": "TRANSPORT", "message": "said the test", "attempt": 1}')`
    if (status === "pending") {
      yield* sql`insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id,
          scheduled_time, serial, claimable_at, state)
        values (${`SCH-${name}`}, ${`GOI-${name}`}, 'HAI-1', 'acme', now(), true, now(), 'ready')`
    }
  }
  for (const days of [89, 91]) {
    yield* sql`insert into missed_slots (goal_instance_id, from_slot, to_slot, reason, reason_code, recorded_at)
      values (${`GOI-${days}`}, now(), now(), 'older than 24 h', 'too_old', now() - ${days} * interval '1 day')`
    yield* sql`insert into dropped_slots (goal_instance_id, from_slot, to_slot, reason, reason_code, recorded_at)
      values (${`GOI-${days}`}, now(), now(), 'the goal was deleted', 'goal_deleted', now() - ${days} * interval '1 day')`
    yield* sql`insert into scheduler_alerts (alert_id, kind, subject, begun_at, ended_at, details)
      values (${`ALR-${days}`}, 'pending', 'all', now() - interval '1 year', now() - ${days} * interval '1 day', '{}')`
    yield* sql`insert into alerts (alert_id, kind, subject, message, begun_at, ended_at)
      values (${`ALR-${days}`}, 'away', 'hiring', 'it was', now() - interval '1 year', now() - ${days} * interval '1 day')`
    yield* sql`insert into gateway_audit_logs (id, correlation_id, timestamp, service, request_id, http_method,
        endpoint, status_code, total_latency_ms)
      select gen_random_uuid(), repeat('a', 32), now() - ${days} * interval '1 day', 'scheduler', 'r', 'GET', '/x',
        200, 1 from generate_series(1, 1200)`
  }
  for (const { days, deleted = false, goal } of histories) {
    yield* sql`insert into goal_history (goal_instance_id, hired_instance_id, customer_id, valid_from, frequency,
        schedule, timezone, runs, reason, deleted)
      values (${`GOI-${goal}`}, 'HAI-1', 'acme', now() - ${days} * interval '1 day', 'daily', '{}', 'UTC',
        ${!deleted}, ${deleted ? "the goal was deleted" : null}, ${deleted})`
  }
})

const storage = Layer.mergeAll(Repos, AlarmRepo.layer, AuditRepo.layer).pipe(
  Layer.provide(Ids.layer),
  Layer.provideMerge(testDatabase("scheduler")),
)

it.live("removes rows past their time, and no live row, also when two replicas do it at once", () =>
  Effect.gen(function* () {
    yield* fill
    const sql = yield* PgClient.PgClient
    const before = yield* Effect.flatMap(
      jobs,
      Effect.forEach((job) => Effect.map(job.expired, (n) => [job.name, n] as const)),
    )
    const all = yield* jobs
    const both = yield* Effect.all([0, 1].map(() => Effect.forEach(all, runJob)), { concurrency: "unbounded" })
    const gone = Object.fromEntries(all.map(({ name }, i) => [name, both[0]![i]! + both[1]![i]!]))
    assert.deepStrictEqual(gone, Object.fromEntries(before))
    assert.deepStrictEqual(gone, {
      "scheduler_dlq, open to expired": 1,
      "scheduler_dlq": 1,
      "scheduled_goal_runs": 3,
      "goal_runs": 1,
      "dropped_slots": 1,
      "missed_slots": 1,
      "goal_history": 3,
      "scheduler_alerts": 1,
      "alerts": 1,
      "gateway_audit_logs": 1200,
    })
    assert.deepStrictEqual(yield* look, expected as never)
    assert.deepStrictEqual(
      yield* sql`select substr(goal_instance_id, 5) || ' ' || round(extract(epoch from now() - valid_from) / 86400) as row
        from goal_history order by 1`,
      keptHistory.map((row) => ({ row })),
    )
    const [left] = yield* sql`select
      (select array_agg(substr(run_id, 5) order by run_id) from goal_runs) as executions,
      (select count(*)::int from run_attempts) as attempts,
      (select count(*)::int from run_queue) as live`
    assert.deepStrictEqual(left, {
      executions: runs.map(({ name }) => name).filter((name) => name !== "good-91").sort(),
      attempts: 5,
      live: 1,
    })
  }).pipe(Effect.provide(storage)))
