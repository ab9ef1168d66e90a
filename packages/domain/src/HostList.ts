/**
 * Lists of hosts and urls of settings, as plain values. It imports plain values alone, since the launcher reads settings
 * before it loads Effect.
 */
import { isAddressed } from "./Addresses.ts"
import { subjectPattern } from "./Tokens.ts"

/** A host that may be called: by everybody, or by one tenant alone; at any port, or at one. */
export interface AllowedHost {
  /** The tenant, as its tokens name it; undefined: every one. */
  readonly only: string | undefined
  /** As `URL.hostname` writes it: lower case, punycode, an IPv6 address in brackets. */
  readonly hostname: string
  /** Undefined: any. */
  readonly port: number | undefined
  /** Whether its name may lead to an address of a network of one's own: it is such an address itself, or is listed so. */
  readonly mayBePrivate: boolean
}

/** The setting whose names are held to public addresses, and what a name has after it that is not. */
const HELD = "STINT_MAKER_HOSTS"
const PRIVATE = "+private"

/** A setting can't be read. Its message is a sentence that names the setting. */
export class SettingError extends Error {
  override readonly name = "SettingError"
}

const refuse = (why: string): never => {
  throw new SettingError(why)
}

/** What is wrong with the name of a host, after a host as it was given; undefined when nothing is. */
const hostFault = (host: string): string | undefined => {
  if (host === "") return "has no host"
  if (host.includes("*")) return "has a wildcard; name each host"
  if (host.endsWith(".")) return "ends its host with a dot; leave it out"
  if (!host.startsWith("[") && host.includes(":")) return "is an IPv6 address without its brackets, as in [::1]:8080"
  return undefined
}

/** The host as `URL.hostname` writes it; undefined when it is none. */
const hostnameOf = (host: string): string | undefined => {
  const url = /[\s/?#@\\%]/.test(host) ? null : URL.parse(`http://${host}`)
  return url === null || !/^(?:\[.*\]|[a-z0-9._-]+)$/.test(url.hostname) || url.port !== "" ? undefined : url.hostname
}

const entryOf = (setting: string, given: string): AllowedHost => {
  const say = (why: string) => refuse(`${setting} has the entry ${JSON.stringify(given)}, which ${why}`)
  const [, only, place] = /^(?:([^=]*)=)?(.*)$/s.exec(given)!
  if (only !== undefined && !subjectPattern.test(only.trim())) say("names no customer before its =")
  const isPrivate = place!.trim().endsWith(PRIVATE)
  if (isPrivate && setting !== HELD) say(`ends with ${PRIVATE}, which is for ${HELD} alone`)
  const text = isPrivate ? place!.trim().slice(0, -PRIVATE.length) : place!.trim()
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) say("is a url; give its host alone, or host:port")
  if (/[/?#@]/.test(text)) say("has more than a host and a port; give host or host:port")
  if (/\s/.test(text)) say("has a space in it; separate entries with commas")
  const [, host, digits] = /^(\[[^\]]*\]|[^:]*|.*:.*:.*)(?::([^:\]]*))?$/s.exec(text) ?? say("can't be read")
  const fault = hostFault(host!)
  if (fault !== undefined) say(fault)
  const port = digits === undefined ? undefined : Number(digits)
  if (port !== undefined && !(/^\d{1,5}$/.test(digits!) && port >= 1 && port <= 65_535)) {
    say("has a port that is no number from 1 to 65535")
  }
  const hostname = hostnameOf(host!) ?? say("has a host that can't be read")
  return { only: only?.trim(), hostname, port, mayBePrivate: isPrivate || isAddressed(hostname) }
}

/**
 * Reads a list such as `hooks.example.com, localhost:9000, acme=hooks.acme.example:443`: `host` (any port) or `host:port`,
 * before it `NAME=` where it is for one tenant alone, and in STINT_MAKER_HOSTS after it `+private` where its name may lead into a
 * network of one's own. Throws a SettingError.
 */
export const parseHostList = (setting: string, text: string): ReadonlyArray<AllowedHost> =>
  text.split(",").map((entry) => entry.trim()).filter((entry) => entry !== "").map((entry) => entryOf(setting, entry))

