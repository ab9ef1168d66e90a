/** A row that can't be read is set aside, and what was asked goes on (domain.md, "Bounds"). */
import { PgClient } from "@effect/sql-pg"
import { isSqlUnavailable, isUnreadable } from "@stint/edge/Pg"
import { readable } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import { StateMetrics } from "@stint/edge/Metrics"
import * as Unreadable from "@stint/edge/Unreadable"
import { Bounds, defaults } from "@stint/domain/Bounds"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Logger, References, Schema } from "effect"
import { testDatabase } from "../../../tests/support/Database.ts"

const Thing = Schema.Struct({ id: Schema.String, n: Schema.Int, content: Schema.Record(Schema.String, Schema.Json) })

const things = (sql: PgClient.PgClient) =>
  findReadable(sql, {
    what: "things",
    Request: Schema.Struct({ after: Schema.String, limit: Schema.Int }),
    Key: Schema.Struct({ id: Schema.String }),
    Result: Thing,
    query: ({ after, limit }) => sql`select * from things where id > ${after} order by id limit ${limit}`,
  })

const prepared = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* sql`drop table if exists things`
  yield* sql`create temporary table things (id text, n float8, content jsonb)`
  yield* sql`insert into things select 'good-' || g, g, jsonb_build_object('a', g) from generate_series(1, 4) g`
  return sql
})

layer(testDatabase("catalog", { maxConnections: 1 }), { excludeTestServices: true })("rows", (it) => {
  it.effect("A2: each kind of poisoned row is set aside, and the others come in their order", () =>
    Effect.gen(function* () {
      const sql = yield* prepared
      yield* sql`insert into things values
        ('bad-json', 1, '[1]'), ('bad-number', 1.5, '{}'), ('bad-finite', 1, '{"a": 1e400}'), ('bad-null', 1, null),
        ('deep', 1, ('{"a":' || repeat('[', 5000) || repeat(']', 5000) || '}')::jsonb),
        ('large', 1, jsonb_build_object('a', repeat('x', 30000000)))`
      const said: Array<unknown> = []
      const taken = yield* things(sql)({ after: "", limit: 100 }).pipe(
        Effect.provide(Logger.layer([Logger.make(({ message }) => void said.push(message))])),
      )
      assert.isFalse(taken.more)
      assert.deepStrictEqual(
        taken.entries.map(({ key, row }) => [key.id, row?.n]),
        [
          ["bad-finite", undefined],
          ["bad-json", undefined],
          ["bad-null", undefined],
          ["bad-number", undefined],
          ["deep", 1],
          ["good-1", 1],
          ["good-2", 2],
          ["good-3", 3],
          ["good-4", 4],
          ["large", undefined],
        ],
      )
      assert.lengthOf(readable(taken), 5)
      assert.lengthOf(said, 5)
      assert.include(said.join("\n"), "things large: it has 30000")
      assert.include(said.join("\n"), "things bad-number: $.n must be")
      assert.strictEqual((yield* Unreadable.UnreadableRows).counts.get("things"), 5)
      yield* things(sql)({ after: "", limit: 100 })
      assert.strictEqual((yield* Unreadable.UnreadableRows).counts.get("things"), 5, "a row is said once")
    }).pipe(
      Effect.provideService(References.MinimumLogLevel, "Info"),
      // a tally of its own: the process has one that other tests count in
      Effect.provide(Unreadable.layer.pipe(Layer.provide(Layer.sync(StateMetrics, () => StateMetrics.make())))),
    ))

  it.effect("A2: rows end where their bytes do, and a locking query works", () =>
    Effect.gen(function* () {
      const sql = yield* prepared
      yield* sql`update things set content = jsonb_build_object('a', repeat('x', 1000))`
      const small = Effect.provideService(Bounds, { ...defaults, answer_bytes: 900 })
      const first = yield* small(things(sql)({ after: "", limit: 100 }))
      assert.deepStrictEqual(first.entries.map(({ key }) => key.id), ["good-1", "good-2"])
      assert.isTrue(first.more)
      const second = yield* small(things(sql)({ after: "good-2", limit: 100 }))
      assert.deepStrictEqual(second.entries.map(({ key }) => key.id), ["good-3", "good-4"])
      assert.isFalse(second.more)
      const locking = findReadable(sql, {
        what: "things",
        Request: Schema.Void,
        Key: Schema.Struct({ id: Schema.String }),
        Result: Thing,
        query: () => sql`select * from things order by id limit 2 for update skip locked`,
      })
      assert.lengthOf((yield* sql.withTransaction(locking(undefined))).entries, 2)
    }))

  it.effect("A2: a row over the driver's limit is no database that is away", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const error = yield* Effect.flip(sql`select repeat('x', 20000000) as large`)
      assert.isTrue(isUnreadable(error))
      assert.isFalse(isSqlUnavailable(error))
      assert.deepStrictEqual(yield* sql`select 1 as n`, [{ n: 1 }])
    }))
})
