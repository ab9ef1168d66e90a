/** One time for a process and its databases, which a test moves on: services on real Postgres see weeks go by. */
import { adminClient, type ServiceName } from "@stint/cli/Provision"
import type { PgClient } from "@effect/sql-pg"
import { Duration, Effect, Exit, Redacted, Scope } from "effect"
import { inject } from "vitest"
import { cloneDatabase } from "./Database.ts"
import { moveClock } from "./DatabaseClock.ts"
import { type MovableClock, movableClock } from "./MovableClock.ts"

/** The time, and a database of each service that lives by it. */
export interface MovableTime<Name extends ServiceName> {
  /** What services run by: give it to their layers as `Clock.Clock`. */
  readonly clock: MovableClock["clock"]
  /** The time, in epoch milliseconds. */
  now(): number
  /** The url of each database, as the service's own role. */
  readonly urls: Readonly<Record<Name, string>>
  /** Runs a statement in a service's database as the superuser, at the time of that database. */
  // deno-lint-ignore no-explicit-any
  sql<A = any>(service: Name, statement: string): Promise<ReadonlyArray<A>>
  /**
   * Moves the time on: the databases first, so that whoever wakes in the process finds them there already. What is under
   * way at that moment times out, and a lease ends: wait until nothing is.
   */
  advance(by: Duration.Input): Promise<void>
  /** Drops the databases. */
  release(): Promise<void>
}

/** Makes a time that is the real one until it is moved, and databases of these services. */
export const movableTime = async <Name extends ServiceName>(
  ...services: ReadonlyArray<Name>
): Promise<MovableTime<Name>> => {
  const scope = Scope.makeUnsafe()
  const { server } = inject("testServer")
  const process = movableClock()
  const made = await Effect.runPromise(
    Effect.forEach(services, (service) =>
      Effect.gen(function* () {
        const { database, databaseUrl } = yield* cloneDatabase(service, { clock: "movable" })
        const sql = yield* adminClient(server, database)
        return { service, sql, url: Redacted.value(databaseUrl) }
      })).pipe(Scope.provide(scope)),
  )
  const clients = Object.fromEntries(made.map(({ service, sql }) => [service, sql])) as Record<Name, PgClient.PgClient>
  return {
    clock: process.clock,
    now: process.now,
    urls: Object.fromEntries(made.map(({ service, url }) => [service, url])) as Record<Name, string>,
    sql: <A>(service: Name, statement: string) =>
      Effect.runPromise(clients[service].unsafe(statement).unprepared) as unknown as Promise<
        ReadonlyArray<A>
      >,
    advance: async (by) => {
      const millis = Duration.toMillis(by)
      await Effect.runPromise(
        Effect.forEach(made, ({ sql }) => moveClock(sql, millis), { concurrency: "unbounded", discard: true }),
      )
      process.advance(millis)
    },
    release: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}
