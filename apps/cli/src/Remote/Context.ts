/**
 * Where the services are and with which token they are asked: flags, then STINT_URL and STINT_TOKEN, then what `stint login`
 * keeps, else the local stack with a token of its own key. A kept token goes to the address that it was kept for, and a token
 * of the local key to this machine, never elsewhere.
 */
import { isSystem, roles, subjectPattern, subjectRule, SYSTEM } from "@stint/domain/Tokens"
import { type Flags, UsageError } from "../Command.ts"
import { openDevKey } from "../DevKey.ts"
import { longestLifetime } from "../Duration.ts"
import type { Env } from "../Io.ts"
import { requireStack } from "../Postgres/Home.ts"
import { LauncherError } from "../Postgres/LauncherError.ts"
import { type ServiceName, settingsOf, urlOf } from "../Stack/Settings.ts"
import { readLogin } from "./LoginFile.ts"

/** Whom to ask, and as whom. */
export interface Context {
  /** Whether it is the stack of this machine, whose services are reached by their ports. */
  readonly isLocal: boolean
  urlOf(service: ServiceName): string
  /** The token of a call: one that was given, or a new one of the local key. */
  token(): Promise<string>
  /** The customer that it speaks for; undefined for other roles. */
  readonly customer: string | undefined
}

/** How long a token of the local key holds, in seconds: each call has a new one, and may be told to wait for an hour. */
const TTL = 3_700

/** The address of a front door, without a slash at its end. Fails with a UsageError. */
export const addressOf = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (
    url === undefined || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "" || url.username !== ""
  ) {
    throw new UsageError(`${JSON.stringify(text)} is no address: say one like https://stint.example.org.`)
  }
  return url.href.replace(/\/$/, "")
}

/** Whether an address is of this machine. */
export const isLoopback = (address: string): boolean =>
  /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(address).hostname)

/** Makes tokens of the local key: of `role`, or `role:subject`. */
const localTokens = async (env: Env, as: string): Promise<() => Promise<string>> => {
  const [name = "", ...rest] = as.split(":")
  const role = roles.find((role) => role === name)
  if (role === undefined) throw new UsageError(`--as ${JSON.stringify(as)}: say one of ${roles.join(", ")}.`)
  const [who = "", ...more] = rest.length === 0 ? [`stint-${role}`] : rest.join(":").split("/")
  if (role === "customer" && rest.length === 0) throw new UsageError("Say --as customer:ID, the customer's id.")
  const isPerson = more.length > 0
  const person = isPerson ? more.join("/") : who
  if (isPerson && (role !== "customer" || !subjectPattern.test(person))) {
    throw new UsageError(`--as ${JSON.stringify(as)}: say customer:ID/PERSON for a person who acts for a customer.`)
  }
  if (!subjectPattern.test(who)) throw new UsageError(`--as ${JSON.stringify(as)}: ${subjectRule}.`)
  if (isSystem(who) || isSystem(person)) {
    throw new UsageError(`--as ${JSON.stringify(as)}: ${SYSTEM} is the system's own name, which no token has.`)
  }
  const settings = settingsOf(env)
  if (settings.foreignTokens) {
    throw new LauncherError(
      "The services take the tokens of STINT_JWKS_URL, STINT_JWKS_FILE or STINT_JWKS: say --token, or STINT_TOKEN, one of its issuer.",
    )
  }
  await requireStack(settings.home)
  const key = await openDevKey(settings.home, env)
  const ttl = Math.min(TTL, longestLifetime(env))
  return () => key.sign({ role, subject: person, ...(isPerson ? { customer_id: who } : {}), ttl })
}

/** The address and where it is from. */
const placeOf = async (env: Env, flags: Flags) => {
  if (flags.url !== undefined) return { url: addressOf(String(flags.url)), kept: await readLogin(env) }
  if (env.STINT_URL) return { url: addressOf(env.STINT_URL), kept: await readLogin(env) }
  const kept = flags.as === undefined ? await readLogin(env) : undefined
  return { url: kept?.url, kept }
}

/** Reads where to ask, and as whom. Fails with a UsageError or a LauncherError that says what is missing. */
export const contextOf = async (env: Env, flags: Flags): Promise<Context> => {
  if (flags.token !== undefined && flags.as !== undefined) throw new UsageError("Say --token or --as, not both.")
  const { kept, url } = await placeOf(env, flags)
  const settings = settingsOf(env)
  const isLocal = url === undefined
  const given = flags.as === undefined
    ? (flags.token as string | undefined) ?? (env.STINT_TOKEN || undefined) ??
      (kept !== undefined && kept.url === url ? kept.token : undefined)
    : undefined
  if (given === undefined && url !== undefined && !isLoopback(url)) {
    throw new UsageError(`No token for ${url}: say stint login --url ${url}, --token or STINT_TOKEN.`)
  }
  const token = given === undefined
    ? await localTokens(env, String(flags.as ?? "operator"))
    : () => Promise.resolve(given)
  return {
    isLocal,
    urlOf: (service) => url ?? urlOf(settings, service),
    token,
    customer: customerOf(await token()),
  }
}

/** The claims of a token, unverified: whose it is, for what a person is told or asks for. */
export const claimsOf = (token: string): Readonly<Record<string, unknown>> => {
  try {
    const payload = token.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/")
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(payload), (byte) => byte.charCodeAt(0))))
  } catch {
    return {}
  }
}

const customerOf = (token: string): string | undefined => {
  const { customer_id, role, sub } = claimsOf(token)
  return role === "customer" ? String(customer_id ?? sub) : undefined
}
