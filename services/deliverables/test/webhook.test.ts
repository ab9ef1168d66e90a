/** Execution into a webhook: signed, one delivery id for all attempts, what failed is tried again or says why not. */
import { afterEach, assert, beforeEach, it } from "@effect/vitest"
import { onBoth, type Stage, until } from "./support/Harness.ts"
import { expectedSignature, type Receiver, sha256, startReceiver } from "./support/Receiver.ts"

let receiver: Receiver
beforeEach(() => {
  receiver = startReceiver()
})
afterEach(() => receiver.end())

const status = (code: number, headers = {}) => () => new Response("an answer", { status: code, headers })
const webhook = (given = {}) => ({ execution: { target: "webhook", url: receiver.url, secret_ref: "hook", ...given } })

/** An approved draft of a hire that delivers to the receiver. */
const approved = async ({ drafted, review, world }: Stage, name: string, settings: object = webhook()) => {
  world.goal(`GOI-${name}`, world.hire(`HAI-${name}`, { settings: settings as never }))
  const draft = await drafted(`GOI-${name}`)
  const { json } = await review(draft.deliverable_id, "approved")
  return { id: draft.deliverable_id as string, approval_id: json.approval_id as string, payload: draft.payload }
}
const get = ({ call }: Stage, id: string) => call("GET", `/api/v1/deliverables/${id}`, { as: "customer:acme" })
const executed = (stage: Stage, id: string) =>
  until(async () => {
    const { json } = await get(stage, id)
    return json.execution_status === "executed" && json
  })

