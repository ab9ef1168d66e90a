/** Plain statements on a database, for what a test changes behind the service's back. */
import { PgClient } from "@effect/sql-pg"
import { Effect, ManagedRuntime, Redacted } from "effect"

/** A connection as the role of the url. */
export default (url: string) => {
  const runtime = ManagedRuntime.make(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 }))
  return {
    query: (text: string, values: ReadonlyArray<unknown> = []) =>
      runtime.runPromise(
        Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe<Record<string, unknown>>(text, values)).pipe(
          // in the server's own words
          Effect.mapError(({ reason }) => reason.cause as Error),
        ),
      ),
    end: () => runtime.dispose(),
  }
}
