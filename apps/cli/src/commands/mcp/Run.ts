/** Passes messages between standard input and output and `/mcp` of the front door. */
import type { Flags } from "../../Command.ts"
import type { Io } from "../../Io.ts"
import { contextOf } from "../../Remote/Context.ts"
import { settingsOf, urlOf } from "../../Stack/Settings.ts"
import { failure, type Message, messageOf, messagesIn, routingHeaders } from "./Messages.ts"

const SESSION = "mcp-session-id"

/** How many messages are passed on at once; others wait for their turn. */
const AT_ONCE = 8

/** How long an answer may take, in milliseconds: a simulation takes up to 20 s. */
const DEADLINE_MS = 60_000

/** The session with the front door, where the client's protocol has one. */
interface Door {
  session: string | undefined
  /** What began it: a front door that forgot it is told again, and the client notices nothing. */
  begun: string | undefined
}

/** Why an answer is none, in a sentence. */
const reasonIn = (status: number, body: string): string => {
  try {
    const { detail, title } = JSON.parse(body) as { readonly title?: unknown; readonly detail?: unknown }
    if (typeof title === "string") return `${status}: ${title}${typeof detail === "string" ? `: ${detail}` : ""}`
  } catch { /* no problem of ours */ }
  return `The front door answers ${status}`
}

/** Whether it is an answer of MCP's own, which goes to the client whatever its status is. */
const isMessage = (body: string): boolean => body.includes('"jsonrpc"')

/** `stint mcp`. */
export const perform = async (flags: Flags, io: Io): Promise<number> => {
  const context = await contextOf(io.env, flags)
  const door = `${context.isLocal ? urlOf(settingsOf(io.env), "gateway") : context.urlOf("deliverables")}/mcp`
  const state: Door = { session: undefined, begun: undefined }

  const post = async (line: string, message: Message, session = state.session) => {
    const response = await io.fetch(door, {
      method: "POST",
      headers: {
        authorization: `Bearer ${await context.token()}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...routingHeaders(message),
        ...(session === undefined ? {} : { [SESSION]: session }),
      },
      body: line,
      signal: AbortSignal.any([io.signal, AbortSignal.timeout(DEADLINE_MS)]),
    })
    return { response, body: await response.text() }
  }

  /** Begins the session, again where the front door has forgotten it. */
  const begin = async (line: string) => {
    const answer = await post(line, {}, undefined)
    state.session = answer.response.headers.get(SESSION) ?? undefined
    state.begun = line
    return answer
  }

  const answerTo = async (line: string, message: Message) => {
    if (message.method === "initialize") return await begin(line)
    const answer = await post(line, message)
    if (answer.response.status !== 404 || state.session === undefined || state.begun === undefined) return answer
    await begin(state.begun)
    await post(JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }), {})
    return await post(line, message)
  }

  const pass = async (line: string): Promise<void> => {
    const message = messageOf(line) ?? {}
    const isAsked = message.id !== undefined && message.method !== undefined
    try {
      const { body, response } = await answerTo(line, message)
      if (response.ok || isMessage(body)) {
        for (const one of messagesIn(response.headers.get("content-type"), body)) io.painted(one)
      } else if (isAsked) io.painted(failure(message.id, reasonIn(response.status, body)))
    } catch (error) {
      if (io.signal.aborted) return
      const why = `Nothing answers at ${door}: ${error instanceof Error ? error.message : String(error)}`
      io.err(`stint: ${why}`)
      if (isAsked) io.painted(failure(message.id, why))
    }
  }

  const passing = new Set<Promise<void>>()
  for await (const line of io.lines()) {
    if (line.trim() === "") continue
    const one = pass(line).finally(() => passing.delete(one))
    passing.add(one)
    // a session has to be there before what uses it
    if (messageOf(line)?.method === "initialize") await one
    else if (passing.size >= AT_ONCE) await Promise.race(passing)
  }
  await Promise.all(passing)
  return 0
}
