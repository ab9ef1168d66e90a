/**
 * Data volume does not slow the claims: they look at live runs only, whatever the tables of history keep. The health
 * reads the last hour. `STINT_TEST_VOLUME` sets how many old runs there are: fewer, and Postgres may well read them all.
 */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import type { DeliverableId } from "@stint/domain/Ids"
import { AlarmRepo } from "@stint/edge/Alarm/Repo"
import { AuditRepo } from "@stint/edge/Audit/Repo"
import { Ids } from "@stint/edge/Ids"
import { runJob } from "@stint/edge/Retention"
import { Effect, Layer } from "effect"
import process from "node:process"
import { testDatabase } from "../../../tests/support/Database.ts"
import { conditionsOf } from "../src/Alerts/Policy.ts"
import { AlertsRepo } from "../src/Alerts/Repo.ts"
import { HealthRepo } from "../src/Health/Repo.ts"
import { Queue } from "../src/Queue.ts"
import { jobs } from "../src/Retention.ts"
import { RetentionRepo } from "../src/Retention/Repo.ts"

const OLD = Number(process.env.STINT_TEST_VOLUME ?? 100_000)
/** Old runs, one dead-lettered in a hundred, spread over `days` before now; their ids are below those of live ones. */
const history = (sql: PgClient.PgClient, days: number, name: string, count = OLD) =>
  Effect.gen(function* () {
    const at = sql.unsafe(`now() - (n::float8 / ${count} * ${days}) * interval '1 day' - interval '2 hours'`)
    yield* sql`insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id,
        scheduled_time, created_at, status, completed_at, closed_at, idempotency_key, dlq_id,
        reason_code)
      select 'SCH-' || ${name} || n, 'GOI-' || n % 1000, 'HAI-1', 'acme', ${at}, ${at},
        case when n % 100 = 0 then 'cancelled' else 'completed' end, case when n % 100 <> 0 then ${at} end, ${at},
        ${name} || n, case when n % 100 = 0 then 'DLQ-gone' end, case when n % 100 = 0 then 'dead_lettered' end
      from generate_series(1, ${count}::int) n`
    yield* sql`insert into goal_runs (run_id, scheduled_run_id, goal_instance_id, idempotency_key, status, started_at,
        completed_at, deliverable_id, duration_ms)
      select 'RUN-' || ${name} || n, 'SCH-' || ${name} || n, 'GOI-' || n % 1000, ${name} || n,
        case when n % 100 = 0 then 'failed' else 'completed' end, ${at}, ${at}, 'DEL-1', 5
      from generate_series(1, ${count}::int) n`
    yield* sql`insert into run_attempts (scheduled_run_id, fence, attempt, started_at, ended_at, error_details)
      select 'SCH-' || ${name} || n, n, 1, ${at}, ${at}, '{"type": "TRANSPORT", "message": "said the test", "attempt": 1}'
      from generate_series(100, ${count}::int, 100) n`
  })
const live = (sql: PgClient.PgClient, name: string, count: number) =>
  Effect.gen(function* () {
    yield* sql`insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id,
        scheduled_time, created_at, status, idempotency_key)
      select 'SCH-' || ${name} || n, 'GOI-' || n, 'HAI-1', 'acme', now() - n * interval '1 ms', now(), 'pending', ${name} || n
      from generate_series(1, ${count}::int) n`
    yield* sql`insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
        serial, claimable_at, state)
      select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, false, scheduled_time, 'timed'
      from scheduled_goal_runs where status = 'pending'`
  })
const CLAIM = {
  holder: "h",
  limit: 200,
  leaseMs: 10_000,
  maxAttempts: 5,
  retriesPerSecond: 100,
  poison: "take" as const,
}
const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const began = performance.now()
    const value = yield* effect
    return { value, ms: performance.now() - began }
  })
/** Claims and completes all that is due, 200 at a time; the milliseconds of the fastest claim and completion. */
const work = Effect.gen(function* () {
  const queue = yield* Queue
  const claims: Array<number> = []
  const writes: Array<number> = []
  while (true) {
    const claim = yield* timed(queue.claim(CLAIM))
    if (claim.value.runs.length === 0) break
    claims.push(claim.ms)
    const written = yield* timed(queue.writeOutcomes(
      claim.value.runs.map((run) => ({ _tag: "Completed" as const, run, deliverable_id: "DEL-1" as DeliverableId })),
    ))
    writes.push(written.ms)
  }
  return { claim_ms: Math.min(...claims), write_ms: Math.min(...writes) }
})

const layer = Layer.mergeAll(
  Queue.layer,
  HealthRepo.layer,
  AlarmRepo.layer,
  AlertsRepo.layer,
  RetentionRepo.layer,
  AuditRepo.layer,
).pipe(Layer.provide(Ids.layer), Layer.provideMerge(testDatabase("scheduler", { as: "owner", maxConnections: 1 })))

/** How many rows of the tables of history this connection has read: by scanning them whole, and by an index. */
const reads = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* sql`select pg_stat_force_next_flush()`
  const [row] = yield* sql<{ whole: number; indexed: number }>`
    select sum(seq_tup_read)::int as whole, sum(idx_tup_fetch)::int as indexed from pg_stat_user_tables
    where relname in ('scheduled_goal_runs', 'goal_runs')`
  return row!
})

describe("many old runs", { timeout: 600_000 }, () => {
  it.live("slow neither the claims nor the health, and go in small batches", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* live(sql, "a", 2_000)
      yield* sql`analyze`
      yield* work
      yield* live(sql, "b", 4_000)
      const empty = yield* work
      yield* history(sql, 29, "0kept")
      yield* sql`vacuum analyze`
      yield* live(sql, "c", 4_000)
      const before = yield* reads
      const full = yield* work
      const after = yield* reads
      const { vitals } = yield* HealthRepo
      const health = yield* timed(vitals)
      const look = yield* timed(Effect.flatMap(AlertsRepo, (alerts) => alerts.evaluate(conditionsOf)))
      assert.strictEqual((yield* reads).whole, before.whole)
      const readPerRun = (after.indexed - before.indexed) / 4_000
      assert.isAtMost(readPerRun, 10)
      assert.strictEqual(health.value.succeeded, 10_000)
      assert.isNotNull(health.value.last_failure)
      yield* history(sql, 30, "0old", Math.min(OLD, 10_000))
      yield* sql`update scheduled_goal_runs set closed_at = closed_at - interval '31 days'
        where scheduled_run_id like 'SCH-0old%'`
      const all = yield* jobs
      const retention = yield* timed(Effect.forEach(all, (job) => Effect.map(runJob(job), (n) => [job.name, n])))
      assert.strictEqual(Object.fromEntries(retention.value).scheduled_goal_runs, Math.min(OLD, 10_000))
      yield* Effect.logInfo("volume", {
        old: OLD,
        empty,
        full,
        health: health.ms,
        look: look.ms,
        retention: retention.ms,
      })
    }).pipe(Effect.provide(layer)))
})
