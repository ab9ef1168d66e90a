/** Gives each service its own database, owner and runtime role on a Postgres where we are superuser. */
import { PgClient } from "@effect/sql-pg"
import { migrate, type MigrationError } from "@stint/edge/Migrator"
import { Effect, Redacted } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import type { SqlError } from "effect/sql"
import { randomBytes } from "node:crypto"
import { readFile, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { readScripts } from "./Scripts.ts"

/** The services that keep data, each in a database of its own. */
export const services = ["catalog", "hiring", "deliverables", "scheduler"] as const

/** The name of a service that keeps data. */
export type ServiceName = typeof services[number]

/** A server and a superuser on it. */
export interface Server {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
}

/** How one service reaches its database: as itself, and as the owner, who alone may change the schema. */
export interface ServiceDatabase {
  readonly database: string
  readonly runtimeRole: string
  readonly databaseUrl: Redacted.Redacted
  readonly migrateUrl: Redacted.Redacted
}

/** How each service reaches its database. */
export type ServiceDatabases = Readonly<Record<ServiceName, ServiceDatabase>>

/** A password for each role. */
export type Passwords = Readonly<Record<string, string>>

const namesOf = (prefix: string, service: ServiceName) => ({
  database: `${prefix}_${service}`,
  owner: `${prefix}_${service}_owner`,
  runtime: `${prefix}_${service}`,
})

/** New random passwords for the roles of all services. */
export const newPasswords = (prefix: string): Passwords =>
  Object.fromEntries(
    services.flatMap((service) => [namesOf(prefix, service).owner, namesOf(prefix, service).runtime])
      .map((role) => [role, randomBytes(24).toString("base64url")]),
  )

/** The connection string of a role; its password is inside, so it is redacted. */
export const urlOf = (server: Server, role: string, password: string, database: string): Redacted.Redacted =>
  Redacted.make(`postgres://${role}:${encodeURIComponent(password)}@${server.host}:${server.port}/${database}`)

/** A superuser's client, on one connection. */
export const adminClient = (server: Server, database = "postgres") =>
  PgClient.makeClient({ url: urlOf(server, server.user, server.password, database) }).pipe(
    Effect.provide(Reactivity.layer),
  )

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

const prefix = "stint"

/** Whether the server has all that `provision` makes, in one query. */
const isProvisioned = (server: Server): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.gen(function* () {
    const sql = yield* adminClient(server)
    const databases = [...services.map((service) => namesOf(prefix, service).database), "postgres", "template1"]
    const [row] = yield* sql<{ done: boolean }>`
      select (select count(*) from pg_roles where rolname = any(${Object.keys(newPasswords(prefix))}::text[])) = 8
        and (select count(*) from pg_database
          where datname = any(${databases}::text[]) and not exists (
            select from aclexplode(coalesce(datacl, acldefault('d', datdba))) where grantee = 0)) = 6 as done`
    return row!.done
  }).pipe(Effect.scoped)

/** Also closes the server's own databases, which every role may connect to otherwise. */
const provisionEmbedded = (server: Server, passwords: Passwords): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function* () {
    yield* provision(server, prefix, passwords)
    const sql = yield* adminClient(server)
    for (const name of ["postgres", "template1"]) yield* sql.unsafe(`revoke all on database ${name} from public`)
  }).pipe(Effect.scoped)

const migrateAll = (databases: ServiceDatabases) =>
  Effect.forEach(services, (service) =>
    Effect.gen(function* () {
      const files = yield* Effect.promise(() => readScripts(service))
      const { migrateUrl: url, runtimeRole } = databases[service]
      return yield* migrate({ service, url, runtimeRole, files })
    }), { concurrency: "unbounded", discard: true })

const readPasswords = (path: string): Promise<Passwords | undefined> =>
  readFile(path, "utf8").then((text) => JSON.parse(text) as Passwords).catch(() => undefined)

const keepPasswords = (path: string, passwords: Passwords) =>
  Effect.promise(async () => {
    await writeFile(`${path}.new`, `${JSON.stringify(passwords, null, 2)}\n`, { mode: 0o600 })
    await rename(`${path}.new`, path)
  })

const passwordsPath = (home: string): string => join(home, "database-roles.json")

/** The databases of a home's embedded server, made when they are missing, at whichever schema they are. */
export const openDatabases = Effect.fn("Provision.openDatabases")(function* (
  home: string,
  server: Server,
): Effect.fn.Return<ServiceDatabases, SqlError.SqlError> {
  const path = passwordsPath(home)
  const known = yield* Effect.promise(() => readPasswords(path))
  const passwords = known ?? newPasswords(prefix)
  if (known !== undefined && (yield* isProvisioned(server))) return databasesOf(server, prefix, passwords)
  yield* provisionEmbedded(server, passwords)
  if (known === undefined) yield* keepPasswords(path, passwords)
  return databasesOf(server, prefix, passwords)
})

/**
 * Provisions the embedded server of a home and migrates its databases. A start that finds all in place costs one query a
 * database, all at once. The passwords stand in `database-roles.json` of the home (0600); when that file is gone, all
 * roles get new ones.
 */
export const prepareDatabases = Effect.fn("Provision.prepareDatabases")(function* (
  home: string,
  server: Server,
): Effect.fn.Return<ServiceDatabases, SqlError.SqlError | MigrationError> {
  const path = passwordsPath(home)
  const known = yield* Effect.promise(() => readPasswords(path))
  const passwords = known ?? newPasswords(prefix)
  const databases = databasesOf(server, prefix, passwords)
  if (known !== undefined) {
    const [provisioned, migrated] = yield* Effect.all([isProvisioned(server), Effect.result(migrateAll(databases))], {
      concurrency: "unbounded",
    })
    if (provisioned) {
      yield* Effect.fromResult(migrated)
      return databases
    }
  }
  yield* provisionEmbedded(server, passwords)
  yield* migrateAll(databases)
  if (known === undefined) {
    // Written last: had we died before this line, the next start would set all passwords again
    yield* keepPasswords(path, passwords)
  }
  return databases
})
