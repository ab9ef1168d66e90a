/** What the migrator works with: one connection, the plan of the scripts, and the ledger. */
import { PgClient } from "@effect/sql-pg"
import { type Duration, Effect, type Redacted, Result, Schema } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { type SqlError, SqlSchema } from "effect/sql"
import { connectionOf } from "../Pg/Connection.ts"
import type { PgUrlError } from "../Pg/Url.ts"
import { postgresWords, sqlState } from "../Pg/SqlErrors.ts"
import { MigrationError } from "./MigrationError.ts"
import { type Plan, planOf, type ScriptFile } from "./Plan.ts"

/** A database and its scripts. */
export interface MigrationTarget {
  /** The name of the service, for messages. */
  readonly service: string
  /** The url of the owner. */
  readonly url: Redacted.Redacted
  /** The files of `sql/<service>/`. */
  readonly files: ReadonlyArray<ScriptFile>
  /** The role that the service connects as; `grants.sql` gives it its rights, unless it is the owner. */
  readonly runtimeRole?: string
  /** How long to wait for another migrator; 30 seconds by default. */
  readonly lockTimeout?: Duration.Input
}

/** The content of `schema_ledger`. */
export interface Ledger {
  readonly names: ReadonlyArray<string>
  /** The comment of the table, with a digest of the rights that were granted last. */
  readonly note: string
  readonly user: string
}

const State = Schema.Struct({ exists: Schema.Boolean, note: Schema.NullOr(Schema.String), user: Schema.String })
const Name = Schema.Struct({ name: Schema.String })

const isMissing = (error: SqlError.SqlError | Schema.SchemaError) =>
  error._tag === "SqlError" && sqlState(error) === "42P01"

/** Reads the ledger, empty when there is no table. It looks for the table first, since Postgres logs a missing one as an error. */
export const readLedger = (sql: PgClient.PgClient): Effect.Effect<Ledger, SqlError.SqlError> => {
  const state = SqlSchema.findOne({
    Request: Schema.Void,
    Result: State,
    execute: () =>
      sql`select current_user::text as "user", to_regclass('schema_ledger') is not null as exists,
            obj_description(to_regclass('schema_ledger'), 'pg_class') as note`,
  })
  const names = SqlSchema.findAll({
    Request: Schema.Void,
    Result: Name,
    execute: () => sql`select name from schema_ledger`,
  })
  return Effect.gen(function* () {
    const { exists, note, user } = yield* state(undefined)
    // another migrator may drop it in between
    const rows = exists ? yield* Effect.catchIf(names(undefined), isMissing, () => Effect.succeed([])) : []
    return { names: rows.map(({ name }) => name), note: note ?? "", user }
  }).pipe(Effect.catchTag(["SchemaError", "NoSuchElementError"], Effect.die))
}

/** Runs an effect on a connection of its own; an SqlError becomes a MigrationError. */
export const onDatabase = <A>(
  target: MigrationTarget,
  use: (sql: PgClient.PgClient, plan: Plan) => Effect.Effect<A, SqlError.SqlError | MigrationError>,
): Effect.Effect<A, MigrationError> =>
  Effect.gen(function* () {
    const plan = planOf(target.files)
    if (Result.isFailure(plan)) {
      return yield* new MigrationError({ service: target.service, reason: "plan", detail: plan.failure })
    }
    const connection = yield* Effect.try({
      try: () => connectionOf(target.url),
      catch: (error) =>
        new MigrationError({
          service: target.service,
          reason: "plan",
          detail: `its url ${(error as PgUrlError).message}`,
        }),
    })
    const sql = yield* PgClient.makeClient({ ...connection, applicationName: `stint migrator ${target.service}` })
    return yield* use(sql, plan.success)
  }).pipe(
    Effect.catchTag("SqlError", (error) =>
      new MigrationError({
        service: target.service,
        reason: "unreachable",
        detail: postgresWords(error),
        sqlState: sqlState(error),
      })),
    Effect.scoped,
    Effect.provide(Reactivity.layer),
  )
