/** Attacks `/mcp` of a stack as one customer, who knows the ids and the session of another. */
import { openDevKey } from "@stint/cli/DevKey"
import type { Stack } from "../../support/Stack.ts"
import { mcpFault, type McpShot, mcpShots } from "./Mcp.ts"

/** What one request to `/mcp` came to: its status, or why it has none; and its text. */
const fireMcp = async (stack: Stack, { headers, method, raw }: McpShot) => {
  try {
    const answer = await fetch(`http://127.0.0.1:${stack.base}/mcp`, {
      method,
      headers,
      ...(raw === undefined ? {} : { body: raw }),
      signal: AbortSignal.timeout(60_000),
    })
    return { status: answer.status, headers: answer.headers, text: await answer.text() }
  } catch (error) {
    return { status: 0, headers: new Headers(), text: "", why: String(error).slice(0, 200) }
  }
}

/** A client of `/mcp`: a session of its own, and what a tool answers in it. */
const mcpClient = async (stack: Stack, subject: string) => {
  const token = await (await openDevKey(stack.home, {})).sign({ role: "customer", subject, ttl: 3_600 })
  const ask = (method: string, params: object, session: Record<string, string> = {}) =>
    fireMcp(stack, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...session,
      },
      raw: new TextEncoder().encode(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params })),
    })
  const begun = await ask("initialize", {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "a client", version: "1" },
  })
  const session = begun.headers.get("mcp-session-id") ?? ""
  return {
    token,
    session,
    begun: begun.status,
    call: (name: string, given: object) => ask("tools/call", { name, arguments: given }, { "mcp-session-id": session }),
  }
}

/** Shots at `/mcp` of a customer that knows the ids and the session of another one. */
export const mcpAttack = async (
  stack: Stack,
  { known, random, secret, seed, victim }: {
    /** Ids of the customer `hostile`, which attacks. */
    readonly known: Readonly<Record<string, string>>
    /** What is the customer `victim`'s. */
    readonly victim: {
      readonly deliverable_id: string
      readonly goal_instance_id: string
      readonly hire: { readonly hired_instance_id: string }
    }
    /** What its draft says, and no answer to another customer. */
    readonly secret: string
    readonly seed: number
    readonly random: () => number
  },
) => {
  const [own, other, stranger] = [
    await mcpClient(stack, "hostile"),
    await mcpClient(stack, "victim"),
    await mcpClient(stack, "stranger"),
  ]
  const shotOf = mcpShots(seed)
  const { deliverable_id, goal_instance_id, hire: { hired_instance_id } } = victim
  const attacker = {
    token: own.token,
    tokens: [stranger.token],
    session: own.session,
    sessions: [other.session, stranger.session],
    known: [known, { customer_id: "victim", deliverable_id, goal_instance_id, hired_instance_id }],
  }
  return {
    /** One request; what it broke, if anything. */
    fire: async () => {
      const shot = shotOf(attacker, random)
      const answer = await fireMcp(stack, shot)
      const fault = answer.status === 0 ? answer.why : mcpFault(answer, [secret, own.token, other.token])
      const sent = new TextDecoder().decode(shot.raw?.slice(0, 300))
      const { authorization: _, ...headers } = shot.headers
      return {
        status: answer.status,
        bytes: answer.text.length,
        broke: fault === undefined
          ? undefined
          : `${shot.method} /mcp ${JSON.stringify(headers).slice(0, 300)}: ${fault}; ${sent}; ${
            answer.text.slice(0, 200)
          }`,
      }
    },
    /** Whether another customer still reads its own draft, in a new session. */
    stillAnswers: async () => {
      const { call } = await mcpClient(stack, "victim")
      const { status, text } = await call("draft_read", { deliverable_id })
      return status === 200 && text.includes(secret)
    },
  }
}
