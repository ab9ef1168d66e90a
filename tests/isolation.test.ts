/** What Postgres itself refuses: a service in another's database, and whoever would alter the audit trail. */
import { PgClient } from "@effect/sql-pg"
import { services } from "@stint/cli/Provision"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { testDatabase } from "./support/Database.ts"
import { startStack } from "./support/Stack.ts"

const refused = <A, R>(effect: Effect.Effect<A, { readonly message: string }, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    const cause = "reason" in error ? (error.reason as { cause?: { message?: string } }).cause : undefined
    return cause?.message ?? error.message
  })

describe("what Postgres refuses", () => {
  it("a service's role connects to its own database and to no other", async () => {
    const stack = await startStack()
    try {
      const { port } = JSON.parse(await readFile(join(stack.home, "postgres.json"), "utf8"))
      const passwords = JSON.parse(await readFile(join(stack.home, "database-roles.json"), "utf8"))
      for (const service of services) {
        const role = `stint_${service}`
        const connect = (database: string) =>
          Effect.flatMap(PgClient.PgClient, (sql) => sql`select 1`).pipe(
            Effect.provide(PgClient.layer({
              url: Redacted.make(`postgres://${role}:${passwords[role]}@127.0.0.1:${port}/${database}`),
              maxConnections: 1,
            })),
          )
        await Effect.runPromise(connect(role))
        for (
          const other of [
            "postgres",
            "template1",
            ...services.filter((s) => s !== service).map((s) => `stint_${s}`),
          ]
        ) {
          assert.match(await Effect.runPromise(refused(connect(other))), /permission denied/, `${role} in ${other}`)
        }
      }
    } finally {
      await stack.stop()
    }
  }, 60_000)

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
      assert.match(yield* refused(run("pending")), /uq_scheduled_runs_goal_slot/)
    }).pipe(Effect.provide(testDatabase("scheduler"))))
})
