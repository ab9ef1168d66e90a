/** Whether a service and its database belong together: checked at the start, and shown on `/readyz` until it is known. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Ref, Schema } from "effect"
import { type SqlError, SqlSchema } from "effect/sql"
import { Health } from "../Health.ts"
import { Refusal } from "../Refusal.ts"
import { awaitDatabase } from "../Schedules.ts"
import { postgresWords, sqlState } from "./SqlErrors.ts"

/** SQLSTATEs that waiting does not change: a wrong password or role (28), no such database, no right to connect. */
const permanent = /^(28|3D000$|42501$)/

/** Deno refused the connection: the database's address is not in `--allow-net`. */
const isForbidden = (error: SqlError.SqlError): boolean =>
  error.reason.cause instanceof Error && /^(NotCapable|PermissionDenied)$/.test(error.reason.cause.name)

const migrateFirst = (service: string) => `run stint db migrate --service ${service} first`

const schemaMismatch = (
  service: string,
  scripts: ReadonlyArray<string>,
  applied: ReadonlyArray<string>,
): string | undefined => {
  const missing = scripts.filter((name) => !applied.includes(name))
  const unknown = applied.filter((name) => !scripts.includes(name))
  if (unknown.length > 0) {
    return `the schema of its database is newer than this program, which does not know ${unknown.join(", ")}`
  }
  if (missing.length === 0) return undefined
  return `the schema of its database is older than this program, it lacks ${missing.join(", ")}: ${
    migrateFirst(service)
  }`
}

/**
 * A service is ready when its database answers and its ledger has exactly the scripts of this program. The start waits
 * for a database that is away; one with another schema, or one that refuses the connection, ends it (`Health.refuse`).
 */
export const health = (service: string, scripts: ReadonlyArray<string>) =>
  Layer.effectDiscard(Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const health = yield* Health
    const doubt = yield* Ref.make<string | undefined>("its schema is not known yet")
    const ledger = SqlSchema.findAll({
      Request: Schema.Void,
      Result: Schema.Struct({ name: Schema.String }),
      execute: () => sql`select name from schema_ledger`,
    })
    const applied = Effect.catchTag(ledger(undefined), "SchemaError", Effect.die).pipe(
      Effect.map((rows) => rows.map(({ name }) => name)),
      Effect.catchIf((error) => sqlState(error) === "42P01", () => Effect.succeed<ReadonlyArray<string>>([])),
    )
    const look = applied.pipe(
      Effect.catchIf(
        (error) => permanent.test(sqlState(error) ?? "") || isForbidden(error),
        (error) => Effect.fail(new Refusal({ message: `its database can't be used: ${postgresWords(error)}` })),
      ),
      Effect.flatMap((applied) => {
        const why = schemaMismatch(service, scripts, applied)
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
      check: Effect.asVoid(sql`select 1`).pipe(
        Effect.mapError(() => "the database does not answer"),
        Effect.andThen(Ref.get(doubt)),
        Effect.flatMap((why) => why === undefined ? Effect.void : Effect.fail(why)),
      ),
    })
  }))
