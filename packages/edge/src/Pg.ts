/** The Postgres layer: a pool from `<SERVICE>_DATABASE_URL`, and how its failures are read. */
import { PgClient } from "@effect/sql-pg"
import { Config, Effect, Layer, Redacted } from "effect"
import { SqlError } from "effect/sql"
import { Health } from "./Health.ts"
import { sqlState } from "./Migrator/MigrationError.ts"

/**
 * The pool of one service. The url stands in `<NAME>_DATABASE_URL` and is never printed; `STINT_PG_POOL` bounds its
 * connections (default 10). Connections open when they are needed, so a service starts while its database is away.
 */
export const layer = (name: string) =>
  Layer.unwrap(Effect.gen(function* () {
    const url = yield* Config.Redacted(`${name.toUpperCase()}_DATABASE_URL`)
    const maxConnections = yield* Config.Int("STINT_PG_POOL").pipe(Config.withDefault(10))
    return PgClient.layer({
      url: Redacted.make(Redacted.value(url)),
      applicationName: `stint-${name.toLowerCase()}`,
      maxConnections,
      connectTimeout: "5 seconds",
      startupParameters: { timezone: "UTC", statement_timeout: "30000", idle_in_transaction_session_timeout: "30000" },
    })
  }))

const passing = new Set([
  "ConnectionError",
  "AuthenticationError",
  "DeadlockError",
  "SerializationError",
  "LockTimeoutError",
  "StatementTimeoutError",
])

/** SQLSTATEs that the client has no reason for: it shuts down, crashed or starts up (57P), or has no room left (53). */
const passingState = /^(57P|53)/

/** Whether a defect is the database being away, restarting or busy: trying again helps, and it is no bug. */
export const isSqlUnavailable = (defect: unknown): boolean =>
  defect instanceof SqlError.SqlError &&
  (passing.has(defect.reason._tag) || passingState.test(sqlState(defect) ?? ""))

/** Whether a failed write broke this unique constraint or index. */
export const violates = (error: unknown, constraint: string): boolean =>
  error instanceof SqlError.SqlError && error.reason._tag === "UniqueViolation" &&
  error.reason.constraint === constraint

/** Readiness: the database answers. */
export const health = Layer.effectDiscard(Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const health = yield* Health
  yield* health.require({
    name: "database",
    check: Effect.asVoid(sql`select 1`).pipe(Effect.mapError(() => "the database does not answer")),
  })
}))