/** `host` or `host:port`, as Deno's permissions have it. */
export const placeOf = ({ hostname, port }: Pick<AllowedHost, "hostname" | "port">): string =>
  port === undefined ? hostname : `${hostname}:${port}`

/** The port of an http or https url. */
export const portOf = ({ port, protocol }: URL): number =>
  port === "" ? (protocol === "https:" ? 443 : 80) : Number(port)

/** The entries of the list that have the url's host for this tenant (undefined: for every one). */
const entriesFor = (allowed: ReadonlyArray<AllowedHost>, url: URL, tenant: string | undefined) =>
  allowed.filter(({ hostname, only, port }) =>
    hostname === url.hostname && (port === undefined || port === portOf(url)) && (only === undefined || only === tenant)
  )

/** Whether the list has the url's host for this tenant. */
export const isAllowed = (allowed: ReadonlyArray<AllowedHost>, url: URL, tenant: string | undefined): boolean =>
  entriesFor(allowed, url, tenant).length > 0

/** Whether the list has the url's host, be it for one tenant alone. */
export const isListed = (allowed: ReadonlyArray<AllowedHost>, url: URL): boolean =>
  allowed.some(({ hostname, port }) => hostname === url.hostname && (port === undefined || port === portOf(url)))

/** Whether the url's host, which the list has for this tenant, may lead to an address of a network of one's own. */
export const mayBePrivate = (allowed: ReadonlyArray<AllowedHost>, url: URL, tenant: string | undefined): boolean =>
  entriesFor(allowed, url, tenant).some((entry) => entry.mayBePrivate)

/**
 * Reads an absolute http or https url; surrounding space is left out. Throws a SettingError, which shows no part of the url,
 * since it may hold a secret.
 */
export const parseHttpUrl = (setting: string, text: string): URL => {
  const url = /^https?:\/\/[^/\\]/i.test(text.trim()) ? URL.parse(text.trim()) : null
  if (url === null || /[\s\\]/.test(text.trim())) return refuse(`${setting} must be a url like https://host:8443/path`)
  if (url.username !== "" || url.password !== "") return refuse(`${setting} must not hold a user name or a password`)
  const fault = hostFault(url.hostname)
  if (fault !== undefined) refuse(`${setting} is a url that ${fault}`)
  if (url.hash !== "") refuse(`${setting} has a part after #, which is never sent; leave it out`)
  return url
}

/**
 * The http and https urls under the keys `base_url` of a JSON object's objects. What can't be read is left out: whoever reads the
 * whole file refuses it and says why.
 */
export const baseUrlsOf = (text: string): ReadonlyArray<URL> => {
  try {
    return Object.values(JSON.parse(text.replace(/^\uFEFF/, "")) as Record<string, { readonly base_url?: unknown }>)
      .map(({ base_url }) => parseHttpUrl("base_url", String(base_url)))
  } catch {
    return []
  }
}

/** A mail server, as a setting names it. */
export interface SmtpServer {
  /** As `URL.hostname` writes it. */
  readonly hostname: string
  readonly port: number
  /** TLS from the first byte on; else STARTTLS where the server offers it. */
  readonly secure: boolean
  /** Empty without a log-in. */
  readonly user: string
  readonly password: string
}

/** Reads a url as smtp://user:password@mail.example.com:587 or smtps://. Throws a SettingError, which shows no part of it. */
export const parseSmtpUrl = (setting: string, text: string): SmtpServer => {
  const given = text.trim()
  // as http: URL normalises the names of hosts for known schemes alone
  const url = /^smtps?:\/\/[^/\\\s]+\/?$/i.test(given) ? URL.parse(given.replace(/^smtps?/i, "http")) : null
  if (url === null) {
    return refuse(`${setting} must be a url like smtp://user:password@mail.example.com:587, or smtps://`)
  }
  const fault = hostFault(url.hostname)
  if (fault !== undefined) refuse(`${setting} is a url that ${fault}`)
  const secure = /^smtps/i.test(given)
  return {
    hostname: url.hostname,
    port: url.port === "" ? (/:80\/?$/.test(given) ? 80 : secure ? 465 : 587) : Number(url.port),
    secure,
    user: decoded(setting, url.username),
    password: decoded(setting, url.password),
  }
}

const decoded = (setting: string, text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return refuse(`${setting} has a % in its user or password that is no %25`)
  }
}
