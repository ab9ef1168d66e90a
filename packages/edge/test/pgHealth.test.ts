/** Whether program and database belong together, as the start and `/readyz` say it. */
import { PgClient } from "@effect/sql-pg"
import { Health } from "@stint/edge/Health"
import { health } from "@stint/edge/Pg/Health"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Redacted, type Scope } from "effect"
import { type AddressInfo, createServer } from "node:net"
import { cloneDatabase, emptyDatabase } from "../../../tests/support/Database.ts"

type Scripts = ReadonlyArray<string>

/** What a program with these scripts says of a database: why it refuses, or nothing once it is ready. */
const said = (url: Redacted.Redacted, scriptsOf: (applied: Scripts) => Scripts) =>
  Effect.gen(function* () {
    const service = Health.make()
    const sql = yield* PgClient.PgClient
    const applied = yield* sql<{ name: string }>`select name from schema_ledger`.pipe(
      Effect.map((rows) => rows.map(({ name }) => name)),
      Effect.orElseSucceed((): Scripts => []),
    )
    yield* Layer.build(health("catalog", scriptsOf(applied)).pipe(Layer.provide(Layer.succeed(Health, service))))
    const isReady = Effect.repeat(service.report, { until: ({ ready }) => ready })
    const why = yield* Effect.raceFirst(Effect.promise(() => service.refused), Effect.as(isReady, undefined))
    return { why, report: yield* service.report }
  }).pipe(Effect.provide(PgClient.layer({ url, maxConnections: 2 })), Effect.scoped)

const onClone = <A, E>(use: (url: Redacted.Redacted) => Effect.Effect<A, E, Scope.Scope>) =>
  Effect.scoped(Effect.flatMap(cloneDatabase("catalog"), ({ databaseUrl }) => use(databaseUrl)))

it.live("a schema with exactly the program's scripts is ready", () =>
  onClone((url) =>
    Effect.gen(function* () {
      const { report, why } = yield* said(url, (applied) => applied)
      assert.isUndefined(why)
      assert.deepStrictEqual(report, { ready: true, itself: true, checks: { database: "ok" }, away: [] })
    })
  ))

it.live("an older one, a newer one and none at all are refused with what is missing or unknown, and stay not ready", () =>
  Effect.gen(function* () {
    const older = yield* onClone((url) => said(url, (applied) => [...applied, "990_future"]))
    assert.strictEqual(
      older.why,
      "the schema of its database is older than this program, it lacks 990_future: " +
        "run stint db migrate --service catalog first",
    )
    assert.deepStrictEqual(older.report, {
      ready: false,
      itself: false,
      checks: { database: older.why! },
      away: [],
    })
    const newer = yield* onClone((url) => said(url, (applied) => applied.slice(1)))
    assert.match(
      newer.why!,
      /^the schema of its database is newer than this program, which does not know \d+_\w+$/,
    )
    assert.isFalse(newer.report.ready)
    const none = yield* Effect.scoped(
      Effect.flatMap(emptyDatabase("catalog"), ({ migrateUrl }) => said(migrateUrl, () => ["010_first", "020_second"])),
    )
    assert.match(none.why!, /older than this program, it lacks 010_first, 020_second: run stint db migrate/)
  }))

it.live("a database that refuses us is said without the password, and not waited for", () =>
  onClone((url) =>
    Effect.gen(function* () {
      const wrong = new URL(Redacted.value(url))
      wrong.password = "hunter2"
      const { report, why } = yield* said(Redacted.make(String(wrong)), () => [])
      assert.match(why!, /^its database can't be used: password authentication failed for user "/)
      assert.notInclude(why!, "hunter2")
      assert.deepStrictEqual(report, {
        ready: false,
        itself: false,
        checks: { database: "the database does not answer" },
        away: [],
      })
    })
  ))

it.live("a database that is away is tried again, and refused by nobody", () =>
  onClone((url) =>
    Effect.gen(function* () {
      let connections = 0
      const enough = Promise.withResolvers<void>()
      const server = createServer((socket) => {
        socket.destroy()
        if (++connections === 3) enough.resolve()
      })
      yield* Effect.acquireRelease(
        Effect.promise(() => new Promise<void>((done) => server.listen(0, "127.0.0.1", done))),
        () => Effect.promise(() => new Promise<unknown>((done) => server.close(done))),
      )
      const away = new URL(Redacted.value(url))
      away.port = String((server.address() as AddressInfo).port)
      const first = yield* Effect.raceFirst(
        said(Redacted.make(String(away)), () => []),
        Effect.as(Effect.promise(() => enough.promise), "tried three times"),
      )
      assert.strictEqual(first, "tried three times")
    })
  ))
