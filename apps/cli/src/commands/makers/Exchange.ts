/** Requests to a maker as deliverables sends them (docs/makers.md), and such as deviate from that in one thing. */
import type { Draft } from "@stint/deliverables/Makers/Maker"
import { draftFrom } from "@stint/deliverables/Makers/Output"
import { marketingHealthcareDefinition } from "@stint/domain/agents/marketing_healthcare/Definition"
import { canonicalJson } from "@stint/domain/Canonical"
import { signatureOf } from "@stint/edge/Webhooks"
import { Effect, Layer, Redacted, Result } from "effect"
import { Mac, SecureRandom } from "effect/crypto"
import type { Callbacks } from "./Callbacks.ts"

/** What a maker is asked with, besides the names of the run. */
export type Data = Readonly<Record<string, unknown>>

/** The maker that is checked. */
export interface Maker {
  readonly url: string
  /** What its requests are signed with; undefined: they are not. */
  readonly secret: Uint8Array | undefined
  readonly data: Data
  /** How long a draft may take, in milliseconds. */
  readonly within: number
  /** Where it may call back; undefined where its requests are not signed. */
  readonly callbacks: Callbacks | undefined
  readonly fetch: typeof globalThis.fetch
}

/** What is asked for. */
export interface Request {
  /** The run's key. */
  readonly key: string
  /** Replaces the body. */
  readonly body?: string
  /** Seconds that are added to the time at which it is sent. */
  readonly shift?: number
  /** Signs something else, or nothing. */
  readonly sign?: "other body" | "other secret" | "nothing"
  readonly more?: Data
}

/** An answer; a connection that broke has status 0 and says why. */
export interface Answer {
  readonly status: number
  readonly location: string | null
  readonly body: unknown
  readonly why: string
}

const MAC = Mac.layerWebCrypto.pipe(Layer.provide(SecureRandom.layerWebCrypto))

const signed = (secret: Uint8Array, id: string, timestamp: number, body: string): Promise<string> =>
  Effect.runPromise(Effect.provide(signatureOf(Redacted.make(secret), { id, timestamp, body }), MAC))

/** The headers of a request, signed unless it says otherwise. */
export const headersOf = async (
  { secret }: Maker,
  { key, shift = 0, sign }: Request,
  body: string,
): Promise<Record<string, string>> => {
  const timestamp = Math.floor(Date.now() / 1_000) + shift
  const base = { "idempotency-key": key, "webhook-id": key, "webhook-timestamp": String(timestamp) }
  if (secret === undefined || sign === "nothing") return base
  const by = sign === "other secret" ? secret.map((byte) => byte ^ 1) : secret
  return { ...base, "webhook-signature": await signed(by, key, timestamp, sign === "other body" ? `${body} ` : body) }
}

/** The body of a request for a draft of a made-up run. */
export const bodyOf = ({ callbacks, data, within }: Maker, { key, more = {} }: Request): string => {
  const call_id = `CAL-${crypto.randomUUID()}`
  callbacks?.expect(call_id, key)
  return JSON.stringify({
    type: "draft.requested",
    timestamp: new Date().toISOString(),
    data: {
      idempotency_key: key,
      call_id,
      ...(callbacks === undefined ? {} : { callback_url: callbacks.url }),
      deadline: new Date(Date.now() + within).toISOString(),
      customer_id: "maker-check",
      definition_version: "1.0.0",
      hired_instance_id: "HAI-maker-check",
      goal_instance_id: "GOI-maker-check",
      scheduled_time: new Date().toISOString(),
      ...data,
      ...more,
    },
  })
}

const send = async ({ fetch, within }: Maker, url: string, init: RequestInit): Promise<Answer> => {
  try {
    const response = await fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(within) })
    const text = await response.text()
    const answer = { status: response.status, location: response.headers.get("location"), why: "" }
    try {
      return { ...answer, body: JSON.parse(text) as unknown }
    } catch {
      return { ...answer, body: undefined }
    }
  } catch (error) {
    const late = error instanceof DOMException && error.name === "TimeoutError"
    const why = late ? `no answer within ${within / 1_000} s` : `the connection broke: ${(error as Error).message}`
    return { status: 0, location: null, body: undefined, why: why.split("\n")[0]! }
  }
}

