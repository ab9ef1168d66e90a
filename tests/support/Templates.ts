/** The databases that those of tests are copies of: of each service one as it is in production, and one whose clock can be moved. */
import {
  adminClient,
  type Passwords,
  provision,
  type Server,
  type ServiceDatabase,
  type ServiceDatabases,
  services,
} from "@stint/cli/Provision"
import { readScripts } from "@stint/cli/Scripts"
import { parsePgUrl } from "@stint/edge/Pg/Url"
import { migrate, type MigrationError } from "@stint/edge/Migrator"
import { Effect, Redacted } from "effect"
import type { SqlError } from "effect/sql"
import { makeClock, useClock } from "./DatabaseClock.ts"

/** The name of the template that has a clock which can be moved, beside the one that has none. */
export const clockedOf = (database: string): string => `${database}_clock`

/** The url of the same role in another database. */
const elsewhere = (url: Redacted.Redacted, database: string) => {
  const other = new URL(Redacted.value(url))
  other.pathname = `/${database}`
  return Redacted.make(other.href)
}

const migrated = (service: typeof services[number], url: Redacted.Redacted, { runtimeRole }: ServiceDatabase) =>
  Effect.flatMap(
    Effect.promise(() => readScripts(service)),
    (files) => migrate({ service, url, runtimeRole, files }),
  )

/** Adds to each migrated template one with a clock. */
export const addClocked = (server: Server, databases: ServiceDatabases) =>
  Effect.forEach(services, (service) =>
    Effect.gen(function* () {
      const { database, migrateUrl } = databases[service]
      const clocked = clockedOf(database)
      const admin = yield* adminClient(server)
      yield* admin.unsafe(`create database ${clocked} owner ${parsePgUrl(Redacted.value(migrateUrl)).user}`).unprepared
      yield* useClock(admin, clocked)
      yield* makeClock(yield* adminClient(server, clocked))
      yield* migrated(service, elsewhere(migrateUrl, clocked), databases[service])
    }).pipe(Effect.scoped), { concurrency: "unbounded", discard: true })

/** Makes the template databases of a run, all migrated; `remove` drops all databases and roles of the run. */
export const prepareTemplates = (
  server: Server,
  prefix: string,
  passwords: Passwords,
): Effect.Effect<{ readonly remove: Effect.Effect<void, SqlError.SqlError> }, SqlError.SqlError | MigrationError> =>
  Effect.gen(function* () {
    const databases = yield* provision(server, prefix, passwords)
    yield* Effect.forEach(
      services,
      (service) => migrated(service, databases[service].migrateUrl, databases[service]),
      { concurrency: "unbounded", discard: true },
    )
    yield* addClocked(server, databases)
    return { remove: remove(server, prefix) }
  })

const remove = (server: Server, prefix: string): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function* () {
    const sql = yield* adminClient(server)
    const databases = yield* sql<{ name: string }>`
      select datname as name from pg_database where starts_with(datname, ${prefix})`
    for (const { name } of databases) yield* sql.unsafe(`drop database if exists ${name} with (force)`).unprepared
    const roles = yield* sql<
      { name: string }
    >`select rolname as name from pg_roles where starts_with(rolname, ${prefix})`
    for (const { name } of roles) yield* sql.unsafe(`drop role ${name}`)
  }).pipe(Effect.scoped)
