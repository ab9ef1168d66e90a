import {
  adminClient,
  newPasswords,
  type Passwords,
  provision,
  type Server,
  services,
  urlOf,
} from "@stint/cli/Provision"
import { readScripts } from "@stint/cli/Scripts"
import { migrate, type MigrationError } from "@stint/edge/Migrator"
import { Effect } from "effect"
import type { SqlError } from "effect/sql"
import { makeClock, useClock } from "./DatabaseClock.ts"

export { newPasswords, type Passwords, type Server }

/** The name of the template that has a clock which can be moved, beside the one that has none. */
export const clockedOf = (database: string): string => `${database}_clock`

const makeClocked = (server: Server, database: string, owner: string) =>
  Effect.gen(function* () {
    const admin = yield* adminClient(server)
    yield* admin.unsafe(`create database ${database} owner ${owner}`).unprepared
    yield* useClock(admin, database)
    yield* makeClock(yield* adminClient(server, database))
  }).pipe(Effect.scoped)

/** Makes the template databases of a run, all migrated; `remove` drops all databases and roles of the run. */
export const prepareTemplates = (
  server: Server,
  prefix: string,
  passwords: Passwords,
): Effect.Effect<{ readonly remove: Effect.Effect<void, SqlError.SqlError> }, SqlError.SqlError | MigrationError> =>
  Effect.gen(function* () {
    const databases = yield* provision(server, prefix, passwords)
    yield* Effect.forEach(services, (service) =>
      Effect.gen(function* () {
        const files = yield* Effect.promise(() => readScripts(service))
        const { database, migrateUrl: url, runtimeRole } = databases[service]
        yield* migrate({ service, url, runtimeRole, files })
        const owner = `${runtimeRole}_owner`
        const clocked = clockedOf(database)
        yield* makeClocked(server, clocked, owner)
        yield* migrate({ service, url: urlOf(server, owner, passwords[owner]!, clocked), runtimeRole, files })
      }), { concurrency: "unbounded", discard: true })
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
