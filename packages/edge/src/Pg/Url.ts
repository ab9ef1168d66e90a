/**
 * Reads Postgres urls: over TCP, over a unix socket (`?host=/cloudsql/PROJECT:REGION:INSTANCE`), and with the scheme
 * `postgresql+asyncpg://` of the older system. It imports nothing, since the launcher reads urls before it loads Effect.
 */

/** How the connection is encrypted, in libpq's names; `allow` is read as `prefer`. */
export type TlsMode = "disable" | "prefer" | "require" | "verify-ca" | "verify-full"

/** A parsed url. `password` is its only secret; `placeOf` is what may be shown. */
export interface PgUrl {
  /** A host name or address; for a socket its folder. */
  readonly host: string
  readonly port: number
  /** The path of the socket; undefined over TCP. */
  readonly socket: string | undefined
  readonly database: string
  readonly user: string
  readonly password: string | undefined
  /** Always `disable` on a socket. */
  readonly tls: TlsMode
  /** In seconds; 0 means no timeout. */
  readonly connectTimeout: number | undefined
  /** Settings of the session, as `-c name=value`. */
  readonly options: string | undefined
}

/** The text is no Postgres url. Its message continues a sentence that begins with the variable's name, and quotes no part of the url. */
export class PgUrlError extends Error {
  override readonly name = "PgUrlError"
}

const refuse = (why: string): never => {
  throw new PgUrlError(why)
}

const decode = (text: string, what: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return refuse(`has a ${what} in which a % is not written as %25`)
  }
}

const portOf = (text: string): number =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535
    ? Number(text)
    : refuse("has a port that is not a number from 1 to 65535")

const modes: Readonly<Record<string, TlsMode>> = {
  disable: "disable",
  allow: "prefer",
  prefer: "prefer",
  require: "require",
  "verify-ca": "verify-ca",
  "verify-full": "verify-full",
}

const tlsOf = (text: string): TlsMode =>
  modes[text] ?? refuse("has an sslmode that is none of disable, prefer, require, verify-ca and verify-full")

/** Parameters that are refused, not ignored: whoever sets one relies on it. */
const unread = ["sslrootcert", "sslcert", "sslkey", "sslcrl", "service", "passfile"]

/** `host`, `host:port`, `[v6]:port` or nothing. */
const authority = /^(\[[0-9A-Fa-f:.%]+\]|[^:[\]]*)(?::(.*))?$/

/** Parameters whose values may hold an @ as it is. */
const mayHoldAt = ["user", "password", "dbname", "host", "options"]

/**
 * Refuses a url in which a character of the user or the password ends that part: what follows it, up to the @, would be
 * read as a port, a path or a parameter. `tail` begins behind the host.
 */
const refuseUnescaped = (tail: string): void => {
  if (tail.includes("#")) refuse("has a # in it, which in a user or a password is written as %23")
  const [, path = "", query = ""] = /^([^?]*)(?:\?(.*))?$/s.exec(tail)!
  if (path.includes("@")) {
    refuse("has a / ahead of an @: in a user or a password it is written as %2F, and an @ in a database's name as %40")
  }
  const misread = query.split("&").some((pair) => {
    const [key = "", value = ""] = pair.split(/=(.*)/s)
    return /[@:/]/.test(key) || (value.includes("@") && !mayHoldAt.includes(key))
  })
  if (misread) refuse("has a ? ahead of an @: in a user or a password it is written as %3F")
}

/** Parses a url. Throws a PgUrlError, which shows no part of the url. */
export const parsePgUrl = (text: string): PgUrl => {
  const [, rest] = /^postgres(?:ql)?(?:\+asyncpg)?:\/\/(.*)$/s.exec(text) ??
    refuse("is no Postgres url: it must be like postgres://user:password@host:5432/database")
  const [, place, path = "", query = ""] = /^([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?(?:#.*)?$/s.exec(rest!)!
  refuseUnescaped(rest!.slice(place!.length))
  const at = place!.lastIndexOf("@")
  const [name, secret] = at < 0 ? [""] : place!.slice(0, at).split(/:(.*)/s)
  const [, hostname, portText] = authority.exec(place!.slice(at + 1)) ?? refuse("has a host that can't be read")
  const asked = new URLSearchParams(query)
  for (const key of unread) {
    if (asked.has(key)) refuse(`asks for ${key}, which is not read here: certificates are checked against DENO_CERT`)
  }
  const host = asked.get("host") || decode(hostname!, "host").replace(/^\[(.*)\]$/, "$1") || "localhost"
  if (host.includes(",")) refuse("names several hosts: name one")
  if (/\s/.test(host) && !host.startsWith("/")) refuse("has a host with a space in it")
  const port = portOf(asked.get("port") || portText || "5432")
  const user = asked.get("user") || decode(name!, "user") || refuse("names no user")
  const password = asked.get("password") ?? (secret === undefined ? undefined : decode(secret, "password"))
  const timeout = asked.get("connect_timeout")
  if (timeout !== null && !/^\d{1,6}$/.test(timeout)) refuse("has a connect_timeout that is no number of seconds")
  const tls = tlsOf(asked.get("sslmode") ?? asked.get("ssl") ?? "disable")
  const socket = host.startsWith("/") ? `${host.replace(/\/+$/, "")}/.s.PGSQL.${port}` : undefined
  return {
    host,
    port,
    socket,
    database: asked.get("dbname") || decode(path, "database") || user,
    user,
    password,
    tls: socket === undefined ? tls : "disable",
    connectTimeout: timeout === null ? undefined : Number(timeout),
    options: asked.get("options") ?? undefined,
  }
}

/** `host:port` (an IPv6 address in brackets) or the path of the socket: the part of a url that may be shown. */
export const placeOf = ({ host, port, socket }: PgUrl): string =>
  socket ?? `${host.includes(":") ? `[${host}]` : host}:${port}`
