/** What Postgres itself refuses: whoever would alter the audit trail, and states that no rule knows. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { testDatabase } from "./support/Database.ts"

const refused = <A, R>(effect: Effect.Effect<A, { readonly message: string }, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    const cause = "reason" in error ? (error.reason as { cause?: { message?: string } }).cause : undefined
    return cause?.message ?? error.message
  })

describe("what Postgres refuses", () => {
  const log = (sql: PgClient.PgClient) =>
    sql`insert into scheduler_action_log (log_id, action, operator, timestamp) values ('LOG-1', 'pause', 'olga', now())`

  it.live("the action log takes lines, and nothing else from anyone, its owner included", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* log(sql)
      assert.match(yield* refused(sql`update scheduler_action_log set operator = 'otto'`), /audit trail/)
      assert.match(yield* refused(sql`delete from scheduler_action_log`), /audit trail/)
      assert.match(yield* refused(sql`truncate scheduler_action_log`), /audit trail/)
      assert.strictEqual((yield* sql`select from scheduler_action_log`).length, 1)
    }).pipe(Effect.provide(testDatabase("scheduler", { as: "owner" }))))

  it.live("the scheduler's own role has no right to alter it in the first place", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* log(sql)
      for (
        const attempt of [
          sql`update scheduler_action_log set operator = 'otto'`,
          sql`delete from scheduler_action_log`,
          sql`truncate scheduler_action_log`,
        ]
      ) assert.match(yield* refused(attempt), /permission denied/)
    }).pipe(Effect.provide(testDatabase("scheduler"))))

  it.live("states that the rules do not know can't be stored", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const run = (status: string, more = "") =>
        sql.unsafe(`insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, customer_id, scheduled_time,
          created_at, status, idempotency_key ${more === "" ? "" : ", completed_at, closed_at"})
          values ('SCH-${status}', 'GOI-1', 'acme', '2026-01-01', now(), '${status}', 'k-${status}' ${more})`)
      assert.match(yield* refused(run("sleeping")), /ck_scheduled_runs_/)
      assert.match(yield* refused(run("completed")), /ck_scheduled_runs_/)
      yield* run("completed", ", now(), now()")
      // the same slot of the same goal, under another id and key
      assert.match(yield* refused(run("pending")), /idx_scheduled_runs_goal_time/)
    }).pipe(Effect.provide(testDatabase("scheduler"))))
})
