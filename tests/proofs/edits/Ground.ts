/** A scheduler's database whose time stands still until it is moved, and the scheduler's storage and decisions over it, by hand. */
import { PgClient } from "@effect/sql-pg"
import { fromPrepared } from "@stint/cli/Prepared"
import { startThrowaway } from "@stint/cli/Postgres/Throwaway"
import { adminClient, databasesOf, type Server, urlOf } from "@stint/cli/Provision"
import { embeddedPrefix, readPasswords } from "@stint/cli/Provision/Roles"
import { Ids } from "@stint/edge/Ids"
import { Answers } from "@stint/scheduler/Answers"
import { Repos } from "@stint/scheduler/App"
import { Clock, Effect, Exit, Layer, ManagedRuntime, Scope } from "effect"
import { useClock } from "../../support/DatabaseClock.ts"
import { addClocked, clockedOf } from "../../support/Templates.ts"
import type { Attack } from "../Proof.ts"

const prepared = fromPrepared({
  name: "tests",
  sources: ["../../support/Templates.ts", "../../support/DatabaseClock.ts"].map((path) =>
    new URL(path, import.meta.url)
  ),
  add: (server, databases) => Effect.runPromise(addClocked(server, databases)),
})

const functions = ["now", "transaction_timestamp", "statement_timestamp", "clock_timestamp"]

/** Stops the clock of a database: it shows what `clock.shift` says, from the epoch on. */
const stopClock = (sql: PgClient.PgClient) =>
  Effect.forEach(
    functions,
    (name) =>
      sql.unsafe(`create or replace function clock.${name}() returns timestamptz stable parallel safe language sql
      as 'select timestamptz ''epoch'' + (select ahead from clock.shift)'`).unprepared,
    { discard: true },
  )

/** What the scheduler's storage gives. */
const layerOf = (url: Parameters<typeof PgClient.layer>[0]["url"]) =>
  Answers.layer.pipe(
    Layer.provideMerge(Repos),
    Layer.provideMerge(Ids.layer),
    Layer.provideMerge(PgClient.layer({ url: url!, maxConnections: 4, connectTimeout: "20 seconds" })),
    Layer.orDie,
  )
/** What a step may use. */
export type Stored = Layer.Success<ReturnType<typeof layerOf>>

/** The database and the storage. */
export const standStill = async (attack: Attack, start: number) => {
  const postgres = await startThrowaway({ name: "prove-edits", log: attack.say, make: prepared })
  attack.defer(() => postgres.stop())
  const server: Server = { host: postgres.host, port: postgres.port, ...postgres.superuser }
  const passwords = (await readPasswords(postgres.home))!
  const { database: template, runtimeRole } = databasesOf(server, embeddedPrefix, passwords).scheduler
  const scope = Scope.makeUnsafe()
  attack.defer(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  const database = clockedOf(template)
  const sql = await Effect.runPromise(
    Effect.gen(function* () {
      yield* Effect.scoped(Effect.flatMap(adminClient(server), (admin) => useClock(admin, database)))
      const client = yield* adminClient(server, database)
      yield* stopClock(client)
      return client
    }).pipe(Scope.provide(scope)),
  )
  let now = start
  const nanos = () => BigInt(now) * 1_000_000n
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => now,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep: (duration) => Effect.promise(() => new Promise((resolve) => setTimeout(resolve, Number(duration) || 1))),
  }
  const begin = () => ManagedRuntime.make(layerOf(urlOf(server, runtimeRole, passwords[runtimeRole]!, database)))
  let runtime = begin()
  attack.defer(() => runtime.dispose())
  const moveTo = async (instant: number) => {
    await Effect.runPromise(
      sql`update clock.shift set ahead = make_interval(secs => ${instant / 1000}::float8)`,
    )
    now = instant
  }
  await moveTo(start)
  return {
    now: () => now,
    moveTo,
    run: <A, E>(step: Effect.Effect<A, E, Stored>): Promise<A> =>
      runtime.runPromise(Effect.provideService(step, Clock.Clock, clock)),
    /** All that a process knows is gone: what it had claimed is held by nobody who is alive. */
    kill: async () => {
      await runtime.dispose()
      runtime = begin()
    },
    rows: <A extends object>(statement: string) =>
      Effect.runPromise(sql.unsafe(statement).unprepared) as unknown as Promise<ReadonlyArray<A>>,
  }
}
export type Ground = Awaited<ReturnType<typeof standStill>>
