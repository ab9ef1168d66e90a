/**
 * An explanation reads a handful of rows by index, whatever the tables keep. `STINT_TEST_VOLUME` sets how many rows there
 * are of each: fewer, and Postgres may well read them all.
 */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import process from "node:process"
import { testDatabase } from "../../../tests/support/Database.ts"
import { Ids } from "@stint/edge/Ids"
import { Answers } from "../src/Answers.ts"
import { AnswersRepo } from "../src/Answers/Repo.ts"
import { Nudge } from "../src/Nudge.ts"
import { ProjectionRepo } from "../src/Projection/Repo.ts"
import { Queue } from "../src/Queue.ts"
import { RunsRepo } from "../src/Runs/Repo.ts"

const ROWS = Number(process.env.STINT_TEST_VOLUME ?? 100_000)
const MINUTE = 60_000

const layer = Answers.layer.pipe(
  Layer.provide(AnswersRepo.layer),
  Layer.provide([ProjectionRepo.layer, RunsRepo.layer]),
  Layer.provide(Queue.layer),
  // a listener would take the one connection, whose reads are counted
  Layer.provide(
    Layer.succeed(Nudge, Nudge.of({ here: Effect.void, inTransaction: Effect.void, wait: () => Effect.never })),
  ),
  Layer.provide(Ids.layer),
  Layer.provideMerge(testDatabase("scheduler", { as: "owner", maxConnections: 1 })),
)

/** A goal every minute with a run for each of its minutes, among the same of a thousand goals; pauses of all and of it. */
const fill = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* sql`insert into projected_hires (hired_instance_id, customer_id, agent_id, timezone, runnable, version, changed_at)
    values ('HAI-1', 'acme', 'a', 'UTC', true, 1, now() - interval '60 days')`
  yield* sql`insert into projected_goals (goal_instance_id, hired_instance_id, customer_id, version, changed_at, enabled,
      frequency, schedule, next_slot, due_at)
    select 'GOI-' || n, 'HAI-1', 'acme', 1, now() - interval '60 days', true, 'cron', '{"cron": "* * * * *"}',
      date_trunc('minute', now()) + interval '1 minute', date_trunc('minute', now()) + interval '1 minute'
    from generate_series(0, 999) n`
  yield* sql`insert into goal_history (goal_instance_id, hired_instance_id, customer_id, valid_from, frequency, schedule,
      timezone, runs, deleted)
    select 'GOI-' || n % 1000, 'HAI-1', 'acme', now() - interval '60 days' + n / 1000 * interval '1 minute', 'cron',
      '{"cron": "* * * * *"}', 'UTC', true, false
    from generate_series(0, ${ROWS - 1}::int) n`
  // half of the runs are the asked goal's
  yield* sql`insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id,
      scheduled_time, created_at, status, completed_at, closed_at, idempotency_key, run_metadata, reason_code)
    select 'SCH-' || n, g, 'HAI-1', 'acme', at, at, case when skipped then 'cancelled' else 'completed' end,
      case when not skipped then at end, at, g || ':' || at,
      case when skipped then '{"reason": "overlap: a run of this goal is open"}'::jsonb else '{}'::jsonb end,
      case when skipped then 'overlap_open' end
    from (select n, case when n % 2 = 0 then 'GOI-0' else 'GOI-' || 1 + n % 999 end as g, n % 10 = 0 as skipped,
      date_trunc('minute', now()) - (n + 2) / 2 * interval '1 minute' as at from generate_series(0, ${
    ROWS - 1
  }::int) n) x
    on conflict do nothing`
  yield* sql`insert into goal_runs (run_id, scheduled_run_id, goal_instance_id, idempotency_key, status, started_at,
      completed_at, deliverable_id)
    select 'RUN-' || scheduled_run_id, scheduled_run_id, goal_instance_id, idempotency_key, 'completed', closed_at, closed_at,
      'DEL-1'
    from scheduled_goal_runs where status = 'completed'`
  // a pause every other line, of all, of the hire, and of other hires
  yield* sql`insert into scheduler_action_log (log_id, action, operator, timestamp, goal_instance_id, action_metadata)
    select 'LOG-' || n, case when n % 20 = 0 then 'trigger' when n % 2 = 0 then 'pause' else 'resume' end, 'olga',
      now() - n * interval '20 seconds', case when n % 20 = 0 then 'GOI-' || n % 1000 end,
      case when n % 20 < 4 then '{}'::jsonb when n % 20 < 8 then '{"scope": {"hired_instance_id": "HAI-1"}}'::jsonb
        else jsonb_build_object('scope', jsonb_build_object('hired_instance_id', 'HAI-' || n % 500)) end
    from generate_series(1, ${ROWS}::int) n`
  yield* sql`insert into missed_slots (goal_instance_id, from_slot, to_slot, reason, reason_code)
    select 'GOI-' || n % 1000, now() - interval '80 days' + n * interval '1 second',
      now() - interval '80 days' + n * interval '1 second', 'older than 24 h', 'too_old' from generate_series(1, ${ROWS}::int) n`
  yield* sql`insert into scheduler_dlq (dlq_id, goal_instance_id, hired_instance_id, first_failed_at, last_failed_at,
      expires_at, state, closed_at, fingerprint)
    values ('DLQ-1', 'GOI-0', 'HAI-1', now() - interval '5 hours', now() - interval '5 hours', now(), 'discarded',
      now() - interval '4 hours', 'f')`
  yield* sql`update scheduled_goal_runs set status = 'cancelled', completed_at = null, dlq_id = 'DLQ-1',
      reason_code = 'dead_lettered'
    where goal_instance_id = 'GOI-0' and scheduled_time = date_trunc('minute', now()) - interval '301 minutes'`
  yield* sql`insert into scheduler_action_log (log_id, action, operator, timestamp, goal_instance_id, action_metadata)
    values ('LOG-0', 'dlq_discard', 'olga', now() - interval '4 hours', 'GOI-0', '{"dlq_ids": ["DLQ-1"]}')`
  yield* sql`vacuum analyze`
})

