/** The databases of the services: given, or in the embedded Postgres; at the schema of this program in either case. */
import { migrate, type MigrationError } from "@stint/edge/Migrator"
import { Cause, Effect, Exit, Redacted } from "effect"
import type { RunningPostgres } from "../Postgres.ts"
import { LauncherError } from "../Postgres/LauncherError.ts"
import { prepareDatabases, services } from "../Provision.ts"
import { readScripts } from "../Scripts.ts"
import type { DatabaseUrls, ServiceName, Settings } from "./Settings.ts"

/** In one sentence, without a password: a url never stands in what Postgres says. */
const run = async <A>(effect: Effect.Effect<A, { readonly message: string }>): Promise<A> => {
  const exit = await Effect.runPromiseExit(effect)
  if (Exit.isSuccess(exit)) return exit.value
  const [reason] = exit.cause.reasons
  if (reason !== undefined && Cause.isFailReason(reason)) throw new LauncherError(sentence(reason.error))
  throw Cause.squash(exit.cause)
}

const sentence = (error: { readonly message: string }): string => {
  const { detail, reason, service } = error as Partial<MigrationError>
  const text = (reason === "unreachable" ? `The Postgres of ${service} does not answer: ${detail}` : error.message)
    .replaceAll("\n", " ")
  return text.endsWith(".") ? text : `${text}.`
}

const userOf = (url: string): string => decodeURIComponent(new URL(url).username)

/** Migrates a database that was given, as its owner. */
const migrateGiven = (service: ServiceName, { databaseUrl, migrateUrl }: DatabaseUrls) =>
  Effect.gen(function* () {
    const files = yield* Effect.promise(() => readScripts(service))
    return yield* migrate({ service, url: Redacted.make(migrateUrl), runtimeRole: userOf(databaseUrl), files })
  })

/**
 * Brings every database to the schema of this program, and answers with the url of each, as the service itself connects.
 * Fails with a LauncherError.
 */
export const prepare = (
  settings: Settings,
  postgres: RunningPostgres | undefined,
): Promise<Readonly<Record<ServiceName, string>>> =>
  run(Effect.gen(function* () {
    const { databases, home } = settings
    const given = services.flatMap((service) =>
      databases[service] === undefined ? [] : [[service, databases[service]] as const]
    )
    const [own] = yield* Effect.all([
      postgres === undefined
        ? Effect.succeed(undefined)
        : prepareDatabases(home, { host: postgres.host, port: postgres.port, ...postgres.superuser }),
      Effect.forEach(given, ([service, urls]) => migrateGiven(service, urls), { concurrency: "unbounded" }),
    ], { concurrency: "unbounded" })
    return Object.fromEntries(
      services.map((service) => [
        service,
        databases[service]?.databaseUrl ?? Redacted.value(own![service].databaseUrl),
      ]),
    ) as Record<ServiceName, string>
  }))
