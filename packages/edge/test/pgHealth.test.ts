/** Whether program and database belong together, as the start and `/readyz` say it. */
import { PgClient } from "@effect/sql-pg"
import { Health } from "@stint/edge/Health"
import { connectionOf } from "@stint/edge/Pg/Connection"
import { health } from "@stint/edge/Pg/Health"
import { readLedger } from "@stint/edge/Pg/Ledger"
import { version } from "@stint/edge/Version"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Redacted, type Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { type AddressInfo, createServer } from "node:net"
import { cloneDatabase, emptyDatabase } from "../../../tests/support/Database.ts"

type Scripts = ReadonlyArray<string>

/** What a program with these scripts says of a database: why it refuses, or nothing once it is ready. */
const said = (url: Redacted.Redacted, scriptsOf: (applied: Scripts) => Scripts) =>
  Effect.gen(function* () {
    const service = Health.make()
    const sql = yield* PgClient.PgClient
    const applied = yield* readLedger(sql).pipe(
      Effect.map(({ scripts }) => scripts.map(({ name }) => name)),
      Effect.orElseSucceed((): Scripts => []),
    )
    yield* Layer.build(health("catalog", scriptsOf(applied)).pipe(Layer.provide(Layer.succeed(Health, service))))
    const isReady = Effect.repeat(service.report, { until: ({ ready }) => ready })
    const why = yield* Effect.raceFirst(Effect.promise(() => service.refused), Effect.as(isReady, undefined))
    return { why, report: yield* service.report }
  }).pipe(Effect.provide(PgClient.layer({ ...connectionOf(url), maxConnections: 2 })), Effect.scoped)

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
    const newer = yield* onClone((url) => said(url, (applied) => applied.filter((name) => !name.startsWith("010_"))))
    assert.include(
      newer.why!,
      `the schema of its database is newer than this program (${version}), which does not know 010_`,
    )
    assert.isFalse(newer.report.ready)
    const none = yield* Effect.scoped(
      Effect.flatMap(emptyDatabase("catalog"), ({ migrateUrl }) => said(migrateUrl, () => ["010_first", "020_second"])),
    )
    assert.match(none.why!, /older than this program, it lacks 010_first, 020_second: run stint db migrate/)
  }))

it.live("D17: a newer schema that only expands is ready, and one that this version may not run on is refused", () =>
  Effect.scoped(Effect.gen(function* () {
    const { databaseUrl, migrateUrl } = yield* cloneDatabase("catalog")
    const sql = yield* PgClient.makeClient({ url: migrateUrl }).pipe(Effect.provide(Reactivity.layer))
    const before = (applied: Scripts) => applied.filter((name) => !name.startsWith("99"))
    yield* sql`insert into schema_scripts (name, needs) values ('990_more', null), ('991_less', ${version})`
    assert.isUndefined((yield* said(databaseUrl, before)).why)
    yield* sql`insert into schema_scripts (name, needs) values ('992_gone', '99.0.0')`
    assert.strictEqual(
      (yield* said(databaseUrl, before)).why,
      `the schema of its database is newer than this program (${version}), which does not know ` +
        "992_gone (for 99.0.0 or later)",
    )
  })))

it.live("D17: a role that 0.2.0 gave its own rights is told so", () =>
  Effect.scoped(Effect.gen(function* () {
    const { databaseUrl, migrateUrl, runtimeRole } = yield* cloneDatabase("catalog")
    const sql = yield* PgClient.makeClient({ url: migrateUrl }).pipe(Effect.provide(Reactivity.layer))
    yield* sql.unsafe(`revoke all on schema_scripts from ${runtimeRole}`)
    assert.strictEqual(
      (yield* said(databaseUrl, (applied) => applied)).why,
      "the rights of its role in the database are those of another version: run stint db migrate --service catalog first",
    )
  })))

it.live("D19: a session that looks at another schema first is refused", () =>
  onClone((url) =>
    Effect.gen(function* () {
      const elsewhere = new URL(Redacted.value(url))
      elsewhere.searchParams.set("options", "-csearch_path=pg_catalog")
      const { why } = yield* said(Redacted.make(elsewhere.href), () => [])
      assert.match(why!, /^its tables stand in schema public, and its sessions look at schema pg_catalog first: /)
    })
  ))

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
