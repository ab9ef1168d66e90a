/** C7: a database that can't be written is away, says why, and is used again without a restart. */
import { PgClient } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import { adminClient } from "@stint/cli/Provision"
import { Health } from "@stint/edge/Health"
import { isSqlUnavailable } from "@stint/edge/Pg"
import * as Client from "@stint/edge/Pg/Client"
import { connectionOf } from "@stint/edge/Pg/Connection"
import { Database } from "@stint/edge/Pg/Database"
import { faultOf } from "@stint/edge/Pg/SqlErrors"
import { Context, Effect, Exit, Latch, Layer } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { SqlError } from "effect/sql"
import { inject } from "vitest"
import { cloneDatabase } from "../../../tests/support/Database.ts"
import type {} from "../../../tests/support/globalSetup.ts"

/** A pool on a database of its own, a superuser's hand on it, and the watch that a service has. */
const ground = Effect.gen(function* () {
  const database = yield* cloneDatabase("catalog")
  const sql = yield* Effect.provide(
    Client.make({ ...connectionOf(database.databaseUrl), maxConnections: 3 }, { checkoutMs: 10_000, answerMs: 10_000 }),
    Reactivity.layer,
  )
  const admin = yield* adminClient(inject("testServer").server)
  const owner = yield* PgClient.make({ url: database.migrateUrl, maxConnections: 1 }).pipe(
    Effect.provide(Reactivity.layer),
  )
  const health = Health.make()
  const context = yield* Layer.build(
    Database.layer("catalog").pipe(
      Layer.provide([Layer.succeed(PgClient.PgClient, sql), Layer.succeed(Health, health)]),
    ),
  )
  const writes = Effect.map(health.report, ({ checks }) => checks["database writes"]!)
  const { ask } = Context.get(context, Database)
  return { admin, database, owner, sql, writes: Effect.andThen(ask, writes) }
})

const said = <E>(writes: Effect.Effect<string, E>, what: RegExp) =>
  Effect.repeat(Effect.andThen(Effect.sleep(50), writes), { until: (text) => what.test(text) })

const write = (sql: PgClient.PgClient) => sql`update database_probe set tried_at = now()`

it.live("C7: read-only, it is away and says so; afterwards no session of before is used", () =>
  Effect.scoped(Effect.gen(function* () {
    const { admin, database: { database }, sql, writes } = yield* ground
    // as after a failover: new sessions are read-only
    yield* admin.unsafe(`alter database ${database} set default_transaction_read_only = on`).unprepared
    yield* admin.unsafe(`select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '${database}'`)
      .unprepared
    const refused = yield* Effect.flip(Effect.retry(write(sql), {
      while: (error) => error.reason._tag === "ConnectionError",
      times: 5,
    }))
    assert.isTrue(isSqlUnavailable(refused))
    assert.match(faultOf(refused)!.detail, /^it is read-only: cannot execute UPDATE in a read-only transaction/)
    yield* said(writes, /it is read-only/)
    // each session of the pool at a time: all are read-only for as long as they live
    const all = yield* Latch.make()
    let held = 0
    const hold = sql.withTransaction(Effect.suspend(() => ++held < 3 ? all.await : all.open))
    yield* Effect.all([hold, hold, hold], { concurrency: 3 })
    yield* admin.unsafe(`alter database ${database} reset default_transaction_read_only`).unprepared
    let refusals = 0
    for (let n = 0; n < 8; n++) {
      const tried = n % 2 === 0 ? write(sql) : sql.withTransaction(write(sql))
      if (Exit.isFailure(yield* Effect.exit(tried))) refusals++
    }
    // the first that finds it out drops the others; none at all where the watch had found it out
    assert.isAtMost(refusals, 1)
    yield* said(writes, /^ok$/)
  })))

it.live(
  "C7: without room on its disk, out of memory and starting, it is away with the reason",
  () =>
    Effect.scoped(Effect.gen(function* () {
      const { owner, writes } = yield* ground
      for (
        const [state, words] of [
          ["53100", /its disk is full: could not extend/],
          ["53200", /it is out of memory/],
          ["57P03", /it is starting or recovering/],
          ["58030", /its disk fails/],
        ] as const
      ) {
        yield* owner.unsafe(
          `create or replace function fail() returns trigger language plpgsql as
           $$ begin raise 'could not extend file' using errcode = '${state}'; end $$;`,
        ).unprepared
        yield* owner.unsafe("create or replace trigger fail before update on database_probe execute function fail()")
          .unprepared
        yield* said(writes, words)
        yield* owner.unsafe("drop trigger fail on database_probe").unprepared
        yield* said(writes, /^ok$/)
      }
    })),
)

it("C7: a login that is refused is said as one", () => {
  const cause = Object.assign(new Error('role "stint_hiring" is not permitted to log in'), { code: "28000" })
  const error = new SqlError.SqlError({ reason: new SqlError.AuthenticationError({ cause, message: "" }) })
  assert.deepStrictEqual(faultOf(error), { how: "unavailable", detail: `it refuses the login: ${cause.message}` })
})

it("C7: an error of a statement says nothing of the database", () => {
  const error = (code: string) =>
    new SqlError.SqlError({
      reason: new SqlError.UnknownError({ cause: Object.assign(new Error("said Postgres"), { code }), message: "" }),
    })
  for (const code of ["42601", "23505", "22P05", "XX000"]) assert.isUndefined(faultOf(error(code)), code)
  for (const code of ["25006", "53100", "53300", "57P01", "57P03"]) assert.isDefined(faultOf(error(code)), code)
})
