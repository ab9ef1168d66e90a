/** What is sent to `/mcp` of the front door in bad faith: messages that are none, or nearly some, with odd headers, sessions and tokens. */
import { tools } from "@stint/gateway/Mcp/Tools"
import { oddBodies, oddCursors, oddIds, oddValues } from "./Corpus.ts"
import { bodiesOf, broken, pick, type Random } from "./Shots.ts"

/** A request to the front door. */
export interface McpShot {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly raw: Uint8Array<ArrayBuffer> | undefined
}

/** Whom a request comes from, and what it knows of the other customer. */
export interface Attacker {
  /** Its own token, and those of others that hold. */
  readonly token: string
  readonly tokens: ReadonlyArray<string>
  /** Its own session, which it keeps, and those of others. */
  readonly session: string
  readonly sessions: ReadonlyArray<string>
  /** Ids that exist, its own and another customer's, by the names that arguments have for them. */
  readonly known: ReadonlyArray<Readonly<Record<string, string>>>
}

const utf8 = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>
const nested = (depth: number): unknown => depth === 0 ? 1 : { a: nested(depth - 1) }

/** Methods of the protocol, of others, and of none. */
const methods: ReadonlyArray<unknown> = [
  "ping",
  "tools/list",
  "resources/list",
  "resources/read",
  "resources/templates/list",
  "resources/subscribe",
  "prompts/list",
  "prompts/get",
  "completion/complete",
  "logging/setLevel",
  "server/discover",
  "sampling/createMessage",
  "elicitation/create",
  "roots/list",
  "tasks/list",
  "notifications/initialized",
  "notifications/cancelled",
  "notifications/progress",
  "deliverables/execute",
  "__proto__",
  "constructor",
  "toString",
  "",
  ...oddValues,
]

const versions = ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28", "1999-01-01", "", "x".repeat(5_000), "\u00e9"]

const media = [
  "",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "text/event-stream",
  "application/json; charset=utf-16",
  "application/json;",
  "application/jsonx",
  "APPLICATION/JSON",
  "application/json, application/json",
]

const accepts = [
  "",
  "*/*",
  "text/html",
  "application/json",
  "text/event-stream",
  "application/json;q=0",
  "x".repeat(5_000),
]

/** What is no token, or holds no more. */
const oddTokens = [
  "",
  "Bearer",
  "Bearer ",
  "Bearer x",
  "Bearer x.y.z",
  "Basic b2xnYTpvbGdh",
  // {"alg":"none"}, an operator for ever
  "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJvbGdhIiwicm9sZSI6Im9wZXJhdG9yIiwiYXVkIjoic3RpbnQiLCJleHAiOjk5OTk5OTk5OTl9.",
  `Bearer ${"x".repeat(20_000)}`,
]

const names = Object.keys(tools)

/** Arguments of each tool, as its schema makes them. */
const argumentsOf = (seed: number): Readonly<Record<string, ReadonlyArray<unknown>>> =>
  Object.fromEntries(names.map((name, nth) => [name, bodiesOf(tools[name]!.parameters, seed + nth)]))

const initialize = (random: Random) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: {
    protocolVersion: pick(random, versions),
    capabilities: {},
    clientInfo: { name: "hostile", version: "1" },
  },
})

