import { PgClient } from "@effect/sql-pg"
import { adminClient, databasesOf, type ServiceDatabase, type ServiceName, urlOf } from "@stint/cli/Provision"
import { Effect, Exit, Layer, Redacted, Scope } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { inject } from "vitest"
import { useClock } from "./DatabaseClock.ts"
import type {} from "./globalSetup.ts"
import { clockedOf } from "./Templates.ts"

/**
 * Makes and drops the databases of a worker's tests over one connection: to begin one costs Postgres more than either does.
 * It ends with the worker.
 */
let administrator: Promise<PgClient.PgClient> | undefined
const administer = <A, E>(statement: (sql: PgClient.PgClient) => Effect.Effect<A, E>) =>
  Effect.flatMap(
    Effect.promise(() =>
      administrator ??= Effect.runPromise(Scope.provide(adminClient(inject("testServer").server), Scope.makeUnsafe()))
    ),
    statement,
  ).pipe(Effect.orDie)

/** With time to open a connection on a machine that has other things to do as well: five seconds is the default. */
const patient = (url: Redacted.Redacted): Redacted.Redacted =>
  Redacted.make(`${Redacted.value(url)}?connect_timeout=60`)

const makeDatabase = (
  service: ServiceName,
  from: "service" | "service, clock" | "nothing",
): Effect.Effect<ServiceDatabase, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { passwords, prefix, server } = inject("testServer")
    const template = databasesOf(server, prefix, passwords)[service]
    const owner = `${template.runtimeRole}_owner`
    const database = `${template.database}_${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`
    const source = { service: template.database, "service, clock": clockedOf(template.database), nothing: "template0" }
    yield* Effect.acquireRelease(
      // as files: page by page, through the log, a copy of these few megabytes takes three times as long
      administer((sql) =>
        sql.unsafe(`create database ${database} owner ${owner} template ${source[from]} strategy file_copy`).unprepared
      ),
      () => administer((sql) => sql.unsafe(`drop database if exists ${database} with (force)`).unprepared),
    )
    if (from === "service, clock") yield* administer((sql) => useClock(sql, database))
    return {
      database,
      runtimeRole: template.runtimeRole,
      databaseUrl: patient(urlOf(server, template.runtimeRole, passwords[template.runtimeRole]!, database)),
      migrateUrl: patient(urlOf(server, owner, passwords[owner]!, database)),
    }
  })

/**
 * A new copy of a service's migrated database, dropped when the scope closes, with connections still open or not. Its
 * roles are the run's own, with the rights that the service has in production. With a movable clock it tells the time
 * by one that a test moves (MovableTime.ts).
 */
export const cloneDatabase = (
  service: ServiceName,
  { clock = "real" }: { readonly clock?: "real" | "movable" } = {},
): Effect.Effect<ServiceDatabase, never, Scope.Scope> =>
  makeDatabase(service, clock === "real" ? "service" : "service, clock")

/** A new database with nothing in it, owned as the service's is, dropped when the scope closes. */
export const emptyDatabase = (service: ServiceName): Effect.Effect<ServiceDatabase, never, Scope.Scope> =>
  makeDatabase(service, "nothing")

/** How to use a test database. */
export interface TestDatabaseOptions {
  /** As whom: the service's own role (default), or the schema's owner. */
  readonly as?: "runtime" | "owner"
  /** The pool's size. Default 4. */
  readonly maxConnections?: number
}

/**
 * A Postgres client on a database of its own, migrated as in production: one layer is one database, so build it once a
 * test file. It connects as the service's runtime role, so a right that is missing shows in the test.
 */
export const testDatabase = (
  service: ServiceName,
  options: TestDatabaseOptions = {},
): Layer.Layer<PgClient.PgClient | SqlClient> =>
  Layer.unwrap(
    Effect.map(cloneDatabase(service), ({ databaseUrl, migrateUrl }) =>
      PgClient.layer({
        url: options.as === "owner" ? migrateUrl : databaseUrl,
        maxConnections: options.maxConnections ?? 4,
      }).pipe(Layer.orDie)),
  )

/** For a service that runs behind its fetch handler: the url of a database of its own, and how to give it back. */
export const withDatabase = async (service: ServiceName) => {
  const scope = Scope.makeUnsafe()
  const database = await Effect.runPromise(Scope.provide(cloneDatabase(service), scope))
  return {
    url: Redacted.value(database.databaseUrl),
    ownerUrl: Redacted.value(database.migrateUrl),
    release: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}
