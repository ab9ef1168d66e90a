import {
  DEFAULT_LIFETIME,
  duties,
  isSystem,
  roles,
  serviceAudience,
  services,
  subjectPattern,
  subjectRule,
} from "@stint/domain/Tokens"
import { decodeJwt } from "jose"
import { type Command, type Flags, UsageError } from "../Command.ts"
import { audienceOf, type Claims, openDevKey } from "../DevKey.ts"
import { type Entry, readRevoked, revokeToken } from "../DevKey/Revoked.ts"
import { longestLifetime, secondsOf } from "../Duration.ts"
import { homeOf } from "../Home.ts"
import type { Io } from "../Io.ts"
import { requireStack } from "../Postgres/Home.ts"
import { LauncherError } from "../Postgres/LauncherError.ts"
import { document } from "../Show/Fields.ts"

const roleOf = (text: unknown): Claims["role"] => {
  const role = roles.find((role) => role === text)
  if (role !== undefined) return role
  throw new UsageError(`Say --role ${roles.slice(0, -1).join(", ")} or ${roles.at(-1)}.`)
}

/** A subject that a token may have. Fails with a UsageError. */
export const subjectOf = (text: unknown): string => {
  if (typeof text !== "string" || !subjectPattern.test(text)) {
    throw new UsageError(`Say --subject NAME: ${subjectRule}.`)
  }
  if (isSystem(text)) throw new UsageError(`--subject ${text} is the system's own name: no token may have it.`)
  return text
}

/** Whom a person acts for, and what it may do there. Fails with a UsageError. */
export const personOf = (role: Claims["role"], flags: Flags): Pick<Claims, "customer_id" | "duties"> => {
  const { customer } = flags
  if (customer === undefined && flags.duties === undefined) return {}
  if (role !== "customer") throw new UsageError("--customer and --duties go with --role customer.")
  if (customer !== undefined && (!subjectPattern.test(String(customer)) || isSystem(String(customer)))) {
    throw new UsageError(`Say --customer ID, a customer's: ${subjectRule}.`)
  }
  const words = flags.duties === undefined ? undefined : String(flags.duties).split(",").map((word) => word.trim())
  const asked = words?.map((word) => {
    const duty = duties.find((duty) => duty === word)
    if (duty !== undefined) return duty
    throw new UsageError(`--duties ${JSON.stringify(word)}: say one or more of ${duties.join(", ")}, with commas.`)
  })
  return {
    ...(customer === undefined ? {} : { customer_id: String(customer) }),
    ...(asked === undefined ? {} : { duties: asked }),
  }
}

/** A service's own token is for one other service. */
const audienceFor = (role: Claims["role"], to: unknown, people: string): string => {
  const callee = services.find((service) => service === to)
  if (role !== "service") {
    if (to === undefined) return people
    throw new UsageError("--to goes with --role service.")
  }
  if (callee === undefined) throw new UsageError(`Say --to ${services.slice(0, -1).join(", ")} or ${services.at(-1)}.`)
  return serviceAudience(people, callee)
}

const make = async (home: string, flags: Flags, io: Io): Promise<void> => {
  const { env } = io
  const role = roleOf(flags.role)
  const longest = longestLifetime(env)
  const claims: Claims = {
    role,
    subject: subjectOf(flags.subject),
    ...personOf(role, flags),
    ttl: flags.ttl === undefined ? Math.min(DEFAULT_LIFETIME, longest) : secondsOf("ttl", String(flags.ttl), longest),
    audience: audienceFor(role, flags.to, audienceOf(env)),
  }
  await requireStack(home)
  const token = await (await openDevKey(home, env)).sign(claims)
  if (flags.json === true) document(io, { token })
  else io.out(token)
}

/** Standard input: a token on a command line would show in the list of processes. */
const readToken = async (io: Io): Promise<string> => {
  const text = (await io.read()).trim()
  try {
    const { jti } = decodeJwt(text)
    if (typeof jti === "string") return jti
  } catch { /* said below */ }
  throw new UsageError("Standard input holds no token with an id (jti).")
}