/** Sends a request, and returns its first answer. */
export const ask = async (maker: Maker, request: Request): Promise<Answer> => {
  const body = request.body ?? bodyOf(maker, request)
  const headers = { "content-type": "application/json", ...await headersOf(maker, request, body) }
  return await send(maker, maker.url, { method: "POST", headers, body })
}

/** An answer in words. */
export const wordsOf = ({ status, why }: Answer): string => status === 0 ? why : `it answered ${status}`

const nothing: Answer = { status: 0, location: null, body: undefined, why: "" }

/** What it calls back, as an answer, but for so many answers of before. */
const calledBack = async ({ callbacks, within }: Maker, { key }: Request, before: number): Promise<Answer> => {
  if (callbacks === undefined) return { ...nothing, why: "it answered 202 without a Location" }
  const called = await callbacks.next(key, before, within)
  if (called === undefined) {
    return { ...nothing, why: `it answered 202 without a Location, and called nothing back within ${within / 1_000} s` }
  }
  return "draft" in called ? { ...nothing, status: 200, body: called.draft } : { ...nothing, why: called.fault }
}

/** Asks, and looks or waits until there is more than a 202. */
const looked = async (maker: Maker, request: Request): Promise<Answer> => {
  const before = maker.callbacks?.came(request.key) ?? 0
  let answer = await ask(maker, request)
  let at = answer.location
  for (const end = Date.now() + maker.within; answer.status === 202;) {
    at = answer.location ?? at
    if (at === null) return await calledBack(maker, request, before)
    const url = URL.parse(at, maker.url)
    if (url === null) return { ...answer, status: 0, why: "the Location of its 202 is no url" }
    if (url.origin !== new URL(maker.url).origin) {
      return { ...answer, status: 0, why: "the Location of its 202 is of another host" }
    }
    if (Date.now() > end) return { ...answer, status: 0, why: `no draft within ${maker.within / 1_000} s` }
    const { poll_after_seconds: wait } = (answer.body ?? {}) as { readonly poll_after_seconds?: unknown }
    const seconds = typeof wait === "number" ? Math.min(Math.max(wait, 0.2), 60) : 2
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
    answer = await send(maker, url.href, { method: "GET", headers: await headersOf(maker, request, "") })
  }
  return answer
}

/** What became of a request for a draft: the draft as the maker sent it, or why there is none. */
export type Outcome = { readonly draft: string } | { readonly fault: string }

/** Asks for a draft, looks until it is there, and judges it as deliverables would. */
export const draft = async (maker: Maker, request: Request): Promise<Outcome> => {
  const last = await looked(maker, request)
  if (last.status !== 200) return { fault: wordsOf(last) }
  const { data } = JSON.parse(bodyOf(maker, request)) as { readonly data: Record<string, never> }
  const { agent_id, config, goal_template_id, output, settings } = data
  const made: Result.Result<Draft, ReadonlyArray<{ path: string; message: string }>> = draftFrom({
    agent_id: agent_id!,
    definition: marketingHealthcareDefinition,
    template: {
      ...marketingHealthcareDefinition.goal_templates[0]!,
      ...(output === undefined ? {} : { output }),
    },
    hire: { hired_instance_id: "HAI-maker-check" as never, config: config!, settings: {} },
    goal: { goal_instance_id: "GOI-maker-check" as never, goal_template_id: goal_template_id!, settings: settings! },
    slot: Date.now(),
  }, last.body)
  if (Result.isSuccess(made)) return { draft: canonicalJson(last.body as never) }
  const faults = made.failure.slice(0, 3).map(({ message, path }) => `${path} ${message}`)
  return { fault: `its draft is not valid: ${faults.join("; ")}` }
}
