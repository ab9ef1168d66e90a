/** The database of a service: its client from `<NAME>_DATABASE_URL`. Which of its failures are transient: Pg/SqlErrors.ts. */
import { PgClient } from "@effect/sql-pg"
import { Clock, Config, Duration, Effect, Layer, Schema } from "effect"
import { reading } from "./Metrics.ts"
import * as Client from "./Pg/Client.ts"
import { connectionOf } from "./Pg/Connection.ts"
import { WAITS, WHAT } from "./Pg/Deadline.ts"
import { PgUrlError } from "./Pg/Url.ts"
import { Refusal, whole } from "./Refusal.ts"
import { Watchdog } from "./Watchdog.ts"

/** How long a statement may take, locks included, before the server cancels it, in milliseconds. */
const STATEMENT_MS = 30_000

/**
 * How long a transaction may stay idle before the server ends its session, in milliseconds. No transaction waits for anything but
 * its database, so its process stands still. Shorter than every lease: what it locked is free when another takes over its work.
 */
const IDLE_IN_TRANSACTION_MS = 8_000

/** How long a statement waits for a connection of the pool, in milliseconds. */
const CHECKOUT_MS = 30_000

/** Connections time out by the machine's clock, also where a service is given another one: a socket knows no other time. */
const machineTime = Layer.succeed(Clock.Clock, Clock.Clock.defaultValue())

/**
 * The client of one service, from the url in `<NAME>_DATABASE_URL` or in another variable; the url is never logged.
 * `STINT_PG_POOL` is the most connections (default 10; a listener keeps one, so at least 2). `STINT_PG_POOL_TTL` replaces each after so many seconds, for a
 * server whose address moves (default 0: never). Connections open when they are needed, so a service starts while its
 * database is away. `settings` are what else a connection begins with.
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
    const maxConnections = yield* whole("STINT_PG_POOL", 2, 1_000, 10, "connections")
    const ttl = yield* whole("STINT_PG_POOL_TTL", 0, 86_400, 0, "seconds")
    const load = reading("connections", loadOf(maxConnections), "1 second")
    const client = PgClient.layerFrom(Client.make({
      ...connection,
      applicationName: `stint-${name.toLowerCase()}`,
      maxConnections,
      ...(ttl === 0 ? {} : { connectionTTL: Duration.seconds(ttl) }),
      startupParameters: {
        timezone: "UTC",
        statement_timeout: String(STATEMENT_MS),
        idle_in_transaction_session_timeout: String(IDLE_IN_TRANSACTION_MS),
        ...settings,
      },
    }, { checkoutMs: CHECKOUT_MS, answerMs: STATEMENT_MS + 5_000 })).pipe(Layer.provide(machineTime))
    return Layer.merge(client, load)
  }))

/** What a scrape shows of the client's connections; one that holds a transaction and asks nothing is not seen. */
const loadOf = (maxConnections: number) =>
  Effect.map(Watchdog, (watch) =>
    Effect.sync(() => {
      const steps = watch.steps(WHAT)
      const waiting = steps.filter((step) => step === WAITS).length
      const statements = (state: string, value: number) => ({
        name: "pg_statements",
        help: "Statements that wait for a connection, and that Postgres works on",
        labels: { state },
        value,
      })
      return [
        statements("waiting", waiting),
        statements("running", steps.length - waiting),
        { name: "pg_connections_most", help: "How many connections this process may open", value: maxConnections },
      ]
    }))

export { isSqlUnavailable, isUnreadable } from "./Pg/SqlErrors.ts"
