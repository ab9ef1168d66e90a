/** An approval is of content and target, and what is delivered is held to it, to its hire and to its subscription. */
import { afterEach, assert, beforeEach, it } from "@effect/vitest"
import { onStage, until } from "./support/Harness.ts"
import { ended, waiting } from "./support/Deliveries.ts"
import { heldAnswer, type Receiver, startReceiver } from "./support/Receiver.ts"

let receiver: Receiver
let other: Receiver
beforeEach(() => {
  receiver = startReceiver()
  other = startReceiver()
})
afterEach(async () => {
  await receiver.end()
  await other.end()
})

const webhook = (given = {}) => ({ execution: { target: "webhook", url: receiver.url, secret_ref: "hook", ...given } })

/** As part of an id. */
const slug = (name: string) => name.replaceAll(/[^a-z]+/g, "-")

onStage("an approval", (stage) => {
  const changes: Array<[string, () => object, ReadonlyArray<string>]> = [
    ["its url", () => webhook({ url: other.url }), ["url"]],
    ["its secret's name", () => webhook({ secret_ref: "std" }), ["secret_ref"]],
    ["url and secret", () => webhook({ url: other.url, secret_ref: "std" }), ["url", "secret_ref"]],
    ["the journal", () => ({}), ["target", "url", "secret_ref"]],
    ["what can't be read", () => ({ execution: { target: "pigeon" } }), ["url", "secret_ref"]],
  ]
  it.each(changes)(
    "B1: covers the target: with %s in the settings since, nothing is executed",
    async (name, now, parts) => {
      const { approved, execute, get, review, world } = stage()
      const { id, approval_id } = await approved(`b1-${slug(name)}`, webhook())
      world.hire(`HAI-b1-${slug(name)}`, { settings: now() as never })
      const refused = await execute(id, { approval_id })
      assert.deepStrictEqual([refused.status, refused.json.code], [409, "target_changed"])
      assert.deepStrictEqual(refused.json.changed, parts)
      assert.deepStrictEqual([receiver.received.length, other.received.length], [0, 0])
      assert.strictEqual((await get(id)).json.execution, undefined)
      // approved anew, it goes where it was approved to
      if (name !== "its url") return
      const again = await review(id, "approved")
      assert.strictEqual(again.status, 200, JSON.stringify(again.json))
      assert.notStrictEqual(again.json.approval_id, approval_id)
      assert.strictEqual((await execute(id, { approval_id })).json.code, "approval_invalid")
      assert.strictEqual((await execute(id, { approval_id: again.json.approval_id })).status, 200)
      assert.deepStrictEqual([receiver.received.length, other.received.length], [0, 1])
      const twice = await review(id, "approved")
      assert.deepStrictEqual([twice.status, twice.json.code], [409, "already_reviewed"])
    },
  )

  it("B1: says which target it covers; with the same one in the settings again it is executed", async () => {
    const { approved, call, execute, world } = stage()
    const { id, approval_id } = await approved("b1-back", webhook())
    const approval = await call("GET", `/api/v1/approvals/${approval_id}`, { as: "customer:acme" })
    assert.deepStrictEqual(approval.json.target, { target: "webhook", url: receiver.url, secret_ref: "hook" })
    world.hire("HAI-b1-back", { settings: webhook({ url: other.url }) as never })
    assert.strictEqual((await execute(id, { approval_id })).json.code, "target_changed")
    world.hire("HAI-b1-back", { settings: webhook() as never })
    assert.strictEqual((await execute(id, { approval_id })).status, 200)
  })

  it("B1: of 0.2.0, which names no target, covers the one of the execution as before", async () => {
    const { approved, execute, sql, world } = stage()
    const { id, approval_id } = await approved("b1-old", webhook())
    await sql("alter table approvals disable trigger approvals_are_immutable")
    await sql("update approvals set target = null where approval_id = $1", [approval_id])
    await sql("alter table approvals enable trigger approvals_are_immutable")
    world.hire("HAI-b1-old", { settings: webhook({ url: other.url }) as never })
    assert.strictEqual((await execute(id, { approval_id })).status, 200)
    assert.deepStrictEqual([receiver.received.length, other.received.length], [0, 1])
  })
})

