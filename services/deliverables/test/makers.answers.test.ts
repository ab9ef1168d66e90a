/** What http makers call back: who may, which draft comes of it, and what is refused. */
import { afterAll, assert, beforeAll, it } from "@effect/vitest"
import {
  ask,
  type Asked,
  callsOf,
  definitionOf,
  draftsOf,
  ended,
  type FakeMaker,
  goalAt,
  slot,
  startMaker,
} from "./support/FakeMaker.ts"
import { onStage, type Stage, until } from "./support/Harness.ts"
import { expectedSignature } from "./support/Receiver.ts"

const secretOf = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
const SECRET = secretOf("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
const path = "/api/v1/maker-answers"

let maker: FakeMaker
beforeAll(() => void (maker = startMaker()))
afterAll(() => maker.end())

/** How an answer deviates from a good one. */
interface Twist {
  readonly secret?: Uint8Array<ArrayBuffer>
  readonly ago?: number
  readonly headers?: Record<string, string>
  readonly signs?: string
}

/** Calls back, as a maker does: with a signature and nothing else that says who it is. */
const callBack = async (
  { call }: Pick<Stage, "call">,
  type: string,
  data: object,
  { ago = 0, headers = {}, secret = SECRET, signs }: Twist = {},
) => {
  const raw = JSON.stringify({ type, timestamp: new Date().toISOString(), data })
  const sent = new Headers({
    "webhook-id": `answer-${crypto.randomUUID()}`,
    "webhook-timestamp": `${Math.floor(Date.now() / 1_000) - ago}`,
  })
  const text = signs ?? raw
  const signature = await expectedSignature(secret, { headers: sent, text, bytes: new TextEncoder().encode(text) })
  return await call("POST", path, {
    raw,
    headers: { ...Object.fromEntries(sent), "webhook-signature": signature, ...headers },
  })
}

const draft = (reply = "Thank you!") => ({ title: "A reply", fields: { reply } })

onStage("an http maker that calls back", (stage) => {
  beforeAll(() => {
    stage().world.publish(definitionOf(maker.host))
    const unsigned = definitionOf(maker.host, {}, { version: "2.0.0" })
    delete (unsigned.goal_templates[0]!.maker as { secret_ref?: string }).secret_ref
    stage().world.publish(unsigned)
  })

  /** A goal whose maker says that it calls back; the request that it got. */
  const asked = async (name: string, attempt = "1", nth = 1): Promise<{ goal: string; request: Asked }> => {
    const goal = attempt === "1" ? goalAt(stage(), name) : `GOI-${name}`
    maker.on(goal, () => Response.json({}, { status: 202 }))
    await ask(stage(), goal, attempt)
    const request = await until(() => maker.of(goal)[nth - 1])
    // it is recorded as answered before anybody may call back
    await until(async () => (await callsOf(stage(), goal)).at(-1)!.outcome === "answered")
    return { goal, request }
  }

  it("has its notes shown and its draft stored, once, whichever replica takes it and however often it is sent", async () => {
    const { goal, request } = await asked("calls")
    assert.strictEqual(request.data.callback_url, "https://stint.example/api/v1/maker-answers")
    const { call_id } = request.data
    const noted = await callBack(stage(), "draft.progress", { call_id, note: "reading 40 reviews" })
    assert.deepStrictEqual([noted.status, noted.json], [200, { state: "making" }])
    assert.strictEqual((await ask(stage(), goal)).making.note, "reading 40 reviews")
    const other = await stage().replica()
    const both = await Promise.all([
      callBack(other, "draft.made", { call_id, draft: draft("Called back") }),
      callBack(stage(), "draft.made", { call_id, draft: draft("Called back") }),
    ])
    // one of two at the same time may find that the other is writing: a repeat tells
    for (const { status } of both) assert.include([200, 409], status)
    const again = await callBack(stage(), "draft.made", { call_id, draft: draft("Called back") })
    assert.deepStrictEqual([again.status, again.json], [200, { state: "made" }])
    assert.isDefined((await ended(stage(), goal)).deliverable_id)
    const drafts = await draftsOf(stage(), goal)
    assert.lengthOf(drafts, 1)
    assert.deepInclude(drafts[0]!.payload, { fields: { reply: "Called back" } })
    assert.lengthOf(maker.of(goal), 1)
  })

  it("may refuse or fail; an answer after that is of no use, and the next attempt takes those of its own call alone", async () => {
    const { goal, request } = await asked("fails")
    const { call_id } = request.data
    const failed = await callBack(stage(), "draft.failed", { call_id, detail: "out of paper" })
    assert.deepStrictEqual([failed.status, failed.json], [200, { state: "failed" }])
    const { problem } = await ended(stage(), goal)
    assert.deepInclude(problem, { code: "maker_failed", status: 502 })
    assert.include(problem.detail, "out of paper")
    const repeated = await callBack(stage(), "draft.failed", { call_id })
    assert.deepStrictEqual([repeated.status, repeated.json], [200, { state: "failed" }])
    const late = await callBack(stage(), "draft.made", { call_id, draft: draft() })
    assert.deepInclude(late.json, { code: "making_over", status: 409 })

    const next = await asked("fails", "2", 2)
    const old = await callBack(stage(), "draft.made", { call_id, draft: draft("Of the first attempt") })
    assert.deepInclude(old.json, { code: "making_over", status: 409 })
    const made = await callBack(stage(), "draft.made", { call_id: next.request.data.call_id, draft: draft("Second") })
    assert.deepStrictEqual(made.json, { state: "made" })
    assert.deepInclude((await draftsOf(stage(), goal))[0]!.payload, { fields: { reply: "Second" } })

    const refusing = await asked("refuses")
    await callBack(stage(), "draft.refused", { call_id: refusing.request.data.call_id, detail: "Not this one" })
    assert.deepInclude((await ended(stage(), refusing.goal)).problem, { code: "maker_refused", status: 422 })
  })

  it("is told the faults of what is no draft, may mend it once, and fails for good after that", async () => {
    const { goal, request: { data: { call_id } } } = await asked("mends")
    const bad = await callBack(stage(), "draft.made", { call_id, draft: draft("x".repeat(41)) })
    assert.strictEqual(bad.status, 422)
    assert.deepInclude(bad.json, {
      code: "draft_not_valid",
      errors: [{ path: "$.fields.reply", message: "must have at most 40 characters" }],
    })
    assert.isDefined((await ask(stage(), goal)).making)
    assert.strictEqual((await callBack(stage(), "draft.made", { call_id, draft: draft("Short") })).status, 200)
    assert.isDefined((await ended(stage(), goal)).deliverable_id)

    const worse = await asked("worse")
    for (const fields of [{}, { reply: "Hi", review_status: "approved" }]) {
      const { status } = await callBack(stage(), "draft.made", {
        call_id: worse.request.data.call_id,
        draft: { title: "A reply", fields },
      })
      assert.strictEqual(status, 422)
    }
    assert.deepInclude((await ended(stage(), worse.goal)).problem, { code: "draft_not_valid", status: 422 })
    assert.lengthOf(await draftsOf(stage(), worse.goal), 0)
  })

  it.each<[string, Twist]>([
    ["is not signed", { headers: { "webhook-signature": "" } }],
    ["is signed by another secret", { secret: secretOf("bm90LWEtcHJlZml4ZWQtc2VjcmV0LTEyMzQ1Njc=") }],
    ["has the signature of another body", { signs: "{}" }],
    ["is six minutes old", { ago: 360 }],
    ["is of a time to come", { ago: -360 }],
    ["has another id than was signed", { headers: { "webhook-id": "another" } }],
    ["has a token in place of a signature", { headers: { "webhook-signature": "v1,", authorization: "Bearer x" } }],
  ])("is refused when its answer %s", async (name, twist) => {
    const { goal, request: { data: { call_id } } } = await asked(`signs-${name.replaceAll(/\W/g, "-")}`)
    const answer = await callBack(stage(), "draft.made", { call_id, draft: draft() }, twist)
    assert.deepInclude(answer.json, { code: "answer_not_signed", status: 401 })
    assert.isDefined((await ask(stage(), goal)).making)
    assert.lengthOf(await draftsOf(stage(), goal), 0)
  })

  it("is refused for calls that are unknown or over, and for what is no answer", async () => {
    const unknown = await callBack(stage(), "draft.made", { call_id: "CAL-none", draft: draft() })
    assert.deepInclude(unknown.json, { code: "call_not_found", status: 404 })
    const { goal, request: { data: { call_id } } } = await asked("cancelled")
    const { json } = await callBack(stage(), "draft.approved", { call_id, draft: draft() })
    assert.deepInclude(json, { code: "invalid_request", status: 400 })
    const { status } = await callBack(stage(), "draft.made", { call_id, draft: { ...draft(), approved: true } })
    assert.strictEqual(status, 400)
    await stage().call("POST", "/api/v1/makings/cancel", {
      as: "service:scheduler",
      body: { keys: [`${goal}:${slot}`] },
    })
    const over = await callBack(stage(), "draft.made", { call_id, draft: draft() })
    assert.deepInclude(over.json, { code: "making_over", status: 409 })
    assert.lengthOf(await draftsOf(stage(), goal), 0)
  })

  it("without a secret can't: it is told of no address, and a 202 without a Location is a failure", async () => {
    const goal = goalAt(stage(), "open", "2.0.0")
    maker.on(goal, () => Response.json({}, { status: 202 }))
    await ask(stage(), goal)
    assert.deepInclude((await ended(stage(), goal)).problem, { code: "maker_failed", status: 502 })
    const { data } = maker.of(goal)[0]!
    assert.notProperty(data, "callback_url")
    const answer = await callBack(stage(), "draft.made", { call_id: data.call_id, draft: draft() })
    assert.deepInclude(answer.json, { code: "call_not_found", status: 404 })
  })
}, { env: { STINT_MAKER_HOSTS: "127.0.0.1", STINT_CONSOLE_URL: "https://stint.example/" } })
