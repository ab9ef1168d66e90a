/** Execution into a webhook: what is sent, which answers are retried, and which end the execution. */
import { afterEach, assert, beforeEach, it } from "@effect/vitest"
import { canonicalJson } from "@stint/domain/Canonical"
import { beforeAnother } from "./support/Deliveries.ts"
import { onStage, until } from "./support/Harness.ts"
import { answer, expectedSignature, heldAnswer, type Receiver, sha256, startReceiver } from "./support/Receiver.ts"

let receiver: Receiver
beforeEach(() => {
  receiver = startReceiver()
})
afterEach(() => receiver.end())

const webhook = (given = {}) => ({ execution: { target: "webhook", url: receiver.url, secret_ref: "hook", ...given } })

onStage("webhook", (stage) => {
  it("A1: gets the approved content, byte for byte, in an envelope that says whose it is, signed whole", async () => {
    const { id, approval_id, payload } = await stage().approved("signed", webhook())
    const before = Math.floor(Date.now() / 1000)
    const executed = await stage().execute(id, { approval_id })
    assert.strictEqual(executed.status, 200, JSON.stringify(executed.json))
    const [request] = receiver.received
    const header = (name: string) => request!.headers.get(name)
    assert.strictEqual(header("content-type"), "application/json")
    assert.strictEqual(header("webhook-id"), executed.json.execution.delivery_id)
    assert.match(header("webhook-id")!, /^DLV-/)
    assert.isTrue(
      before <= Number(header("webhook-timestamp")) && Number(header("webhook-timestamp")) <= Date.now() / 1000,
    )
    assert.strictEqual(
      header("webhook-signature"),
      await expectedSignature(new TextEncoder().encode("not-a-prefixed-secret-1234567"), request!),
    )
    const approval = await stage().call("GET", `/api/v1/approvals/${approval_id}`, { as: "customer:acme" })
    const envelope = JSON.parse(request!.text)
    assert.deepStrictEqual(envelope, {
      type: "deliverable.executed",
      timestamp: envelope.timestamp,
      data: {
        delivery_id: executed.json.execution.delivery_id,
        customer_id: "acme",
        hired_instance_id: "HAI-signed",
        goal_instance_id: "GOI-signed",
        deliverable_id: id,
        approval_id,
        revision: 1,
        content_sha256: approval.json.content_sha256,
        payload,
      },
    })
    assert.match(envelope.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    const content = canonicalJson(envelope.data.payload)
    assert.include(request!.text, `"payload":${content}}}`)
    assert.strictEqual(await sha256(new TextEncoder().encode(content)), approval.json.content_sha256)
    assert.deepInclude(executed.json.execution, { attempts: 1, last_error: null, next_attempt_at: null })
    for (const internal of ["traceparent", "b3", "authorization", "x-request-id"]) {
      assert.isNull(header(internal), internal)
    }
  })

  it("D12: has a signature by each of two secrets, the new one first", async () => {
    const { id, approval_id } = await stage().approved("both", webhook({ secret_ref: "both" }))
    assert.strictEqual((await stage().execute(id, { approval_id })).status, 200)
    const [request] = receiver.received
    const secrets = ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "bm90LWEtcHJlZml4ZWQtc2VjcmV0LTEyMzQ1Njc="]
      .map((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)))
    assert.deepStrictEqual(
      request!.headers.get("webhook-signature")!.split(" "),
      await Promise.all(secrets.map((secret) => expectedSignature(secret, request!))),
    )
  })

  it("is signed with the base64 value of a secret of the form whsec_", async () => {
    const { id, approval_id } = await stage().approved("whsec", webhook({ secret_ref: "std" }))
    assert.strictEqual((await stage().execute(id, { approval_id })).status, 200)
    const secret = Uint8Array.from(atob("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), (c) => c.charCodeAt(0))
    const [request] = receiver.received
    assert.strictEqual(request!.headers.get("webhook-signature"), await expectedSignature(secret, request!))
  })

  it("is retried after a transient failure under the same delivery id and with the same bytes", async () => {
    receiver.answers.push(answer(500), answer(429))
    const { id, approval_id } = await stage().approved("twice", webhook())
    const first = await beforeAnother(stage(), id, () => stage().execute(id, { approval_id }))
    assert.strictEqual(first.status, 202, JSON.stringify(first.json))
    assert.strictEqual(first.headers.get("location"), `/api/v1/deliverables/${id}`)
    assert.strictEqual(first.json.execution_status, "not_executed")
    const { attempts, last_error, next_attempt_at } = first.json.execution
    assert.strictEqual(attempts, 1)
    assert.include(last_error, "500")
    assert.isString(next_attempt_at)
    const after = await stage().executed(id)
    assert.deepInclude(after.execution, { attempts: 3, last_error: null, next_attempt_at: null })
    assert.strictEqual(receiver.received.length, 3)
    const ids = receiver.received.map((r) => r.headers.get("webhook-id"))
    assert.deepStrictEqual(ids, Array(3).fill(after.execution.delivery_id))
    assert.strictEqual(new Set(receiver.received.map((r) => r.text)).size, 1)
  })

  it("is in progress for another execute while it is delivered, and executed afterwards", async () => {
    const held = heldAnswer(200)
    receiver.answers.push(held.answer)
    const { id, approval_id } = await stage().approved("meanwhile", webhook())
    const first = stage().execute(id, { approval_id })
    await until(() => receiver.received.length === 1)
    for (const body of [{ approval_id }, {}]) {
      const second = await stage().execute(id, body)
      assert.deepStrictEqual([second.status, second.json.code], [409, "execution_in_progress"])
      assert.strictEqual(second.json.execution.attempts, 1)
    }
    held.open()
    assert.strictEqual((await first).status, 200)
    const third = await stage().execute(id, { approval_id })
    assert.deepStrictEqual([third.status, third.json.code], [409, "already_executed"])
    assert.strictEqual(receiver.received.length, 1)
  })

  it("C9: is not retried after 410; executed again it has the same delivery id", async () => {
    receiver.answers.push(answer(410))
    const { id, approval_id } = await stage().approved("permanent", webhook())
    const failed = await stage().execute(id, { approval_id })
    assert.strictEqual(failed.status, 202)
    assert.deepInclude(failed.json.execution, { attempts: 1, next_attempt_at: null, state: "failed", reason: null })
    assert.include(failed.json.execution.last_error, "410")
    const again = await stage().execute(id, { approval_id })
    assert.strictEqual(again.status, 200)
    assert.deepInclude(again.json.execution, { attempts: 2, state: "delivered" })
    assert.strictEqual(again.json.execution.delivery_id, failed.json.execution.delivery_id)
    assert.deepStrictEqual(
      receiver.received.map((r) => r.headers.get("webhook-id")),
      Array(2).fill(failed.json.execution.delivery_id),
    )
  })

  it("C9: is retried after any other answer than 2xx, since receivers are deployed; a redirect is not followed", async () => {
    const statuses = [400, 401, 403, 404, 409, 422, 451, 500, 502, 307]
    receiver.answers.push(...statuses.map((status) => answer(status, { location: receiver.url })))
    const { id, approval_id } = await stage().approved("refused", webhook())
    const { json } = await beforeAnother(stage(), id, () => stage().execute(id, { approval_id }))
    assert.match(json.execution.last_error, /400/)
    assert.deepInclude(await stage().executed(id).then(({ execution }) => execution), { attempts: statuses.length + 1 })
    assert.strictEqual(receiver.received.length, statuses.length + 1)
  })

  it("C9: with a secret that is not known is tried again, and shown at once; with it in the file it is delivered", async () => {
    const { approved, execute, executed, files } = stage()
    const { id, approval_id } = await approved("unknown", webhook({ secret_ref: "later" }))
    const { json } = await execute(id, { approval_id })
    assert.match(json.execution.last_error, /later/)
    assert.strictEqual(json.execution.state, "waiting")
    const before = files["secrets.json"]!
    files["secrets.json"] = "\uFEFF" + before.replace(`"hook"`, `"later"`)
    await executed(id)
    files["secrets.json"] = before
  })

  it("A1: gets nothing when the settings or the operator's files lack something, and the execution says what", async () => {
    const cases: Array<[string, object, RegExp]> = [
      ["no-secret", webhook({ secret_ref: "nobody" }), /The secret nobody is not known/],
      ["proto", webhook({ secret_ref: "constructor" }), /The secret constructor is not known/],
      ["theirs", webhook({ secret_ref: "theirs" }), /The secret theirs is not known/],
      ["flat", webhook({ secret_ref: "flat" }), /The secret flat is not known/],
      ["no-base64", webhook({ secret_ref: "unreadable" }), /The secret unreadable is no Standard Webhooks secret/],
      ["host", webhook({ url: "http://elsewhere.test/hook" }), /elsewhere\.test .* STINT_WEBHOOK_HOSTS/],
      ["no-url", { execution: { target: "webhook", secret_ref: "hook" } }, /url/],
      ["unreadable", { execution: { target: "carrier pigeon" } }, /url/],
    ]
    for (const [name, settings, why] of cases) {
      const { id, approval_id } = await stage().approved(name, settings)
      const { json, status } = await stage().execute(id, { approval_id })
      assert.strictEqual(status, 202, name)
      assert.match(json.execution.last_error, why)
    }
    assert.strictEqual(receiver.received.length, 0)
    assert.notInclude(JSON.stringify(stage().files["journal.jsonl"] ?? ""), "deliverable_id")
  })

  it("is retried when the receiver can't be reached", async () => {
    // no port that anybody gets who asks for a free one
    const { id, approval_id } = await stage().approved("closed", webhook({ url: "http://127.0.0.1:1/hook" }))
    const { json, status } = await stage().execute(id, { approval_id })
    assert.strictEqual(status, 202)
    assert.isString(json.execution.next_attempt_at)
    await until(async () => (await stage().get(id)).json.execution.attempts > 2)
    const removed = await stage().call("DELETE", `/api/v1/deliverables/${id}`, { as: "customer:acme" })
    assert.strictEqual(removed.status, 200)
  })

  it("gets its delivery also when the caller goes away, who sees the outcome by repeating the request", async () => {
    const { approved, execute, executed } = stage()
    const held = heldAnswer(200)
    receiver.answers.push(held.answer)
    const { id, approval_id } = await approved("leaves", webhook())
    const leaving = new AbortController()
    const asked = execute(id, { approval_id }, "leaves", leaving.signal).catch(() => undefined)
    await until(() => receiver.received.length === 1)
    leaving.abort()
    await asked
    const meanwhile = await until(async () => {
      const repeated = await execute(id, { approval_id }, "leaves")
      return repeated.json.code !== "idempotency_in_flight" && repeated
    })
    assert.deepStrictEqual([meanwhile.status, meanwhile.json.execution_status], [202, "not_executed"])
    held.open()
    await executed(id)
    const afterwards = await execute(id, { approval_id }, "leaves")
    assert.deepStrictEqual([afterwards.status, afterwards.json.execution_status], [200, "executed"])
    assert.strictEqual(receiver.received.length, 1)
  })

  it("gets nothing more once the deliverable is deleted", async () => {
    const { approved, call, execute, executed, sql } = stage()
    const [deleted, later] = [await approved("deleted", webhook()), await approved("later", webhook())]
    receiver.answers.push(...Array.from({ length: 500 }, () => answer(503)))
    assert.strictEqual((await execute(deleted.id, { approval_id: deleted.approval_id })).status, 202)
    await call("DELETE", `/api/v1/deliverables/${deleted.id}`, { as: "customer:acme" })
    const execution = () =>
      sql("select state, attempts, next_attempt_at, refusal from executions where deliverable_id = $1", [deleted.id])
    await until(async () => (await execution())[0]!.state === "failed")
    // one for an attempt that is under way still: else it would be delivered, and be told so
    receiver.answers.splice(3)
    const [stopped] = await execution()
    assert.deepInclude(stopped, { state: "failed", next_attempt_at: null, refusal: "deliverable_deleted" })
    // attempts of another execution show that the worker claimed since
    await execute(later.id, { approval_id: later.approval_id })
    assert.isAtLeast((await executed(later.id)).execution.attempts, 2)
    assert.deepStrictEqual((await execution())[0], stopped)
  })
})
