/** The connection settings of a url, for the pools, the migrator and the command line. */
import type { PgClient } from "@effect/sql-pg"
import { Duration, Redacted } from "effect"
import { parsePgUrl, type TlsMode } from "./Url.ts"

/** How long a connection is idle before the system asks whether the server's machine is still there. */
const KEEP_ALIVE = "15 seconds"

type TlsOptions = Pick<PgClient.PgClientConfig, "ssl" | "url">

/**
 * As in libpq, `require` encrypts and checks no certificate, `verify-ca` checks the certificate's issuer, `verify-full`
 * its host name as well. `prefer` encrypts when the server offers it, and then checks as `verify-full` does.
 */
const tlsOptions = (mode: TlsMode): TlsOptions => {
  switch (mode) {
    case "disable":
      return { ssl: false }
    case "prefer":
      // the client falls back to plain text only for a url that says so
      return { url: Redacted.make("postgres://_/?sslmode=prefer") }
    case "require":
      return { ssl: { rejectUnauthorized: false } }
    case "verify-ca":
      return { ssl: { checkServerIdentity: () => undefined } }
    case "verify-full":
      return { ssl: true }
  }
}

/** The settings of the client for a url. Throws a PgUrlError, which shows no part of the url. */
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
