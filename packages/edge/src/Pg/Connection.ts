/** From a url to a connection: the one way in which the pools, the migrator and the command line connect. */
import type { PgClient } from "@effect/sql-pg"
import { Duration, Redacted } from "effect"
import { parsePgUrl, type TlsMode } from "./Url.ts"

/** How long a connection is idle before the system asks whether the server's machine is still there. */
const KEEP_ALIVE = "15 seconds"

type TlsOptions = Pick<PgClient.PgClientConfig, "ssl" | "url">

/**
 * `require` encrypts and checks nothing, as libpq has it; `verify-ca` checks who signed the certificate, `verify-full` its
 * name as well. `prefer` encrypts when the server offers it, and what is offered is checked in full.
 */
const tlsOptions = (mode: TlsMode): TlsOptions => {
  switch (mode) {
    case "disable":
      return { ssl: false }
    case "prefer":
      // Only the client's own reading of a url goes back to plain text
      return { url: Redacted.make("postgres://_/?sslmode=prefer") }
    case "require":
      return { ssl: { rejectUnauthorized: false } }
    case "verify-ca":
      return { ssl: { checkServerIdentity: () => undefined } }
    case "verify-full":
      return { ssl: true }
  }
}

/** The client's settings for a url. Throws a PgUrlError, which shows nothing of the url. */
export const connectionOf = (url: Redacted.Redacted) => {
  const { connectTimeout, database, host, options, password, port, socket, tls, user } = parsePgUrl(Redacted.value(url))
  return {
    host,
    port,
    database,
    username: user,
    connectTimeout: connectTimeout === 0 ? Duration.infinity : Duration.seconds(connectTimeout ?? 5),
    ...(socket === undefined ? { keepAlive: KEEP_ALIVE } : { path: socket }),
    ...(password === undefined ? {} : { password: Redacted.make(password) }),
    ...(options === undefined ? {} : { startupOptions: options }),
    ...tlsOptions(tls),
  } satisfies PgClient.PgClientConfig
}
