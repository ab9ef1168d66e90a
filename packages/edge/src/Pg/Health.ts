/** Whether a service and its database belong together: checked at the start, and shown on `/readyz` until it is known. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Ref } from "effect"
import type { SqlError } from "effect/sql"
import { Health } from "../Health.ts"
import { type Ledger, readLedger, refusalOf, unknownOf } from "./Ledger.ts"
import { pipelined } from "./Pipeline.ts"
import { Refusal } from "../Refusal.ts"
import { awaitDatabase } from "../Schedules.ts"
import { postgresWords, sqlState } from "./SqlErrors.ts"

/** SQLSTATEs that waiting does not change: a wrong password or role (28), no such database, no right to connect. */
const permanent = /^(28|3D000$|42501$)/

/** Deno refused the connection: the database's address is not in `--allow-net`. */
const isForbidden = (error: SqlError.SqlError): boolean =>
  error.reason.cause instanceof Error && /^(NotCapable|PermissionDenied)$/.test(error.reason.cause.name)

const migrateFirst = (service: string) => `run stint db migrate --service ${service} first`

/** Why a program with these scripts can't work on the database, if it can't. */
const schemaMismatch = (service: string, scripts: ReadonlyArray<string>, ledger: Ledger): string | undefined => {
  if (ledger.elsewhere !== undefined) return ledger.elsewhere
  if (ledger.barred) {
    return `the rights of its role in the database are those of another version: ${migrateFirst(service)}`
  }
  const refusal = refusalOf(unknownOf(ledger, scripts))
  if (refusal !== undefined) return `the schema of its database ${refusal}`
  const missing = scripts.filter((name) => !ledger.scripts.some((applied) => applied.name === name))
  if (missing.length === 0) return undefined
  return `the schema of its database is older than this program, it lacks ${missing.join(", ")}: ${
    migrateFirst(service)
  }`
}

/**
 * A service is ready when its database answers and its ledger has the scripts of this program, and no other that this
 * program may not run on. The start waits for a database that is away; one with another schema, or one that refuses the
 * connection, ends it (`Health.refuse`).
 */
export const health = (service: string, scripts: ReadonlyArray<string>) =>
  Layer.effectDiscard(Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const health = yield* Health
    const doubt = yield* Ref.make<string | undefined>("its schema is not known yet")
    const look = pipelined(readLedger(sql)).pipe(
      Effect.catchIf(
        (error) => permanent.test(sqlState(error) ?? "") || isForbidden(error),
        (error) => Effect.fail(new Refusal({ message: `its database can't be used: ${postgresWords(error)}` })),
      ),
      Effect.flatMap((ledger) => {
        const why = schemaMismatch(service, scripts, ledger)
        return why === undefined ? Ref.set(doubt, undefined) : Effect.fail(new Refusal({ message: why }))
      }),
    )
    const away = (error: SqlError.SqlError) =>
      Effect.logWarning(`${service} waits for its database: ${postgresWords(error)}`)
    yield* look.pipe(
      Effect.catchTag("SqlError", (error) =>
        Effect.andThen(
          away(error),
          Effect.retry(look, { schedule: awaitDatabase, while: ({ _tag }) => _tag === "SqlError" }),
        )),
      Effect.catch(({ message }) => Effect.andThen(Ref.set(doubt, message), health.refuse(message))),
      Effect.forkScoped,
    )
    yield* health.require({
      name: "database",
      check: pipelined(Effect.asVoid(sql`select 1`)).pipe(
        Effect.mapError(() => "the database does not answer"),
        Effect.andThen(Ref.get(doubt)),
        Effect.flatMap((why) => why === undefined ? Effect.void : Effect.fail(why)),
      ),
    })
  }))
