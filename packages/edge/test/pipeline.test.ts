/** Reads that share a session, on a real database. */
import { PgClient } from "@effect/sql-pg"
import * as Client from "@stint/edge/Pg/Client"
import { connectionOf } from "@stint/edge/Pg/Connection"
import { pipelined } from "@stint/edge/Pg/Pipeline"
import { sqlState } from "@stint/edge/Pg/SqlErrors"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { SqlError } from "effect/sql"
import { cloneDatabase } from "../../../tests/support/Database.ts"

const database = PgClient.layerFrom(Effect.gen(function* () {
  const { databaseUrl } = yield* cloneDatabase("catalog")
  return yield* Client.make({ ...connectionOf(databaseUrl), maxConnections: 10 }, {
    checkoutMs: 9_000,
    answerMs: 9_000,
  })
})).pipe(Layer.provide(Reactivity.layer))

const numbers = Array.from({ length: 100 }, (_, n) => n)

layer(database, { excludeTestServices: true })("reads that share a session", (it) => {
  it.effect("get each its own answer, from few backends", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const ask = (n: number) =>
        pipelined(sql<{ n: number; pid: number }>`select ${n}::int as n, pg_backend_pid() as pid`)
      const rows = (yield* Effect.all(numbers.map(ask), { concurrency: "unbounded" })).flat()
      assert.deepStrictEqual(rows.map(({ n }) => n), numbers)
      assert.strictEqual(new Set(rows.map(({ pid }) => pid)).size, 2)
    }))

  it.effect("a statement that is wrong fails alone", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const asked = numbers.map((n) => n === 50 ? sql`select 1 / 0` : sql`select ${n}::int as n`)
      const results = yield* Effect.all(asked.map((one) => pipelined(Effect.result(one))), { concurrency: "unbounded" })
      const failures = results.flatMap((result) => result._tag === "Failure" ? [result.failure] : [])
      assert.deepStrictEqual(failures.map((error) => SqlError.isSqlError(error) && sqlState(error)), ["22012"])
    }))

  it.effect("are asked again when their session is ended", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const ask = pipelined(sql<{ pid: number }>`select pg_backend_pid() as pid`)
      const [before] = yield* ask
      yield* sql`select pg_terminate_backend(${before!.pid}::int, 5000)`
      const [after] = yield* ask
      assert.notStrictEqual(after!.pid, before!.pid)
    }))

  it.effect("in a transaction they are the transaction's", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const pids = yield* sql.withTransaction(Effect.gen(function* () {
        const own = yield* sql<{ pid: number }>`select pg_backend_pid() as pid`
        return [own, yield* pipelined(sql<{ pid: number }>`select pg_backend_pid() as pid`)]
      }))
      assert.deepStrictEqual(pids[0], pids[1])
    }))
})