/** How many rows of each table this connection has read by scanning the table whole, and by an index. */
const reads = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* sql`select pg_stat_force_next_flush()`
  return yield* sql<{ relname: string; whole: number; indexed: number }>`
    select relname, seq_tup_read::int as whole, idx_tup_fetch::int as indexed from pg_stat_user_tables
    where relname in ('scheduled_goal_runs', 'goal_runs', 'goal_history', 'scheduler_action_log', 'missed_slots',
      'run_attempts', 'projected_goals') order by 1`
})

describe("explaining over full tables", { timeout: 600_000 }, () => {
  it.live("scans none of them, and reads few rows of each", () =>
    Effect.gen(function* () {
      yield* fill
      const answers = yield* Answers
      const minute = Math.floor(Date.now() / MINUTE) * MINUTE
      const asked = (minutes: number) =>
        answers.explain(
          { subject: "olga" as never, role: "operator" },
          "GOI-0" as never,
          DateTime.makeUnsafe(minute + minutes * MINUTE),
        )
      const before = yield* reads
      const spent: Record<string, number> = {}
      // among the runs of the goal, before the first of them, before its first version
      for (const minutes of [-1, -5, -200, -301, -ROWS / 5, -ROWS * 0.6, -200_000, 5]) {
        const began = performance.now()
        const { verdict } = yield* asked(minutes)
        spent[`${minutes} min: ${verdict}`] = Math.round(performance.now() - began)
      }
      const after = yield* reads
      assert.deepStrictEqual(
        after.map(({ relname, whole }) => [relname, whole]),
        before.map(({ relname, whole }) => [relname, whole]),
      )
      const fetched = after.map(({ indexed, relname }, nth) => ({ relname, rows: indexed - before[nth]!.indexed }))
      for (const { relname, rows } of fetched) assert.isAtMost(rows, 8 * 400, relname)
      yield* Effect.logInfo("explain", { rows: ROWS, ms: spent, fetched })
    }).pipe(Effect.provide(layer)))
})
