/** The Postgres layer: a pool from `<SERVICE>_DATABASE_URL`, and how its failures are read. */
import { PgClient } from "@effect/sql-pg"
import { Config, Duration, Effect, Layer, Schema } from "effect"
import { SqlError } from "effect/sql"
import * as Client from "./Pg/Client.ts"
import { connectionOf } from "./Pg/Connection.ts"
import { sqlState } from "./Pg/SqlErrors.ts"
import { PgUrlError } from "./Pg/Url.ts"
import { Refusal, whole } from "./Refusal.ts"

/** How long a statement may take, locks included, before the server cancels it, in milliseconds. */
const STATEMENT_MS = 30_000

/** How long a statement waits for a connection of the pool, in milliseconds. */
const CHECKOUT_MS = 30_000

/**
 * The pool of one service. The url stands in `<NAME>_DATABASE_URL`, or in another variable, and is never printed.
 * `STINT_PG_POOL` bounds its connections (default 10), `STINT_PG_POOL_TTL` replaces each after so many seconds (default 0: never), for servers behind
 * an address that moves. Connections open when they are needed, so a service starts while its database is away.
 */
export const layer = (name: string, variable = `${name.toUpperCase()}_DATABASE_URL`) =>
  Layer.unwrap(Effect.gen(function* () {
    const url = yield* Config.schema(Schema.Redacted(Schema.NonEmptyString), variable)
    const connection = yield* Effect.try({
      try: () => connectionOf(url),
      catch: (error) => new Refusal({ message: `${variable} ${(error as PgUrlError).message}` }),
    })
    const maxConnections = yield* whole("STINT_PG_POOL", 1, 1_000, 10)
    const ttl = yield* whole("STINT_PG_POOL_TTL", 0, 86_400, 0)
    return PgClient.layerFrom(Client.make({
      ...connection,
      applicationName: `stint-${name.toLowerCase()}`,
      maxConnections,
      ...(ttl === 0 ? {} : { connectionTTL: Duration.seconds(ttl) }),
      startupParameters: {
        timezone: "UTC",
        statement_timeout: String(STATEMENT_MS),
        idle_in_transaction_session_timeout: "30000",
      },
    }, { checkoutMs: CHECKOUT_MS, answerMs: STATEMENT_MS + 5_000 }))
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