/** Shots at `/mcp`, drawn from a seed. */
export const mcpShots = (seed: number) => {
  const samples = argumentsOf(seed)

  const call = (attacker: Attacker, random: Random) => {
    const name = pick(random, names)
    let given = pick(random, samples[name]!) as Record<string, unknown>
    if (random() < 0.6) {
      const ids = pick(random, attacker.known)
      given = { ...given, ...Object.fromEntries(Object.entries(ids).filter(([key]) => key in given)) }
    }
    if (random() < 0.1) given = { ...given, cursor: pick(random, oddCursors) }
    if (random() < 0.1) given = { ...given, [pick(random, Object.keys(given).concat("x"))]: pick(random, oddIds) }
    if (random() < 0.1) given = { ...given, payload: nested(50) }
    return {
      jsonrpc: "2.0",
      id: Math.floor(random() * 1e6),
      method: "tools/call",
      params: {
        name: random() < 0.9 ? name : pick(random, oddValues),
        arguments: random() < 0.6 ? given : broken(given, random),
        ...(random() < 0.2 ? { _meta: { progressToken: pick(random, oddValues) } } : {}),
      },
    }
  }

  const message = (attacker: Attacker, random: Random): unknown => {
    const chance = random()
    if (chance < 0.65) return call(attacker, random)
    if (chance < 0.7) return initialize(random)
    if (chance < 0.85) {
      return {
        jsonrpc: random() < 0.9 ? "2.0" : pick(random, oddValues),
        ...(random() < 0.8 ? { id: random() < 0.5 ? 7 : pick(random, oddValues) } : {}),
        method: pick(random, methods),
        ...(random() < 0.5 ? { params: pick(random, oddValues) } : {}),
      }
    }
    // an answer to what nobody asked
    return {
      jsonrpc: "2.0",
      id: pick(random, oddValues),
      [random() < 0.5 ? "result" : "error"]: pick(random, oddValues),
    }
  }

  const bodyOf = (attacker: Attacker, random: Random): Uint8Array<ArrayBuffer> => {
    const chance = random()
    if (chance < 0.1) return pick(random, oddBodies)()
    if (chance < 0.18) {
      const size = pick(random, [0, 1, 2, 1_500])
      const one = message(attacker, random)
      return utf8(JSON.stringify(Array.from({ length: size }, () => one)))
    }
    const whole = message(attacker, random)
    return utf8(JSON.stringify(random() < 0.7 ? whole : broken(whole, random)) ?? "")
  }

  /** A request, as one who may ask, mostly. */
  return (attacker: Attacker, random: Random): McpShot => {
    const chance = random()
    const method = chance < 0.9 ? "POST" : pick(random, ["GET", "DELETE", "PUT", "PATCH", "OPTIONS"])
    // one that it ended itself would keep all that follows from the tools
    const own = method === "DELETE" || random() < 0.1 ? {} : { "mcp-session-id": attacker.session }
    const odd = (name: string, values: ReadonlyArray<string>, share: number): Record<string, string> =>
      random() < share ? { [name]: pick(random, values) } : {}
    return {
      method,
      headers: {
        authorization: `Bearer ${attacker.token}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...own,
        ...odd(
          "mcp-session-id",
          [...attacker.sessions, "", "x", crypto.randomUUID(), "x".repeat(5_000), "__proto__"],
          0.15,
        ),
        ...odd("mcp-protocol-version", versions, 0.1),
        ...odd("mcp-method", ["tools/call", "x", "\u00e9"], 0.05),
        ...odd("mcp-name", [...names, "x", "\u00e9"], 0.05),
        ...odd("last-event-id", ["0", "x".repeat(5_000)], 0.05),
        ...odd("origin", ["https://evil.example", "null", "file://", "x"], 0.05),
        ...odd("accept", accepts, 0.08),
        ...odd("content-type", media, 0.08),
        ...odd("content-encoding", ["gzip", "identity, gzip"], 0.02),
        ...odd("authorization", [...oddTokens, ...attacker.tokens.map((token) => `Bearer ${token}`)], 0.12),
      },
      raw: method === "GET" || method === "OPTIONS" ? undefined : bodyOf(attacker, random),
    }
  }
}

/** What an answer must not hold: where code lies, what databases are asked and say, and addresses with a password. */
const inside =
  /\bat [^\s\d"\\][^\s"\\]* \(?[^\s"\\]+:\d+:\d+|node_modules|file:\/\/|postgres(ql)?:\/\/|SqlError|\bselect\b.+\bfrom\b|eyJ[\w-]{10,}\./

/**
 * What is wrong with an answer; undefined when nothing is. An internal error that JSON-RPC tells within a 200 is one as well.
 * `secrets`: texts of others that no answer to this caller has.
 */
export const mcpFault = (
  { status, text }: { readonly status: number; readonly text: string },
  secrets: ReadonlyArray<string>,
): string | undefined => {
  if (status >= 500) return `answered ${status}`
  if (/"code":\s*-32603/.test(text)) return "told of an internal error"
  const leak = secrets.find((secret) => text.includes(secret))
  if (leak !== undefined) return `leaked ${leak.slice(0, 20)}`
  const found = inside.exec(text)
  return found === null ? undefined : `leaked ${found[0].slice(0, 80)}`
}
