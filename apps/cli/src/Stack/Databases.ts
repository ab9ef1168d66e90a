/** The databases of the services: given, or in the embedded Postgres; at the schema of this program in either case. */
import { PgClient } from "@effect/sql-pg"
import { migrate, MigrationError } from "@stint/edge/Migrator"
import { postgresWords, sqlState } from "@stint/edge/Pg/SqlErrors"
import { connectionOf } from "@stint/edge/Pg/Connection"
import { parsePgUrl } from "@stint/edge/Pg/Url"
import { Cause, Effect, Exit, Redacted } from "effect"
import { SqlError } from "effect/sql"
import * as Reactivity from "effect/reactivity/Reactivity"
import { join } from "node:path"
import { LauncherError } from "../Postgres/LauncherError.ts"
import { prepareDatabases } from "../Provision/Embedded.ts"
import { keepSchema } from "../Provision/Schema.ts"
import { readScripts } from "../Scripts.ts"
import { databaseHost } from "./Launch.ts"
import { type DatabaseUrls, type ServiceName, type Settings } from "./Settings.ts"
import type { OwnDatabases } from "./Known.ts"
import type { Placed } from "./Storage.ts"

/** What Postgres answers to a wrong password (SQLSTATE invalid_password). */
const INVALID_PASSWORD = "28P01"

/** Which file of the home to mend when the embedded Postgres refuses a password that stands in it. */
const refusedPassword = (error: unknown, home: string): string | undefined => {
  if (error instanceof MigrationError && error.sqlState === INVALID_PASSWORD) {
    return `The passwords in ${join(home, "database-roles.json")} are not those of the database: remove that file, ` +
      "and the next start makes new ones."
  }
  if (!SqlError.isSqlError(error) || sqlState(error) !== INVALID_PASSWORD) return undefined
  return `The password in ${join(home, "postgres.json")} is not that of the database: put back the file that belongs ` +
    "to it, or set STINT_HOME to another folder."
}

/** What went wrong in one sentence; a password never stands in what Postgres says. */
const sentence = (error: { readonly message: string }, { databases, home }: Settings): string => {
  const { detail, reason, service } = error as Partial<MigrationError>
  const given = databases[service as ServiceName]
  const mend = given === undefined ? refusedPassword(error, home) : undefined
  if (mend !== undefined) return mend
  const where = given === undefined ? "" : ` at ${databaseHost(given.databaseUrl)}`
  const text =
    (reason === "unreachable"
      ? `The Postgres of ${service}${where} does not answer as it should: ${detail}`
      : error.message).replaceAll("\n", " ")
  return text.endsWith(".") ? text : `${text}.`
}

/** Runs it; a failure becomes a LauncherError of one sentence. */
export const run = async <A>(
  settings: Settings,
  effect: Effect.Effect<A, { readonly message: string }>,
): Promise<A> => {
  const exit = await Effect.runPromiseExit(effect)
  if (Exit.isSuccess(exit)) return exit.value
  const [reason] = exit.cause.reasons
  if (reason !== undefined && Cause.isFailReason(reason)) throw new LauncherError(sentence(reason.error, settings))
  throw Cause.squash(exit.cause)
}

/** Whether the service itself will be let in. */
const enter = (service: ServiceName, url: string): Effect.Effect<void, MigrationError> =>
  PgClient.makeClient(connectionOf(Redacted.make(url))).pipe(
    Effect.flatMap((sql) => sql`select 1`),
    Effect.mapError((error) => new MigrationError({ service, reason: "unreachable", detail: postgresWords(error) })),
    Effect.scoped,
    Effect.provide(Reactivity.layer),
  )

/** Migrates a database that was given, as its owner. */
const migrateGiven = (service: ServiceName, { databaseUrl, migrateUrl }: DatabaseUrls) =>
  Effect.gen(function* () {
    const files = yield* Effect.promise(() => readScripts(service))
    yield* migrate({ service, url: Redacted.make(migrateUrl), runtimeRole: parsePgUrl(databaseUrl).user, files })
    if (databaseUrl !== migrateUrl) yield* enter(service, databaseUrl)
  })

/**
 * Brings the databases of these services to the schema of this program, and answers with the url of each that has one, as
 * the service itself connects.
 * Fails with a LauncherError.
 */
export const prepare = async (
  settings: Settings,
  services: ReadonlyArray<Placed>,
  servers: ReadonlyArray<OwnDatabases>,
): Promise<Readonly<Partial<Record<ServiceName, string>>>> => {
  const given = Promise.all(
    services.map(({ service, storage }) =>
      storage.kind === "given" ? run(settings, migrateGiven(service, storage.urls)) : undefined
    ),
  )
  const made = Promise.all(servers.map(async ({ kind, postgres: { home, host, port, superuser } }) => {
    const server = { host, port, ...superuser }
    const databases = await run({ ...settings, databases: {}, home }, prepareDatabases(home, server))
    await keepSchema(home, superuser)
    return [kind, databases] as const
  }))
  const [own] = await Promise.all([made, given])
  return Object.fromEntries(services.flatMap(({ service, storage }) => {
    if (storage.kind === "given") return [[service, storage.urls.databaseUrl]]
    const [, databases] = own.find(([kind]) => kind === storage.kind) ?? []
    return databases === undefined ? [] : [[service, Redacted.value(databases[service].databaseUrl)]]
  }))
}
