/** What counts as the database being away, on a real one. */
import { PgClient } from "@effect/sql-pg"
import { isSqlUnavailable } from "@stint/edge/Pg"
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { testDatabase } from "../../../tests/support/Database.ts"

it.live("a connection that the server ends is; a statement that is wrong is not", () =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const asleep = yield* Effect.forkChild(Effect.flip(sql`select pg_sleep(600)`))
    const end = sql`select pg_terminate_backend(pid) from pg_stat_activity
                    where query like '%pg_sleep%' and datname = current_database() and pid <> pg_backend_pid()`
    yield* Effect.repeat(end, { until: (rows) => rows.length > 0 })
    assert.isTrue(isSqlUnavailable(yield* Fiber.join(asleep)))
    assert.isFalse(isSqlUnavailable(yield* Effect.flip(sql`select * from nowhere`)))
    assert.deepStrictEqual(yield* sql`select 1 as n`, [{ n: 1 }])
  }).pipe(Effect.provide(testDatabase("catalog"))))
