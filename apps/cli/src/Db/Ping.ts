/** Tries a connection as a service makes it, and says what was tried and what came of it. */
import { PgClient } from "@effect/sql-pg"
import { postgresWords } from "@stint/edge/Pg/SqlErrors"
import { connectionOf } from "@stint/edge/Pg/Connection"
import { parsePgUrl, placeOf } from "@stint/edge/Pg/Url"
import { Effect, Redacted, Schema } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { type SqlClient, SqlSchema } from "effect/sql"

/** What came of it; `tried` and `outcome` hold no password. */
export interface Pong {
  readonly tried: string
  readonly outcome: string
  readonly ok: boolean
  /** How far the server's clock is ahead of this machine's, in milliseconds; absent when it was not reached. */
  readonly ahead?: number
}

const triedOf = (url: Redacted.Redacted): string => {
  const parsed = parsePgUrl(Redacted.value(url))
  const tls = parsed.socket === undefined ? `, sslmode ${parsed.tls}` : ""
  return `${placeOf(parsed)}, database ${parsed.database}, user ${parsed.user}${tls}`
}

/** The server's version, and whether and how this connection is encrypted. */
const askVersion = (sql: SqlClient.SqlClient) =>
  SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({
      version: Schema.String,
      encrypted: Schema.Boolean,
      tls: Schema.NullOr(Schema.String),
      clock: Schema.Finite,
    }),
    execute: () =>
      sql`select current_setting('server_version') as version, coalesce(s.ssl, false) as encrypted, s.version as tls,
          extract(epoch from clock_timestamp())::float8 * 1000 as clock
        from (select 1) one left join pg_stat_ssl s on s.pid = pg_backend_pid()`,
  })(undefined).pipe(Effect.catchTags({ SchemaError: Effect.die, NoSuchElementError: Effect.die }))

/** Connects once and asks the server who it is. Never fails. */
export const ping = (url: Redacted.Redacted): Effect.Effect<Pong> =>
  Effect.gen(function* () {
    const began = performance.now()
    const sql = yield* PgClient.makeClient({ ...connectionOf(url), applicationName: "stint db ping" })
    const { clock, encrypted, tls, version } = yield* askVersion(sql)
    const took = Math.round(performance.now() - began)
    return {
      ok: true,
      ahead: clock - Date.now(),
      outcome: `Postgres ${version}, ${encrypted ? tls : "not encrypted"}, in ${took} ms`,
    }
  }).pipe(
    Effect.catchTag("SqlError", (error) => Effect.succeed({ ok: false, outcome: postgresWords(error) })),
    Effect.map((came) => ({ ...came, tried: triedOf(url) })),
    Effect.scoped,
    Effect.provide(Reactivity.layer),
  )
