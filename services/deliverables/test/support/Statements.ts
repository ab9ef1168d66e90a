/** SQL statements of a test: what it looks at and changes without the service. */
import { PgClient } from "@effect/sql-pg"
import { Effect, ManagedRuntime, Redacted } from "effect"

/** Runs a statement. Rejects with the error of the server. */
export type Statements = (
  text: string,
  values?: ReadonlyArray<unknown>,
) => Promise<ReadonlyArray<Record<string, unknown>>>

/** A connection of its own, as the role of the url. */
export const connect = (url: string): { readonly sql: Statements; end(): Promise<void> } => {
  const runtime = ManagedRuntime.make(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 }))
  return {
    sql: (text, values = []) =>
      runtime.runPromise(
        Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe<Record<string, unknown>>(text, values)).pipe(
          Effect.mapError(({ reason }) => reason.cause as Error),
        ),
      ),
    end: () => runtime.dispose(),
  }
}
