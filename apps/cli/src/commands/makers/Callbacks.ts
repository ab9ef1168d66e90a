/** Plays the end of deliverables that makers call back (docs/makers.md): it takes answers, and tells what is wrong with each. */
import { ANSWERS_PATH, DraftAnswered } from "@stint/domain/makers/Answers"
import { fieldIssues } from "@stint/domain/FieldIssues"
import { makeVerifier } from "@stint/edge/Webhooks"
import { Effect, Layer, Redacted, Result, Schema } from "effect"
import { Mac, SecureRandom } from "effect/crypto"

const MAC = Mac.layerWebCrypto.pipe(Layer.provide(SecureRandom.layerWebCrypto))
const decode = Schema.decodeUnknownResult(Schema.toCodecJson(DraftAnswered))

/** What a maker called back: its draft, or why there is none, or what is wrong with the answer. */
export type Called = { readonly draft: unknown } | { readonly fault: string }

/** Where makers call back while they are checked. */
export interface Callbacks {
  readonly url: string
  /** How many answers came under the key: taken before a request is sent, it tells its own from those of before. */
  came(key: string): number
  /**
   * The first answer under the key but for so many of before; undefined when none comes in time, in milliseconds. It may be
   * there already, since a maker may call back before its 202 is read; one answer is that of all requests it came after.
   */
  next(key: string, before: number, within: number): Promise<Called | undefined>
  /** The call is one of a request under the key. */
  expect(call_id: string, key: string): void
  /** Answers the next answer under the key 503. */
  refuse(key: string): void
  close(): Promise<void>
}

/** What a maker called back, judged; and the id of the call, where it can be read. */
const judged = async (
  secret: Uint8Array,
  headers: Headers,
  text: string,
): Promise<{ readonly call_id?: string; readonly called?: Called }> => {
  let json: { readonly data?: { readonly call_id?: unknown } }
  try {
    json = JSON.parse(text)
  } catch {
    return { called: { fault: "what it called back is no JSON" } }
  }
  const call_id = json?.data?.call_id
  if (typeof call_id !== "string") return { called: { fault: "what it called back has no data.call_id" } }
  const isSigned = await Effect.runPromise(
    Effect.flatMap(makeVerifier, (verify) => verify([Redacted.make(secret)], Object.fromEntries(headers), text)).pipe(
      Effect.provide(MAC),
    ),
  )
  if (!isSigned) return { call_id, called: { fault: "what it called back is not signed lately with the secret" } }
  const answer = decode(json, { onExcessProperty: "error" })
  if (Result.isFailure(answer)) {
    const [first] = fieldIssues(answer.failure.issue)
    return { call_id, called: { fault: `what it called back is no answer: ${first?.path} ${first?.message}` } }
  }
  const { data, type } = answer.success
  if (type === "draft.progress") return { call_id }
  return type === "draft.made"
    ? { call_id, called: { draft: data.draft } }
    : { call_id, called: { fault: `it called back ${type}${data.detail === undefined ? "" : `: ${data.detail}`}` } }
}

/** Listens at a free port of this machine, or at the port of a url by which makers reach it. */
export const openCallbacks = (secret: Uint8Array, reached: URL | undefined): Callbacks => {
  const keys = new Map<string, string>()
  const refused = new Set<string>()
  const answers = new Map<string, ReadonlyArray<Called>>()
  const waiting = new Map<string, Set<(called: Called) => void>>()
  const at = reached === undefined
    ? { hostname: "127.0.0.1", port: 0 }
    : { hostname: "0.0.0.0", port: Number(reached.port || (reached.protocol === "https:" ? 443 : 80)) }
  const server = Deno.serve({ ...at, onListen: () => {} }, async (request) => {
    const { call_id = "", called } = await judged(secret, request.headers, await request.text())
    const key = keys.get(call_id)
    if (key === undefined) return Response.json({ code: "call_not_found" }, { status: 404 })
    if (called === undefined) return Response.json({ state: "making" })
    if (refused.delete(key)) return Response.json({ code: "unavailable" }, { status: 503 })
    answers.set(key, [...answers.get(key) ?? [], called])
    for (const tell of waiting.get(key) ?? []) tell(called)
    waiting.delete(key)
    return "draft" in called
      ? Response.json({ state: "made" })
      : Response.json({ code: "invalid_request", detail: called.fault }, { status: 400 })
  })
  return {
    url: `${reached?.origin ?? `http://127.0.0.1:${server.addr.port}`}${ANSWERS_PATH}`,
    expect: (call_id, key) => void keys.set(call_id, key),
    refuse: (key) => void refused.add(key),
    came: (key) => answers.get(key)?.length ?? 0,
    next: (key, before, within) =>
      new Promise((resolve) => {
        const there = answers.get(key)?.[before]
        if (there !== undefined) return resolve(there)
        const late = setTimeout(() => resolve(undefined), within)
        const tell = (called: Called) => {
          clearTimeout(late)
          resolve(called)
        }
        waiting.set(key, (waiting.get(key) ?? new Set()).add(tell))
      }),
    close: () => server.shutdown(),
  }
}