onStage("what waits to be delivered", (stage) => {
  const ends: Array<[string, object, string]> = [
    ["subscription is canceled", { subscription_status: "canceled", runnable: false }, "subscription_canceled"],
    ["hire is deactivated", { active: false, runnable: false }, "hire_deactivated"],
    ["hire is another customer's", { customer_id: "globex" }, "hire_gone"],
    ["url is changed", { settings: { execution: { target: "journal" } } }, "target_changed"],
  ]
  it.each(ends)("B2: ends refused when its %s, and nothing arrives", async (name, given, reason) => {
    const { call, execute, journalOf, world } = stage()
    const { id, approval_id } = await waiting(stage(), receiver, slug(name), webhook())
    world.hire(`HAI-${slug(name)}`, { settings: webhook() as never, ...given as object })
    const execution = await ended(stage(), id)
    receiver.answers.length = 0
    const got = receiver.received.length
    assert.deepInclude(execution, { state: "refused", reason, next_attempt_at: null })
    const delivery = await call("GET", `/api/v1/deliveries/${execution.delivery_id}`, { as: "customer:acme" })
    assert.deepInclude(delivery.json, { state: "refused", reason })
    const retry = await call("POST", `/api/v1/deliveries/${execution.delivery_id}/retry`, {
      as: "operator:o",
      body: {},
    })
    assert.deepStrictEqual([retry.status, retry.json.code, retry.json.reason], [409, "delivery_not_retryable", reason])
    // as it was before, it can be executed again
    world.hire(`HAI-${slug(name)}`, { settings: webhook() as never })
    assert.strictEqual((await execute(id, { approval_id })).status, 200)
    assert.strictEqual(receiver.received.length, got + 1)
    assert.strictEqual(journalOf(id).length, 0)
  })

  it("B2: of a past-due subscription is delivered", async () => {
    const { executed, world } = stage()
    const { id } = await waiting(stage(), receiver, "past-due", webhook())
    world.hire("HAI-past-due", { settings: webhook() as never, subscription_status: "past_due", runnable: false })
    receiver.answers.length = 0
    await executed(id)
  })

  it("B2: is refused as soon as the feed says so, though its next attempt is hours away", async () => {
    const { get, sql, world } = stage()
    const { id } = await waiting(stage(), receiver, "feed", webhook())
    await until(async () =>
      (await sql(
        `update executions set next_attempt_at = now() + interval '5 hours'
         where deliverable_id = $1 and locked_until is null returning 1`,
        [id],
      )).length === 1
    )
    world.deactivate("HAI-feed")
    assert.deepInclude(await ended(stage(), id), { state: "refused", reason: "hire_deactivated" })
    assert.strictEqual((await get(id)).json.execution_status, "not_executed")
  })

  it("B2: waits, uncharged, while hiring does not say how its hire stands", async () => {
    const { executed, get, world } = stage()
    const { id } = await waiting(stage(), receiver, "away", webhook())
    world.hiringAway = true
    await until(async () => /Hiring does not answer/.test((await get(id)).json.execution.last_error))
    const { attempts } = (await get(id)).json.execution
    receiver.answers.length = 0
    const got = receiver.received.length
    world.hiringAway = false
    await stage().sql("update executions set next_attempt_at = now() where deliverable_id = $1 and state = 'pending'", [
      id,
    ])
    await stage().sql("select pg_notify('stint_executions', '')::text")
    assert.strictEqual((await executed(id)).execution.attempts, attempts + 1)
    assert.strictEqual(receiver.received.length, got + 1)
  })

  it("B2: and is under way when the hire is deactivated is delivered, if the receiver takes it", async () => {
    const { approved, execute, world } = stage()
    const held = heldAnswer(200)
    receiver.answers.push(held.answer)
    const { id, approval_id } = await approved("flight", webhook())
    const asked = execute(id, { approval_id })
    await until(() => receiver.received.length === 1)
    world.deactivate("HAI-flight")
    held.open()
    assert.strictEqual((await asked).json.execution.state, "delivered")
  })

  it("D22: approve, reject and execute of a deactivated hire are 409; of a past-due subscription they are done", async () => {
    const { approved, drafted, execute, review, world } = stage()
    for (const [i, decision] of ["approved", "rejected"].entries()) {
      world.goal(`GOI-d22-${i}`, world.hire(`HAI-d22-${i}`))
      const { deliverable_id } = await drafted(`GOI-d22-${i}`)
      world.hire(`HAI-d22-${i}`, { active: false, runnable: false })
      const refused = await review(deliverable_id, decision)
      assert.deepStrictEqual([refused.status, refused.json.code], [409, "hire_deactivated"])
      world.hire(`HAI-d22-${i}`, { subscription_status: "past_due", runnable: false })
      assert.strictEqual((await review(deliverable_id, decision)).status, 200)
    }
    const { id, approval_id } = await approved("d22")
    world.hire("HAI-d22", { active: false, runnable: false })
    const refused = await execute(id, { approval_id })
    assert.deepStrictEqual([refused.status, refused.json.code], [409, "hire_deactivated"])
    // an ended subscription is said first, as domain.md orders it
    world.hire("HAI-d22", { active: false, runnable: false, subscription_status: "canceled" })
    assert.strictEqual((await execute(id, { approval_id })).json.code, "subscription_not_active")
    world.hire("HAI-d22", { subscription_status: "past_due", runnable: false })
    assert.strictEqual((await execute(id, { approval_id })).status, 200)
  })
})
