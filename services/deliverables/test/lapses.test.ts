/** What an approval stops to hold by: time, a withdrawal, a definition or a target that is another one. */
import { afterEach, assert, beforeEach, it } from "@effect/vitest"
import { approvals, codeOf, done } from "./support/Approvals.ts"
import { beforeAnother } from "./support/Deliveries.ts"
import { onStage, until } from "./support/Harness.ts"
import { answer, heldAnswer, type Receiver, startReceiver } from "./support/Receiver.ts"

let receiver: Receiver
beforeEach(() => {
  receiver = startReceiver()
})
afterEach(() => receiver.end())

onStage("what lapses", (stage) => {
  it("a draft that nobody decides on in time has expired: no decision, no execution", async () => {
    const { decide, execute, lapse, ruled } = approvals(stage())
    const { deliverable_id: id } = await ruled("late", { expires_after_seconds: 3600 })
    await lapse(id)
    for (const decision of ["approved", "rejected"]) {
      const late = await decide("acme", id, decision)
      assert.deepStrictEqual(codeOf(late), [409, "deliverable_expired"], decision)
      assert.isString(late.json.expired_at)
    }
    const executed = await execute("acme", id, "APR-x")
    assert.deepStrictEqual([...codeOf(executed), executed.json.review_status], [409, "not_approved", "expired"])
  })

  it("a draft expires by the database's clock, however wrong the service's is", async () => {
    const { ruled } = approvals(stage())
    const real = Date.now
    Date.now = () => real() + 1000_000
    const made = ruled("ahead", { expires_after_seconds: 3600 })
    const { deliverable_id: id } = await made.finally(() => void (Date.now = real))
    const [row] = await stage().sql(
      `select expires_at > now() + interval '1 hour' as late, created_at > now() + interval '900 seconds' as sooner
       from deliverables where deliverable_id = $1`,
      [id],
    )
    // the service's clock was ahead, and the expiry does not follow it
    assert.deepStrictEqual([row!.sooner, row!.late], [true, false])
  })

  it("an approval that is too old: 409 approval_expired, until it is given again", async () => {
    const { decide, decisionsOn, execute, outdate, ruled } = approvals(stage())
    const { deliverable_id: id } = await ruled("old", { valid_for_seconds: 3600 })
    const { approval_expires_at, approval_id } = done(await decide("acme/ann", id, "approved"))
    const [approval] = await decisionsOn(id)
    assert.strictEqual(approval.expires_at, approval_expires_at)
    assert.deepStrictEqual(codeOf(await decide("acme/ann", id, "approved")), [409, "already_reviewed"])
    await outdate(approval_id)
    assert.deepStrictEqual(codeOf(await execute("acme", id)), [403, "approval_required"])
    const late = await execute("acme", id, approval_id)
    assert.deepStrictEqual(codeOf(late), [409, "approval_expired"])
    assert.isString(late.json.expired_at)
    const again = done(await decide("acme/ann", id, "approved"))
    assert.notStrictEqual(again.approval_id, approval_id)
    assert.deepStrictEqual(codeOf(await execute("acme", id, approval_id)), [403, "approval_invalid"])
    done(await execute("acme", id, again.approval_id))
  })

  it("of a quorum each approval has its own time", async () => {
    const { decide, decisionsOn, execute, outdate, ruled } = approvals(stage())
    const { deliverable_id: id } = await ruled("each", { valid_for_seconds: 3600, quorum: 2 })
    done(await decide("acme/ann", id, "approved"))
    const { approval_id } = done(await decide("acme/bob", id, "approved"))
    await outdate((await decisionsOn(id))[0].approval_id)
    assert.deepStrictEqual(codeOf(await execute("acme", id, approval_id)), [409, "approval_expired"])
    assert.deepStrictEqual(codeOf(await decide("acme/bob", id, "approved")), [409, "already_reviewed"])
    const again = done(await decide("acme/ann", id, "approved"))
    assert.deepInclude(again, { review_status: "approved", approvals_given: 2 })
    done(await execute("acme", id, again.approval_id))
  })

  it("an intent that was committed while its approval was good stays whole; tried again by a person it is judged anew", async () => {
    const { call, executed, world } = stage()
    const { decide, execute, outdate, ruled } = approvals(stage())
    const target = { execution: { target: "webhook", url: receiver.url, secret_ref: "hook" } }
    const on = async (name: string) => {
      const { deliverable_id: id } = await ruled(name, { valid_for_seconds: 3600 })
      world.trader(`HAI-${name}`, { ...world.hires.get(`HAI-${name}`), settings: target })
      return { id, ...done(await decide("acme", id, "approved")) }
    }
    const whole = await on("whole")
    receiver.answers.push(answer(503))
    const begun = await beforeAnother(stage(), whole.id, async () => {
      const answered = await execute("acme", whole.id, whole.approval_id)
      await outdate(whole.approval_id)
      return answered
    })
    assert.strictEqual(begun.status, 202)
    await executed(whole.id)
    const failed = await on("failed")
    receiver.answers.push(answer(410))
    const { execution } = done(await execute("acme", failed.id, failed.approval_id))
    assert.strictEqual(execution.state, "failed")
    await outdate(failed.approval_id)
    const retry = (as: "operator:olga" | "customer:acme/ann?reviewer" | "customer:acme/ann?editor") =>
      call("POST", `/api/v1/deliveries/${execution.delivery_id}/retry`, { as, body: {} })
    assert.deepStrictEqual(codeOf(await retry("customer:acme/ann?editor")), [403, "duty_missing"])
    for (const as of ["operator:olga", "customer:acme/ann?reviewer"] as const) {
      const late = await retry(as)
      assert.deepStrictEqual([...codeOf(late), late.json.reason], [409, "delivery_not_retryable", "approval_expired"])
    }
    const again = done(await decide("acme", failed.id, "approved"))
    done(await execute("acme", failed.id, again.approval_id))
    assert.strictEqual((await executed(failed.id)).execution.delivery_id, execution.delivery_id)
  })

  it("an approval of another definition version covers nothing: 409 content_changed; given again it does", async () => {
    const { world } = stage()
    const { decide, execute, ruled } = approvals(stage())
    const { deliverable_id: id } = await ruled("version", { quorum: 1 })
    const { approval_id } = done(await decide("acme", id, "approved"))
    world.trader("HAI-version", { definition_version: "1.0.0" })
    const changed = await execute("acme", id, approval_id)
    assert.deepStrictEqual([...codeOf(changed), changed.json.changed], [409, "content_changed", ["definition_version"]])
    const again = done(await decide("acme", id, "approved"))
    done(await execute("acme", id, again.approval_id))
  })

  it("approvals of two targets are not two of either", async () => {
    const { world } = stage()
    const { decide, execute, ruled } = approvals(stage())
    const { deliverable_id: id } = await ruled("two", { quorum: 2 })
    done(await decide("acme/ann", id, "approved"))
    const { definition_version } = world.hires.get("HAI-two")!
    const settings = { execution: { target: "webhook", url: receiver.url, secret_ref: "hook" } }
    world.trader("HAI-two", { definition_version, settings })
    assert.strictEqual(done(await decide("acme/bob", id, "approved")).review_status, "pending_review")
    assert.deepStrictEqual(codeOf(await execute("acme", id)), [409, "not_approved"])
    const { approval_id } = done(await decide("acme/ann", id, "approved"))
    world.trader("HAI-two", { definition_version })
    assert.deepStrictEqual(codeOf(await execute("acme", id, approval_id)), [409, "target_changed"])
    world.trader("HAI-two", { definition_version, settings })
    done(await execute("acme", id, approval_id))
    assert.strictEqual(receiver.received.length, 1)
  })
})