const instantOf = (text: unknown): string => {
  if (text === undefined) return new Date().toISOString()
  const instant = new Date(String(text))
  if (/^\d{4}-\d\d-\d\d[Tt]/.test(String(text)) && !Number.isNaN(instant.getTime())) return instant.toISOString()
  throw new UsageError("--issued-before must be an instant like 2026-01-31T12:00:00Z.")
}

const revoke = async (home: string, flags: Flags, io: Io): Promise<void> => {
  const given = ["subject", "jti", "stdin"].filter((flag) => flags[flag] !== undefined)
  if (given.length !== 1) throw new UsageError("Say one of --subject NAME, --jti ID and --stdin.")
  if (flags.subject === undefined && (flags["for-good"] || flags["issued-before"] !== undefined)) {
    throw new UsageError("--for-good and --issued-before go with --subject.")
  }
  const value = flags.subject !== undefined
    ? subjectOf(flags.subject)
    : flags.jti !== undefined
    ? String(flags.jti)
    : await readToken(io)
  const entry: Entry = flags.subject === undefined || flags["for-good"]
    ? value
    : { value, issued_before: instantOf(flags["issued-before"]) }
  await requireStack(home)
  const by = flags.subject === undefined ? "jti" : "sub"
  await revokeToken(home, by, entry)
  if (flags.json === true) document(io, { revoked: { [by]: entry } })
  else io.out("Revoked: within a minute every service refuses it. stint token revoked lists what is.")
}

const list = async (home: string, flags: Flags, io: Io): Promise<void> => {
  const revoked = await readRevoked(home)
  if (flags.json === true) return document(io, { jti: [], sub: [], kid: [], ...revoked })
  for (const [by, entries] of Object.entries(revoked)) {
    for (const entry of entries as ReadonlyArray<Entry>) {
      const { issued_before, value } = typeof entry === "string" ? { value: entry, issued_before: undefined } : entry
      const when = issued_before === undefined ? "" : `, issued before ${issued_before}`
      io.out(`${by} ${value}${when}`.replaceAll(/[^\x20-\x7e]/g, "?"))
    }
  }
}

/** `stint token`: a token for the local stack, and nothing else, on standard output; and revoking tokens. */
export const token: Command = {
  about:
    "Prints a token for the local stack, signed with the key in STINT_HOME, which stint start makes; revokes tokens; " +
    "lists what is revoked. docs/keys.md has more.",
  needsNoAction: true,
  actions: {
    revoke: {
      about:
        "refuses tokens from now on: every one of --subject, the one of --jti, or the one on standard input (--stdin)",
      flags: {
        jti: { value: "ID", about: "the token with this id" },
        stdin: { about: "the token on standard input" },
        "issued-before": { value: "INSTANT", about: "with --subject: those issued up to this instant, not up to now" },
        "for-good": { about: "with --subject: those of later as well" },
      },
    },
    revoked: { about: "lists what is revoked" },
  },
  flags: {
    role: { value: "ROLE", about: "customer, operator, viewer or service" },
    subject: { value: "NAME", about: "who it speaks for; for a customer the customer_id; with revoke: whose tokens" },
    customer: { value: "ID", about: "with --role customer: the customer that --subject, a person, acts for" },
    duties: {
      value: "DUTIES",
      about:
        "what that person may do: reviewer (decide, execute), editor (change), reader, with commas; all unless given",
    },
    ttl: {
      value: "TIME",
      about: "how long it holds: 90s, 15m, 12h (default), at most a day (STINT_TOKEN_MAX_LIFETIME)",
    },
    to: { value: "SERVICE", about: "with --role service: the one service that it is for" },
    json: { about: "prints {token}, of revoke {revoked}, of revoked {jti, sub, kid}" },
  },
  run: async (flags, io) => {
    const { env } = io
    if (env.STINT_JWKS_URL || env.STINT_JWKS_FILE || env.STINT_JWKS) {
      throw new LauncherError(
        "The services take the tokens of STINT_JWKS_URL, STINT_JWKS_FILE or STINT_JWKS: get one from its issuer.",
      )
    }
    const home = homeOf(env)
    if (flags.action === "revoke") await revoke(home, flags, io)
    else if (flags.action === "revoked") await list(home, flags, io)
    else await make(home, flags, io)
    return 0
  },
}
