import { type Command, type Flags, UsageError } from "../Command.ts"
import { nextAt, publishedAt, revoked, type Ring, rotated, SHORTEST_LEAD_MS, signerAt } from "../DevKey/Ring.ts"
import { changeRing, newKey, readRing } from "../DevKey/Store.ts"
import { longestLifetime, secondsOf } from "../Duration.ts"
import { homeOf } from "../Home.ts"
import type { Env, Io } from "../Io.ts"
import { LauncherError } from "../Postgres/LauncherError.ts"
import { document } from "../Show/Fields.ts"

/** How long a new key may be published before it signs, in seconds. */
const LONGEST_LEAD = 86_400

/** An id of a key file that somebody may have changed: a terminal gets printable characters alone. */
const shown = (text: string): string => text.replaceAll(/[^\x21-\x7e]/g, "?")

const at = (millis: number): string => new Date(millis).toISOString()

const stateOf = (ring: Ring, kid: string, now: number): string => {
  const key = ring.keys.find((one) => one.kid === kid)!
  const until = key.ends_at === null ? "" : `, accepted until ${at(key.ends_at)}`
  if (key.signs_from > now) return `next, signs from ${at(key.signs_from)}`
  return `${signerAt(ring, now)?.kid === kid ? "signs" : "signs no more"}${until}`
}

/** The keys of the home; a question makes none. */
const existing = async (home: string): Promise<Ring> => {
  const ring = await readRing(home)
  if (ring !== undefined) return ring
  throw new LauncherError(`There are no keys in ${home} yet: the first start or the first token makes them.`)
}

/** What an action did: as JSON, and as lines for a person. */
interface Done {
  readonly json: object
  readonly lines: ReadonlyArray<string>
}

const list = async (home: string): Promise<Done> => {
  const ring = await existing(home)
  const now = Date.now()
  const keys = publishedAt(ring, now)
  return {
    json: {
      keys: keys.map(({ ends_at, kid, signs_from }) => ({
        kid,
        signs: signerAt(ring, now)?.kid === kid,
        signs_from: at(signs_from),
        accepted_until: ends_at === null ? null : at(ends_at),
      })),
    },
    lines: keys.map(({ kid }) => `${shown(kid)}  ${stateOf(ring, kid, now)}`),
  }
}

const rotate = async (home: string, flags: Flags, env: Env): Promise<Done> => {
  if (env.STINT_UPGRADE_FROM) {
    throw new LauncherError(
      "STINT_UPGRADE_FROM is set: services of before read the keys at their start alone. Rotate afterwards.",
    )
  }
  const lead = secondsOf("lead", String(flags.lead), LONGEST_LEAD) * 1_000
  if (lead < SHORTEST_LEAD_MS) throw new UsageError("--lead must be 3s or longer: by then every service knows the key.")
  await existing(home)
  const key = await newKey()
  const ring = await changeRing(home, (ring, now) => {
    const next = nextAt(ring, now)
    if (next === undefined) return rotated(ring, key, { now, lead, lifetime: longestLifetime(env) * 1_000 })
    throw new LauncherError(`A rotation is under way: ${shown(next.kid)} signs from ${at(next.signs_from)}.`)
  })
  const { kid, signs_from } = ring.keys.find(({ kid }) => kid === key.kid)!
  return {
    json: { kid, signs_from: at(signs_from) },
    lines: [
      `The new key ${kid} is published, and signs from ${at(signs_from)}: by then every service knows it.`,
      "Tokens of the key of before hold until they expire. stint keys list shows both.",
    ],
  }
}

const revoke = async (home: string, kid: string, env: Env): Promise<Done> => {
  await existing(home)
  const spare = await newKey()
  await changeRing(home, (ring, now) => {
    if (publishedAt(ring, now).some((key) => key.kid === kid)) {
      return revoked(ring, kid, spare, { now, lifetime: longestLifetime(env) * 1_000 })
    }
    throw new LauncherError(`There is no key ${JSON.stringify(kid)}: stint keys list shows those there are.`)
  })
  return {
    json: { revoked: kid },
    lines: [`The key ${shown(kid)} is revoked: within a minute every service refuses the tokens that it signed.`],
  }
}

const actions: Readonly<Record<string, (home: string, flags: Flags, env: Env) => Promise<Done>>> = {
  list,
  rotate,
  revoke: (home, { operand }, env) => revoke(home, String(operand), env),
}

const perform = async (flags: Flags, io: Io): Promise<number> => {
  const { env } = io
  if (env.STINT_JWKS_URL || env.STINT_JWKS_FILE || env.STINT_JWKS) {
    throw new LauncherError(
      "The keys come from STINT_JWKS_URL, STINT_JWKS_FILE or STINT_JWKS: their issuer rotates them.",
    )
  }
  const { json, lines } = await actions[String(flags.action)]!(homeOf(env), flags, env)
  if (flags.json === true) document(io, json)
  else lines.forEach(io.out)
  return 0
}

/** `stint keys`: the keys that the local stack signs tokens with. */
export const keys: Command = {
  about: "The keys in STINT_HOME that tokens of the local stack are signed with; docs/keys.md has more.",
  actions: {
    list: { about: "which key signs, and until when the others are accepted" },
    rotate: {
      about: "makes a new key, publishes it, and signs with it once every service knows it; no request is refused",
      flags: {
        lead: {
          value: "TIME",
          about: "how long the new key is published before it signs; services look every 10 s",
          default: "60s",
        },
      },
    },
    revoke: {
      about:
        "takes a key out: the tokens that it signed are refused within a minute. If it signs, another one does soon",
      operands: ["KID"],
    },
  },
  flags: {
    json: {
      about:
        "prints {keys: [{kid, signs, signs_from, accepted_until}]}, of rotate {kid, signs_from}, of revoke {revoked}",
    },
  },
  run: perform,
}
