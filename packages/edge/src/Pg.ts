/** The Postgres layer: a pool from `<SERVICE>_DATABASE_URL`, and how its failures are read. */
import { PgClient } from "@effect/sql-pg"
import { Config, Duration, Effect, Layer, Schema } from "effect"
import { SqlError } from "effect/sql"
import { sqlState } from "./Migrator/MigrationError.ts"
import { connectionOf } from "./Pg/Connection.ts"
import { PgUrlError } from "./Pg/Url.ts"
import { Refusal, whole } from "./Refusal.ts"

/**
 * The pool of one service. The url stands in `<NAME>_DATABASE_URL`, or in another variable, and is never printed.
 * `STINT_PG_POOL` bounds its connections (default 10), `STINT_PG_POOL_TTL` replaces each after so many seconds (default 0: never), for servers behind
 * an address that moves. Connections open when they are needed, so a service starts while its database is away. `settings`
 * are what else a connection begins with.
 */
export const layer = (
  name: string,
  variable = `${name.toUpperCase()}_DATABASE_URL`,
  settings: Readonly<Record<string, string>> = {},
) =>
  Layer.unwrap(Effect.gen(function* () {
    const url = yield* Config.schema(Schema.Redacted(Schema.NonEmptyString), variable)
    const connection = yield* Effect.try({
      try: () => connectionOf(url),
      catch: (error) => new Refusal({ message: `${variable} ${(error as PgUrlError).message}` }),
    })
    const maxConnections = yield* whole("STINT_PG_POOL", 1, 1_000, 10)
    const ttl = yield* whole("STINT_PG_POOL_TTL", 0, 86_400, 0)
    return PgClient.layer({
      ...connection,
      applicationName: `stint-${name.toLowerCase()}`,
      maxConnections,
      ...(ttl === 0 ? {} : { connectionTTL: Duration.seconds(ttl) }),
      startupParameters: {
        timezone: "UTC",
        statement_timeout: "30000",
        idle_in_transaction_session_timeout: "30000",
        ...settings,
      },
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