onStage("a withdrawal", (stage) => {
  it("takes an approval back until an execution begins; then it can be given again", async () => {
    const { decide, decisionsOn, execute, ruled, withdraw } = approvals(stage())
    const { deliverable_id: id } = await ruled("back", { expires_after_seconds: 3600 })
    const { approval_id } = done(await decide("acme/ann", id, "approved"))
    for (const who of ["globex", "globex/ann", "ann"]) {
      assert.deepStrictEqual(codeOf(await withdraw(who, approval_id)), [404, "approval_not_found"], who)
    }
    assert.deepStrictEqual(codeOf(await withdraw("acme", "APR-none")), [404, "approval_not_found"])
    const withdrawn = done(await withdraw("acme/bob?reviewer", approval_id, { reason: "Too soon" }))
    assert.deepInclude(withdrawn, { approval_id, decision: "approved", withdrawn_by: "bob" })
    assert.isString(withdrawn.withdrawn_at)
    const draft = (await stage().get(id)).json
    assert.deepInclude(draft, { review_status: "pending_review", approval_id: null, approvals_given: 0 })
    // a repeat shows it as it is
    assert.deepStrictEqual(done(await withdraw("acme/ann", approval_id)), withdrawn)
    assert.deepStrictEqual(codeOf(await execute("acme", id, approval_id)), [409, "not_approved"])
    const again = done(await decide("acme/ann", id, "approved"))
    done(await execute("acme", id, again.approval_id))
    assert.deepStrictEqual(codeOf(await withdraw("acme", again.approval_id)), [409, "already_executed"])
    assert.deepStrictEqual((await decisionsOn(id)).map(({ withdrawn_by }) => withdrawn_by), ["bob", null])
    for (const role of ["operator:o", "viewer:v"] as const) {
      const refused = await stage().call("POST", `/api/v1/approvals/${approval_id}/withdraw`, { as: role, body: {} })
      assert.deepStrictEqual(codeOf(refused), [403, "wrong_role"])
    }
  })

  it("is of an approval that counts: of one of several that must, of no rejection, of none that is too old", async () => {
    const { decide, decisionsOn, edit, outdate, ruled, withdraw } = approvals(stage())
    const draft = await ruled("counts", { quorum: 2, valid_for_seconds: 3600 })
    const id = draft.deliverable_id
    done(await decide("acme/ann", id, "approved"))
    const [first] = await decisionsOn(id)
    done(await withdraw("acme/ann", first.approval_id))
    done(await decide("acme/ann", id, "approved"))
    assert.strictEqual(done(await decide("acme/bob", id, "approved")).review_status, "approved")
    const [, second] = await decisionsOn(id)
    done(await withdraw("acme/ann", second.approval_id))
    assert.deepInclude((await stage().get(id)).json, { review_status: "pending_review", approvals_given: 1 })
    const third = (await decisionsOn(id)).find(({ decided_by }) => decided_by === "bob")!
    await outdate(third.approval_id)
    assert.deepStrictEqual(codeOf(await withdraw("acme/bob", third.approval_id)), [409, "not_withdrawable"])
    done(await decide("acme/ann", id, "approved"))
    const fourth = (await decisionsOn(id)).find((one) => one.decided_by === "ann" && one.withdrawn_at === null)!
    done(await edit("acme/ann", id, 1, { ...draft.payload, units: 2 }))
    assert.deepStrictEqual(codeOf(await withdraw("acme/ann", fourth.approval_id)), [409, "not_withdrawable"])
    done(await decide("acme/ann", id, "rejected"))
    const rejection = (await decisionsOn(id)).find(({ decision }) => decision === "rejected")!
    assert.deepStrictEqual(codeOf(await withdraw("acme/ann", rejection.approval_id)), [409, "not_withdrawable"])
  })

  it("that races with an execution: one of the two is done, never both", async () => {
    const { decide, execute, ruled, withdraw } = approvals(stage())
    for (let n = 0; n < 8; n++) {
      const { deliverable_id: id } = await ruled(`race-${n}`, { quorum: 1 })
      const { approval_id } = done(await decide("acme", id, "approved"))
      const [executed, withdrawn] = await Promise.all([
        execute("acme/ann", id, approval_id),
        withdraw("acme/bob", approval_id),
      ])
      assert.include(
        [[200, 409], [409, 200]].map(String),
        String([executed.status, withdrawn.status]),
        JSON.stringify([executed.json, withdrawn.json]),
      )
      assert.strictEqual(stage().journalOf(id).length, executed.status === 200 ? 1 : 0)
    }
  })

  it("of what is being delivered is refused; once that failed it takes the delivery along", async () => {
    const { call, get, world } = stage()
    const { decide, edit, execute, ruled, withdraw } = approvals(stage())
    const { deliverable_id: id, payload } = await ruled("flight", { quorum: 1 })
    const { definition_version } = world.hires.get("HAI-flight")!
    const settings = { execution: { target: "webhook", url: receiver.url, secret_ref: "hook" } }
    world.trader("HAI-flight", { definition_version, settings })
    const { approval_id } = done(await decide("acme", id, "approved"))
    // the second attempt has its answer once both were refused
    const second = heldAnswer(410)
    receiver.answers.push(answer(503), second.answer)
    assert.strictEqual((await execute("acme", id, approval_id)).status, 202)
    assert.deepStrictEqual(codeOf(await withdraw("acme", approval_id)), [409, "execution_in_progress"])
    assert.deepStrictEqual(codeOf(await edit("acme", id, 1, { ...payload, units: 2 })), [409, "execution_in_progress"])
    second.open()
    const execution = await until(async () => {
      const { json } = await get(id)
      return json.execution.state === "failed" && json.execution
    })
    done(await withdraw("acme", approval_id))
    const retry = await call("POST", `/api/v1/deliveries/${execution.delivery_id}/retry`, {
      as: "operator:o",
      body: {},
    })
    assert.deepStrictEqual([...codeOf(retry), retry.json.reason], [409, "delivery_not_retryable", "approval_withdrawn"])
  })

  it("of what failed to be delivered and was edited: the new content is a delivery of its own", async () => {
    const { executed, world } = stage()
    const { decide, edit, execute, ruled } = approvals(stage())
    const draft = await ruled("other", { quorum: 1 })
    const id = draft.deliverable_id
    const { definition_version } = world.hires.get("HAI-other")!
    const settings = { execution: { target: "webhook", url: receiver.url, secret_ref: "hook" } }
    world.trader("HAI-other", { definition_version, settings })
    const first = done(await decide("acme", id, "approved"))
    receiver.answers.push(answer(410))
    const failed = done(await execute("acme", id, first.approval_id)).execution
    done(await edit("acme/ann", id, 1, { ...draft.payload, units: 2 }))
    const second = done(await decide("acme", id, "approved"))
    done(await execute("acme", id, second.approval_id))
    const { execution } = await executed(id)
    assert.notStrictEqual(execution.delivery_id, failed.delivery_id)
    assert.strictEqual(execution.attempts, 1)
    const [before, after] = receiver.received.map(({ text }) => JSON.parse(text).data)
    assert.deepStrictEqual([before.revision, after.revision], [1, 2])
    assert.deepStrictEqual([after.payload.units, after.delivery_id], [2, execution.delivery_id])
  })
})
