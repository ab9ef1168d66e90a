/** D24: a page of runs by status reads about as many rows as it shows, whatever the table keeps. `STINT_TEST_VOLUME` sets how many. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import type { RunStatus } from "@stint/domain/scheduler/Runs"
import { Ids } from "@stint/edge/Ids"
import { Effect, Layer } from "effect"
import process from "node:process"
import { testDatabase } from "../../../tests/support/Database.ts"
import { FiguresRepo } from "../src/Figures/Repo.ts"
import { Nudge } from "../src/Nudge.ts"
import { Queue } from "../src/Queue.ts"
import { RunsRepo } from "../src/Runs/Repo.ts"

const ROWS = Number(process.env.STINT_TEST_VOLUME ?? 100_000)
const LIMIT = 50

const layer = Layer.mergeAll(RunsRepo.layer, FiguresRepo.layer).pipe(
  Layer.provide(Queue.layer),
  // a listener would take the one connection, whose reads are counted
  Layer.provide(
    Layer.succeed(Nudge, Nudge.of({ here: Effect.void, inTransaction: Effect.void, wait: () => Effect.never })),
  ),
  Layer.provide(Ids.layer),
  Layer.provideMerge(testDatabase("scheduler", { as: "owner", maxConnections: 1 })),
)

/** Completed runs; the oldest are, a hundred each, cancelled, dead-lettered and pending: a walk from the latest finds them last. */
const fill = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* sql`insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id,
      scheduled_time, created_at, status, completed_at, closed_at, idempotency_key, reason_code)
    select 'SCH-' || n, 'GOI-' || n % 1000, 'HAI-1', 'acme', at, at,
      case when n > 300 then 'completed' when n > 100 then 'cancelled' else 'pending' end,
      case when n > 300 then at end, case when n > 100 then at end, 'key-' || n,
      case when n > 300 or n <= 100 then null when n > 200 then 'dead_lettered' else 'cancelled_by_operator' end
    from (select n, now() - interval '20 days' + n * interval '1 second' as at from generate_series(1, ${ROWS}::int) n) x`
  yield* sql`insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
      serial, claimable_at, state)
    select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, false, scheduled_time, 'timed'
    from scheduled_goal_runs where status = 'pending'`
  // of the goals, three are of one customer
  yield* sql`insert into projected_hires (hired_instance_id, customer_id, agent_id, timezone, runnable, version, changed_at)
    select id, case id when 'HAI-2' then 'bee' else 'acme' end, 'gardening.v1', 'UTC', true, 1, now()
    from unnest(array['HAI-1', 'HAI-2']) id`
  yield* sql`insert into projected_goals (goal_instance_id, hired_instance_id, customer_id, version, changed_at, enabled, frequency,
      schedule)
    select 'GOI-' || n, hire, case hire when 'HAI-2' then 'bee' else 'acme' end, 1, now(), true, 'on_demand', '{}'
    from (select n, case when n in (7, 77, 777) then 'HAI-2' else 'HAI-1' end as hire
      from generate_series(0, ${ROWS / 100 - 1}::int) n) x`
  yield* sql`analyze scheduled_goal_runs, projected_goals, projected_hires`
})

/** How many rows of a table were read since this connection began. */
const readOf = (table: string) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* sql`select pg_stat_force_next_flush()`
    const [row] = yield* sql<{ rows: number; whole: number }>`select (seq_tup_read + idx_tup_fetch)::int as rows,
        seq_tup_read::int as whole from pg_stat_user_tables where relname = ${table}`
    return row!
  })
const read = readOf("scheduled_goal_runs")

describe("lists of many runs", { timeout: 600_000 }, () => {
  it.live("D24: by status read few rows, figures those of their window, of the whole table none", () =>
    Effect.gen(function* () {
      yield* fill
      const repo = yield* RunsRepo
      const expected: Record<RunStatus, number> = {
        completed: LIMIT,
        cancelled: LIMIT,
        dead_lettered: LIMIT,
        pending: LIMIT,
        running: 0,
        retrying: 0,
      }
      for (const [status, count] of Object.entries(expected)) {
        const before = yield* read
        const { entries } = yield* repo.list({ status: status as RunStatus, limit: LIMIT })
        const after = yield* read
        assert.lengthOf(entries, count, status)
        assert.strictEqual(after.whole - before.whole, 0, status)
        // the pending ones are few: all of them may be read, and sorted
        assert.isAtMost(after.rows - before.rows, 6 * LIMIT, status)
      }

      // three goals among all: their last slots, and no other goal's
      const [first, goals] = [yield* read, yield* readOf("projected_goals")]
      const lasts = yield* repo.last({ customer_id: "bee", limit: LIMIT })
      const [then, goalsThen] = [yield* read, yield* readOf("projected_goals")]
      assert.deepStrictEqual(lasts.entries.map(({ key }) => key.goal_instance_id), ["GOI-7", "GOI-77", "GOI-777"])
      assert.strictEqual(then.whole - first.whole, 0)
      assert.isAtMost(then.rows - first.rows, 3 * 10)
      assert.isAtMost(goalsThen.rows - goals.rows, 3)

      // an hour of 3,600 runs among all
      const sql = yield* PgClient.PgClient
      const [row] = yield* sql<{ latest: Date }>`select max(closed_at) as latest from scheduled_goal_runs`
      const to = row!.latest.getTime() - 1_000_000
      const before = yield* read
      const { ended } = yield* (yield* FiguresRepo).read({ from: to - 3_600_000, to, step: 60_000 })
      const after = yield* read
      assert.deepInclude(ended.find(({ point }) => point === null)!, {
        completed: 3_600,
        cancelled: 0,
        dead_lettered: 0,
      })
      assert.lengthOf(ended, 61)
      assert.strictEqual(after.whole - before.whole, 0)
      assert.isAtMost(after.rows - before.rows, 3_700)
    }).pipe(Effect.provide(layer)))
})