onBoth("webhook", (stage) => {
  it("gets what was approved, byte for byte, signed as Standard Webhooks says", async () => {
    const { id, approval_id, payload } = await approved(stage(), "signed")
    const answer = await stage().execute(id, { approval_id })
    assert.strictEqual(answer.status, 200, JSON.stringify(answer.json))
    const [request] = receiver.received
    const header = (name: string) => request!.headers.get(name)
    assert.strictEqual(header("content-type"), "application/json")
    assert.strictEqual(header("webhook-id"), answer.json.execution.delivery_id)
    assert.match(header("webhook-id")!, /^DLV-/)
    assert.isBelow(Math.abs(Number(header("webhook-timestamp")) - Date.now() / 1000), 5)
    assert.strictEqual(
      header("webhook-signature"),
      await expectedSignature(new TextEncoder().encode("a-webhook-secret"), request!),
    )
    const approval = await stage().call("GET", `/api/v1/approvals/${approval_id}`, { as: "customer:acme" })
    assert.strictEqual(await sha256(request!.bytes), approval.json.content_sha256)
    assert.deepStrictEqual(JSON.parse(request!.text), payload)
    assert.deepInclude(answer.json.execution, { attempts: 1, last_error: null, next_attempt_at: null })
    for (const internal of ["traceparent", "b3", "authorization", "x-request-id"]) {
      assert.isNull(header(internal), internal)
    }
  })

  it("a secret of the form whsec_ stands for its base64", async () => {
    const { id, approval_id } = await approved(stage(), "whsec", webhook({ secret_ref: "std" }))
    assert.strictEqual((await stage().execute(id, { approval_id })).status, 200)
    const secret = Uint8Array.from(atob("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), (c) => c.charCodeAt(0))
    const [request] = receiver.received
    assert.strictEqual(request!.headers.get("webhook-signature"), await expectedSignature(secret, request!))
  })

  it("fails twice, then works: the same delivery id and bytes, a signature of its own each time", async () => {
    receiver.answers.push(status(500), status(429))
    const { id, approval_id } = await approved(stage(), "twice")
    const answer = await stage().execute(id, { approval_id })
    assert.strictEqual(answer.status, 202, JSON.stringify(answer.json))
    assert.strictEqual(answer.headers.get("location"), `/api/v1/deliverables/${id}`)
    assert.strictEqual(answer.json.execution_status, "not_executed")
    const { attempts, last_error, next_attempt_at } = answer.json.execution
    assert.deepStrictEqual([attempts, last_error], [1, "The webhook answered 500"])
    assert.isString(next_attempt_at)
    const after = await executed(stage(), id)
    assert.deepInclude(after.execution, { attempts: 3, last_error: null, next_attempt_at: null })
    assert.strictEqual(receiver.received.length, 3)
    const ids = receiver.received.map((r) => r.headers.get("webhook-id"))
    assert.deepStrictEqual(ids, Array(3).fill(after.execution.delivery_id))
    assert.strictEqual(new Set(receiver.received.map((r) => r.text)).size, 1)
  })

  it("meanwhile another execute is in progress; once it is done it is done", async () => {
    let open = () => {}
    receiver.answers.push(() => new Promise((resolve) => open = () => resolve(new Response(null, { status: 200 }))))
    const { id, approval_id } = await approved(stage(), "meanwhile")
    const first = stage().execute(id, { approval_id })
    await until(() => receiver.received.length === 1)
    for (const body of [{ approval_id }, {}]) {
      const second = await stage().execute(id, body)
      assert.deepStrictEqual([second.status, second.json.code], [409, "execution_in_progress"])
      assert.strictEqual(second.json.execution.attempts, 1)
    }
    open()
    assert.strictEqual((await first).status, 200)
    const third = await stage().execute(id, { approval_id })
    assert.deepStrictEqual([third.status, third.json.code], [409, "already_executed"])
    assert.strictEqual(receiver.received.length, 1)
  })

  it("an answer that no repetition mends stops it; asked for again it goes on under the same delivery id", async () => {
    receiver.answers.push(status(401))
    const { id, approval_id } = await approved(stage(), "permanent")
    const answer = await stage().execute(id, { approval_id })
    assert.strictEqual(answer.status, 202)
    assert.deepInclude(answer.json.execution, {
      attempts: 1,
      last_error: "The webhook answered 401",
      next_attempt_at: null,
    })
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.strictEqual(receiver.received.length, 1)
    const again = await stage().execute(id, { approval_id })
    assert.strictEqual(again.status, 200)
    assert.strictEqual(again.json.execution.attempts, 2)
    assert.strictEqual(again.json.execution.delivery_id, answer.json.execution.delivery_id)
    assert.deepStrictEqual(
      receiver.received.map((r) => r.headers.get("webhook-id")),
      Array(2).fill(answer.json.execution.delivery_id),
    )
  })

  it("a redirect is not followed", async () => {
    receiver.answers.push(status(307, { location: receiver.url }))
    const { id, approval_id } = await approved(stage(), "redirect")
    const { json } = await stage().execute(id, { approval_id })
    assert.match(json.execution.last_error, /307, a redirect/)
    assert.isNull(json.execution.next_attempt_at)
    assert.strictEqual(receiver.received.length, 1)
  })

  it("what the settings or the operator's files lack is said, and nothing is sent", async () => {
    const cases: Array<[string, object, RegExp]> = [
      ["no-secret", webhook({ secret_ref: "nobody" }), /secret nobody is not in the file/],
      ["proto", webhook({ secret_ref: "constructor" }), /secret constructor is not in the file/],
      ["host", webhook({ url: "http://elsewhere.test/hook" }), /elsewhere\.test is not in STINT_WEBHOOK_HOSTS/],
      ["no-url", { execution: { target: "webhook", secret_ref: "hook" } }, /no url or no secret_ref/],
      ["unreadable", { execution: { target: "carrier pigeon" } }, /no url or no secret_ref/],
    ]
    for (const [name, settings, why] of cases) {
      const { id, approval_id } = await approved(stage(), name, settings)
      const { json, status } = await stage().execute(id, { approval_id })
      assert.strictEqual(status, 202, name)
      assert.match(json.execution.last_error, why)
      assert.isNull(json.execution.next_attempt_at)
    }
    assert.strictEqual(receiver.received.length, 0)
    assert.notInclude(JSON.stringify(stage().files["journal.jsonl"] ?? ""), "deliverable_id")
  })

  it("the target is the one of the settings when the execution is asked for", async () => {
    const { id, approval_id } = await approved(stage(), "now", webhook({ url: "http://elsewhere.test/hook" }))
    assert.strictEqual((await stage().execute(id, { approval_id })).status, 202)
    stage().world.hire("HAI-now", { settings: webhook() as never })
    assert.strictEqual((await stage().execute(id, { approval_id })).status, 200)
    assert.strictEqual(receiver.received.length, 1)
  })

  it("a receiver that can't be reached is tried again", async () => {
    const closed = startReceiver()
    await closed.end()
    const { id, approval_id } = await approved(stage(), "closed", webhook({ url: closed.url }))
    const { json, status } = await stage().execute(id, { approval_id })
    assert.strictEqual(status, 202)
    assert.match(json.execution.last_error, /can't be reached/)
    assert.isString(json.execution.next_attempt_at)
    await until(async () => (await get(stage(), id)).json.execution.attempts > 2)
    const removed = await stage().call("DELETE", `/api/v1/deliverables/${id}`, { as: "customer:acme" })
    assert.strictEqual(removed.status, 200)
  })

  it("a caller who goes away does not stop the delivery", async () => {
    let open = () => {}
    receiver.answers.push(() => new Promise((resolve) => open = () => resolve(new Response(null, { status: 200 }))))
    const { id, approval_id } = await approved(stage(), "leaves")
    const leaving = new AbortController()
    const asked = stage().execute(id, { approval_id }, "leaves", leaving.signal).catch(() => undefined)
    await until(() => receiver.received.length === 1)
    leaving.abort()
    await asked
    open()
    await executed(stage(), id)
    assert.strictEqual(receiver.received.length, 1)
  })

  it("deleted while it waits for its next attempt, it is delivered no more", async () => {
    receiver.answers.push(...Array.from({ length: 50 }, () => status(503)))
    const { id, approval_id } = await approved(stage(), "deleted")
    assert.strictEqual((await stage().execute(id, { approval_id })).status, 202)
    await stage().call("DELETE", `/api/v1/deliverables/${id}`, { as: "customer:acme" })
    await new Promise((resolve) => setTimeout(resolve, 150))
    const sent = receiver.received.length
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.strictEqual(receiver.received.length, sent)
  })
})
