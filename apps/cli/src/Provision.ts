/** Gives each service its own database, owner and runtime role on a Postgres where we are superuser. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import type { SqlError } from "effect/sql"
import { namesOf, type Passwords, type Server, type ServiceName, services, urlTextOf } from "./Provision/Roles.ts"

export { newPasswords, type Passwords, type Server, type ServiceName, services } from "./Provision/Roles.ts"

/** How one service reaches its database: as itself, and as the owner, who alone may change the schema. */
export interface ServiceDatabase {
  readonly database: string
  readonly runtimeRole: string
  readonly databaseUrl: Redacted.Redacted
  readonly migrateUrl: Redacted.Redacted
}

/** How each service reaches its database. */
export type ServiceDatabases = Readonly<Record<ServiceName, ServiceDatabase>>

/** The connection string of a role; its password is inside, so it is redacted. */
export const urlOf = (server: Server, role: string, password: string, database: string): Redacted.Redacted =>
  Redacted.make(urlTextOf(server, role, password, database))

/** A superuser's client, on one connection. The server is ours, and there: a busy machine may take long to let us in. */
export const adminClient = (server: Server, database = "postgres") =>
  PgClient.makeClient({
    url: urlOf(server, server.user, server.password, database),
    connectTimeout: "30 seconds",
  }).pipe(Effect.provide(Reactivity.layer))

/** Role and database names are ours and plain, passwords are base64url: none needs quoting. */
const provisionService = (sql: PgClient.PgClient, prefix: string, service: ServiceName, passwords: Passwords) =>
  Effect.gen(function* () {
    const { database, owner, runtime } = namesOf(prefix, service)
    yield* sql.unsafe(`do $$ begin
      ${
      [owner, runtime].map((role) => `
      begin create role ${role}; exception when duplicate_object then null; end;
      alter role ${role} login nosuperuser nocreatedb nocreaterole password '${passwords[role]}';`).join("")
    }
    end $$`)
    const [found] = yield* sql`select 1 from pg_database where datname = ${database}`
    if (found === undefined) yield* sql.unsafe(`create database ${database} owner ${owner}`).unprepared
    yield* sql.unsafe(`do $$ begin
      revoke all on database ${database} from public;
      grant connect on database ${database} to ${runtime};
    end $$`)
  })

/**
 * Makes, for each service, the database `<prefix>_<service>`, its owner `<prefix>_<service>_owner` and the runtime role
 * `<prefix>_<service>`, and takes the right to connect from everyone else. May be repeated; sets the passwords anew.
 */
export const provision = Effect.fn("Provision.provision")(function* (
  server: Server,
  prefix: string,
  passwords: Passwords,
): Effect.fn.Return<ServiceDatabases, SqlError.SqlError> {
  // Side by side: a database is a copy of some 300 files, which is one processor's work
  yield* Effect.forEach(
    services,
    (service) =>
      adminClient(server).pipe(
        Effect.flatMap((sql) => provisionService(sql, prefix, service, passwords)),
        Effect.scoped,
      ),
    { concurrency: "unbounded", discard: true },
  )
  return databasesOf(server, prefix, passwords)
})

/** How each service reaches its database, once provisioned. */
export const databasesOf = (
  server: Server,
  prefix: string,
  passwords: Passwords,
): ServiceDatabases => {
  const databaseOf = (service: ServiceName): ServiceDatabase => {
    const { database, owner, runtime } = namesOf(prefix, service)
    return {
      database,
      runtimeRole: runtime,
      databaseUrl: urlOf(server, runtime, passwords[runtime]!, database),
      migrateUrl: urlOf(server, owner, passwords[owner]!, database),
    }
  }
  return {
    catalog: databaseOf("catalog"),
    hiring: databaseOf("hiring"),
    deliverables: databaseOf("deliverables"),
    scheduler: databaseOf("scheduler"),
  }
}
