/** What the migrator works with: one connection, the plan of the scripts, and the ledger. */
import { PgClient } from "@effect/sql-pg"
import { type Duration, Effect, type Redacted, Result } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import type { SqlError } from "effect/sql"
import { connectionOf } from "../Pg/Connection.ts"
import type { PgUrlError } from "../Pg/Url.ts"
import { postgresWords, sqlState } from "../Pg/SqlErrors.ts"
import { type Ledger, readLedger } from "../Pg/Ledger.ts"
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

/** Reads the ledger. Fails where the sessions of this url would make or look for tables in another schema. */
export const lookAt = (
  target: MigrationTarget,
  sql: PgClient.PgClient,
): Effect.Effect<Ledger, SqlError.SqlError | MigrationError> =>
  Effect.flatMap(
    readLedger(sql, target.runtimeRole),
    (ledger) =>
      ledger.elsewhere === undefined
        ? Effect.succeed(ledger)
        : new MigrationError({ service: target.service, reason: "plan", detail: ledger.elsewhere }),
  )
