/**
 * Postgres urls as people write them: over TCP, over a unix socket (`?host=/cloudsql/PROJECT:REGION:INSTANCE`), and in the
 * older system's spelling `postgresql+asyncpg://`. Plain values and no imports: the launcher reads urls as well.
 */

/** How the connection is encrypted, as libpq names it; `prefer` stands for `allow` too. */
export type TlsMode = "disable" | "prefer" | "require" | "verify-ca" | "verify-full"

/** Where a database is, and as whom we connect. `password` is the only secret in it: see `placeOf` for what may be shown. */
export interface PgUrl {
  /** A host's name or address; for a socket the folder that it is in. */
  readonly host: string
  readonly port: number
  /** The socket's path, for a connection that is not over TCP. */
  readonly socket: string | undefined
  readonly database: string
  readonly user: string
  readonly password: string | undefined
  /** Always `disable` on a socket. */
  readonly tls: TlsMode
  /** In seconds; 0 waits for ever. */
  readonly connectTimeout: number | undefined
  /** `-c name=value` for the session. */
  readonly options: string | undefined
}

/** The text is no Postgres url. The message ends a sentence that begins with the variable's name, and quotes nothing of it. */
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

/** What is refused rather than left out: whoever writes it counts on it. */
const unread = ["sslrootcert", "sslcert", "sslkey", "sslcrl", "service", "passfile"]

/** `host`, `host:port`, `[v6]:port` or nothing. */
const authority = /^(\[[0-9A-Fa-f:.%]+\]|[^:[\]]*)(?::(.*))?$/

/** Reads a url. Throws a PgUrlError, which never shows a part of the url. */
export const parsePgUrl = (text: string): PgUrl => {
  const [, rest] = /^postgres(?:ql)?(?:\+asyncpg)?:\/\/(.*)$/s.exec(text) ??
    refuse("is no Postgres url: it must be like postgres://user:password@host:5432/database")
  const [, place, path = "", query = ""] = /^([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?(?:#.*)?$/s.exec(rest!)!
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

/** `host:port`, an IPv6 address in brackets; or the path of the socket. What is shown of an address. */
export const placeOf = ({ host, port, socket }: PgUrl): string =>
  socket ?? `${host.includes(":") ? `[${host}]` : host}:${port}`
