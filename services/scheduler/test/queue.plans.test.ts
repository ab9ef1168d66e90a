/**
 * No statement on the queue hangs on the planner's statistics: with none, or with those of an empty table, and with plans
 * that were made while it was empty, each reads rows by an index, and as many as it has to do with, whatever waits behind.
 */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Ids } from "@stint/edge/Ids"
import { Effect, Layer } from "effect"
import { cloneDatabase } from "../../../tests/support/Database.ts"
import { EngineRepo } from "../src/Engine/Repo.ts"
import { byOperator, Queue } from "../src/Queue.ts"
import { PLANNER } from "../src/Queue/Repo.ts"
import type { Outcome } from "../src/Queue/Outcome.ts"
import { claim, done, materialise, write } from "./EngineHarness.ts"

/** How many goals, and how many runs of each wait for their turn. */
const GOALS = 5
const WAITING = 1_500

const layer = Layer.mergeAll(EngineRepo.layer, Queue.layer).pipe(
  Layer.provideMerge(Ids.layer),
  Layer.provideMerge(Layer.unwrap(Effect.map(
    cloneDatabase("scheduler"),
    ({ migrateUrl: url }) => PgClient.layer({ url, maxConnections: 1, startupParameters: { ...PLANNER } }),
  ))),
)

/** A backlog of serial runs: of each goal the first is ready, and the others are waiting. */
const backlog = Effect.fnUntraced(function* (name: string, waiting: number) {
  const sql = yield* PgClient.PgClient
  yield* sql`insert into projected_hires (hired_instance_id, customer_id, agent_id, timezone, runnable, version, changed_at)
    values (${`HAI-${name}`}, 'acme', 'a', 'UTC', true, 1, now())`
  yield* sql`insert into projected_goals (goal_instance_id, hired_instance_id, customer_id, version, changed_at, enabled,
      frequency, schedule, next_slot, due_at)
    select ${`GOI-${name}-`} || n, ${`HAI-${name}`}, 'acme', 1, now(), true, 'cron', '{"cron":"* * * * *"}', null, null
    from generate_series(1, ${GOALS}::int) n`
  yield* sql`insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id,
      scheduled_time, created_at, status, idempotency_key)
    select 'SCH-' || goal_instance_id || '-' || n, goal_instance_id, hired_instance_id, customer_id,
      now() - interval '1 day' + n * interval '1 minute', now(), 'pending', goal_instance_id || ':' || n
    from projected_goals, generate_series(0, ${waiting}::int) n where goal_instance_id like ${`GOI-${name}-%`}`
  yield* sql`insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id,
      scheduled_time, serial, caught_up, due_at, claimable_at, state)
    select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, 'a', scheduled_time, true, true,
      scheduled_time, case when idempotency_key like '%:0' then now() end,
      case when idempotency_key like '%:0' then 'ready' else 'waiting' end
    from scheduled_goal_runs where goal_instance_id like ${`GOI-${name}-%`}`
})

/** Every turn of a run: claimed, renewed, retried or released, claimed again, completed, the next one released. */
const turn = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const queue = yield* Queue
  const runs = yield* claim(GOALS)
  yield* queue.renew(runs, 10_000)
  yield* write(
    runs.map((run, nth): Outcome =>
      nth === 0
        ? { _tag: "Retry", run, error: { type: "X", message: "x" }, delayMs: 0 }
        : nth === 1
        ? { _tag: "Released", run, delayMs: 0 }
        : done(run)
    ),
  )
  const again = yield* claim(GOALS)
  yield* write(again.map(done))
  yield* queue.releaseStuck
  yield* sql`update projected_goals set next_slot = date_trunc('minute', now()), due_at = date_trunc('minute', now())
    where hired_instance_id in ('HAI-few', 'HAI-many')`
  yield* materialise
  return runs.length + again.length
})

/** What was read of the queue, its runs and their goals since this connection began. */
const reads = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* sql`select pg_stat_force_next_flush()`
  const [row] = yield* sql<{ scanned: number; fetched: number; blocks: number }>`
    select sum(s.seq_tup_read)::int as scanned, sum(s.idx_tup_fetch)::int as fetched,
      sum(heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read)::int as blocks
    from pg_stat_user_tables s join pg_statio_user_tables using (relid)
    where s.relname in ('run_queue', 'scheduled_goal_runs', 'goal_runs', 'projected_goals', 'projected_hires')`
  return row!
})

/** The reads of a few turns over a long backlog, each run's share. */
const costOf = Effect.fnUntraced(function* (name: string) {
  const queue = yield* Queue
  yield* backlog(name, WAITING)
  const before = yield* reads
  let runs = 0
  for (let turns = 0; turns < 10; turns++) runs += yield* turn
  const after = yield* reads
  const cancelled = (yield* queue.cancel({ goal_instance_id: `GOI-${name}-1` }, byOperator("olga", undefined))).length
  const last = yield* reads
  return {
    perCancel: (last.fetched - after.fetched) / cancelled,
    scanned: after.scanned - before.scanned,
    fetched: (after.fetched - before.fetched) / runs,
    blocks: (after.blocks - before.blocks) / runs,
  }
})

describe("statements on the queue", () => {
  const stale = {
    "that were never gathered": () => Effect.void,
    "of an empty table": (sql: PgClient.PgClient) => sql`vacuum analyze run_queue`,
  }
  for (const [what, make] of Object.entries(stale)) {
    it.live(`C12: read by the goal, not by its backlog, with statistics ${what}`, () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        yield* sql`alter table run_queue set (autovacuum_enabled = off)`
        yield* make(sql)
        // plans are made and kept while the queue is all but empty
        yield* backlog("few", 3)
        for (let turns = 0; turns < 8; turns++) yield* turn
        const cost = yield* costOf("many")
        assert.strictEqual(cost.scanned, 0)
        assert.isBelow(cost.fetched, 60)
        assert.isBelow(cost.blocks, 400)
        assert.isBelow(cost.perCancel, 10)
      }).pipe(Effect.provide(layer)))
  }
})
