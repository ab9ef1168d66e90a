/** A test database as its owner sees it: for what the service's own role may not do, or what no endpoint tells. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"

/** Runs a query as the schema's owner, over a connection of its own. */
export const asOwner = <A>(url: string, query: (sql: SqlClient) => Effect.Effect<A, unknown>): Promise<A> =>
  Effect.runPromise(
    Effect.flatMap(PgClient.PgClient, query).pipe(
      Effect.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 })),
    ),
  )
