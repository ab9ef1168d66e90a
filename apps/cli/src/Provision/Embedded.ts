/** The databases of an embedded server, whose passwords stand in `database-roles.json` of its home. */
import { migrate, type MigrationError } from "@stint/edge/Migrator"
import { Effect, Schema } from "effect"
import { type SqlError, SqlSchema } from "effect/sql"
import { adminClient, databasesOf, provision, type Server, type ServiceDatabases } from "../Provision.ts"
import { readScripts } from "../Scripts.ts"
import {
  embeddedPrefix as prefix,
  keepPasswords,
  namesOf,
  newPasswords,
  type Passwords,
  readPasswords,
  services,
} from "./Roles.ts"

/** Whether the server has all that `provision` makes, in one query. */
const isProvisioned = (server: Server): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.gen(function* () {
    const sql = yield* adminClient(server)
    const databases = [...services.map((service) => namesOf(prefix, service).database), "postgres", "template1"]
    const look = SqlSchema.findOne({
      Request: Schema.Struct({ roles: Schema.Array(Schema.String), databases: Schema.Array(Schema.String) }),
      Result: Schema.Struct({ done: Schema.Boolean }),
      execute: ({ databases, roles }) =>
        sql`
        select (select count(*) from pg_roles where rolname = any(${roles}::text[])) = 8
          and (select count(*) from pg_database
            where datname = any(${databases}::text[]) and not exists (
              select from aclexplode(coalesce(datacl, acldefault('d', datdba))) where grantee = 0)) = 6 as done`,
    })
    return (yield* look({ roles: Object.keys(newPasswords(prefix)), databases })).done
  }).pipe(Effect.catchTags({ SchemaError: Effect.die, NoSuchElementError: Effect.die }), Effect.scoped)

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

/** The databases of a home's embedded server, made when they are missing, at whichever schema they are. */
export const openDatabases = Effect.fn("Provision.openDatabases")(function* (
  home: string,
  server: Server,
): Effect.fn.Return<ServiceDatabases, SqlError.SqlError> {
  const known = yield* Effect.promise(() => readPasswords(home))
  const passwords = known ?? newPasswords(prefix)
  if (known !== undefined && (yield* isProvisioned(server))) return databasesOf(server, prefix, passwords)
  yield* provisionEmbedded(server, passwords)
  if (known === undefined) yield* Effect.promise(() => keepPasswords(home, passwords))
  return databasesOf(server, prefix, passwords)
})

/** Makes the databases of a server that has none, at the schema of this program, with passwords that stand nowhere else. */
export const makeDatabases = Effect.fn("Provision.makeDatabases")(function* (
  server: Server,
): Effect.fn.Return<ServiceDatabases, SqlError.SqlError | MigrationError> {
  const passwords = newPasswords(prefix)
  const databases = databasesOf(server, prefix, passwords)
  yield* provisionEmbedded(server, passwords)
  yield* migrateAll(databases)
  return databases
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
  const known = yield* Effect.promise(() => readPasswords(home))
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
    yield* Effect.promise(() => keepPasswords(home, passwords))
  }
  return databases
})
