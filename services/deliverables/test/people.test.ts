/** Several people of a customer decide: who may, how many must, until when it holds, and what takes it back. */
import { assert, it } from "@effect/vitest"
import { approvals, codeOf, done } from "./support/Approvals.ts"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { dutiesAsked } from "../../../tests/support/Duties.ts"
import { onStage } from "./support/Harness.ts"

onStage("people", (stage) => {
  it("of a customer see what it has, and nothing of another", async () => {
    const { call, drafted, world } = stage()
    world.goal("GOI-own", world.hire("HAI-own"))
    const { deliverable_id: id } = await drafted("GOI-own")
    const get = (as: `customer:${string}`, path: string) => call("GET", `/api/v1${path}`, { as })
    for (const as of ["customer:acme/ann", "customer:acme/ann?reader"] as const) {
      assert.strictEqual((await get(as, `/deliverables/${id}`)).status, 200)
      const inbox = await get(as, "/deliverables?hired_instance_id=HAI-own")
      assert.deepStrictEqual(inbox.json.items.map((one: { deliverable_id: string }) => one.deliverable_id), [id])
      assert.strictEqual((await get(as, "/deliverables/counts?customer_id=acme")).status, 200)
    }
    // the person's own name is no customer
    for (const as of ["customer:ann", "customer:globex/ann", "customer:globex/acme"] as const) {
      assert.deepStrictEqual(codeOf(await get(as, `/deliverables/${id}`)), [404, "deliverable_not_found"], as)
      assert.deepStrictEqual(codeOf(await get(as, "/deliverables?customer_id=acme")), [404, "customer_not_found"], as)
    }
  })

  it("need the duty for what they do: reviewers sign, editors change, readers read", async () => {
    const { call, drafted, world } = stage()
    const { decide, edit, execute, withdraw } = approvals(stage())
    world.goal("GOI-duty", world.hire("HAI-duty"))
    const { deliverable_id: id } = await drafted("GOI-duty")
    const draft = (await stage().get(id)).json
    const duty = (answer: Parameters<typeof codeOf>[0]) => [...codeOf(answer), answer.json.duty]
    for (const who of ["acme/ann?editor", "acme/ann?reader", "acme/ann?"]) {
      assert.deepStrictEqual(duty(await decide(who, id, "approved")), [403, "duty_missing", "reviewer"], who)
      assert.deepStrictEqual(duty(await withdraw(who, "APR-x")), [403, "duty_missing", "reviewer"], who)
      assert.deepStrictEqual(duty(await execute(who, id)), [403, "duty_missing", "reviewer"], who)
      const many = { items: [{ deliverable_id: id, decision: "approved", content_sha256: draft.content_sha256 }] }
      const answer = await call("POST", "/api/v1/deliverables/decisions", { as: `customer:${who}`, body: many })
      assert.deepStrictEqual(duty(answer), [403, "duty_missing", "reviewer"], who)
    }
    for (const who of ["acme/ann?reviewer", "acme/ann?reader", "acme/ann?"]) {
      assert.deepStrictEqual(duty(await edit(who, id, 1, draft.payload)), [403, "duty_missing", "editor"], who)
      const gone = await call("DELETE", `/api/v1/deliverables/${id}`, { as: `customer:${who}` })
      assert.deepStrictEqual(duty(gone), [403, "duty_missing", "editor"], who)
    }
    const { approval_id } = done(await decide("acme/ann?reviewer", id, "approved"))
    assert.strictEqual(done(await execute("acme/bob?reviewer", id, approval_id)).execution_status, "executed")
  })

  it("who may only read sign and change nothing: each endpoint names the duty that it needs", async () => {
    assert.deepStrictEqual(await dutiesAsked(DeliverablesApi, stage().call), {
      "POST /deliverables/:id/review": "reviewer",
      "POST /deliverables/decisions": "reviewer",
      "POST /approvals/:id/withdraw": "reviewer",
      "POST /deliverables/:id/execute": "reviewer",
      "POST /deliveries/:id/retry": "reviewer",
      "POST /trials/:id/deliverables": "editor",
      "PUT /deliverables/:id/content": "editor",
      "DELETE /deliverables/:id": "editor",
      "POST /mandates": "reviewer",
      "POST /mandates/:id/revoke": "reviewer",
      "POST /mandates/preview": "none",
      "PUT /reviewers/:person": "none",
      "POST /notices/test": "none",
    })
  })

  it("are named by their decisions; a customer without people by itself", async () => {
    const { drafted, world } = stage()
    const { decide, decisionsOn } = approvals(stage())
    world.goal("GOI-by", world.hire("HAI-by"))
    for (const [i, [who, by]] of [["acme/ann", "ann"], ["acme", "acme"]].entries()) {
      const { deliverable_id: id } = await drafted("GOI-by", `2026-03-0${i + 1}T09:00:00.000Z`)
      done(await decide(who!, id, "approved"))
      const [approval] = await decisionsOn(id)
      assert.deepInclude(approval, {
        decided_by: by,
        customer_id: "acme",
        revision: 1,
        definition_version: "1.0.0",
        expires_at: null,
        withdrawn_at: null,
        mandate_id: null,
      })
    }
  })

  it("must be as many as the template says, each once a revision; the last one's approval is the deliverable's", async () => {
    const { call } = stage()
    const { decide, execute, ruled } = approvals(stage())
    const draft = await ruled("quorum", { quorum: 3 })
    const id = draft.deliverable_id
    assert.deepInclude(draft, { approvals_needed: 3, approvals_given: 0, review_status: "pending_review" })
    const first = done(await decide("acme/ann", id, "approved"))
    assert.deepInclude(first, { review_status: "pending_review", approvals_given: 1, approval_id: null })
    const twice = await decide("acme/ann", id, "approved")
    assert.deepStrictEqual(codeOf(twice), [409, "already_reviewed"])
    assert.deepStrictEqual(codeOf(await decide("acme/ann", id, "rejected")), [409, "already_reviewed"])
    assert.deepStrictEqual(codeOf(await execute("acme/ann", id)), [409, "not_approved"])
    assert.deepInclude(done(await decide("acme/bob", id, "approved")), { approvals_given: 2, approval_id: null })
    const last = done(await decide("acme", id, "approved"))
    assert.deepInclude(last, { review_status: "approved", approvals_given: 3 })
    const late = await decide("acme/dora", id, "rejected")
    assert.deepStrictEqual([...codeOf(late), late.json.review_status], [409, "already_reviewed", "approved"])
    const { items } = (await call("GET", `/api/v1/deliverables/${id}/approvals`, { as: "customer:acme" })).json
    const [, second] = items
    assert.deepStrictEqual(codeOf(await execute("acme/ann", id, second.approval_id)), [403, "approval_invalid"])
    done(await execute("acme/ann", id, last.approval_id))
  })

  it("who reject or ask for changes decide alone, whatever the quorum", async () => {
    const { decide, decisionsOn, ruled } = approvals(stage())
    const rejected = await ruled("alone-r", { quorum: 2 })
    done(await decide("acme/ann", rejected.deliverable_id, "approved"))
    assert.strictEqual(done(await decide("acme/bob", rejected.deliverable_id, "rejected")).review_status, "rejected")
    const asked = await ruled("alone-c", { quorum: 2 })
    const id = asked.deliverable_id
    const without = await decide("acme/ann", id, "changes_requested")
    assert.deepStrictEqual(codeOf(without), [400, "invalid_request"])
    assert.deepInclude(without.json.errors[0], { path: "$.notes" })
    done(await decide("acme/ann", id, "approved"))
    done(await decide("acme/bob", id, "changes_requested", { notes: "Half of it" }))
    const [, changes] = await decisionsOn(id)
    assert.deepInclude(changes, { decision: "changes_requested", notes: "Half of it", decided_by: "bob", revision: 1 })
  })

  it("decide at the same time: as many approvals as must, none of them twice", async () => {
    const { decide, decisionsOn, ruled } = approvals(stage())
    const { deliverable_id: id } = await ruled("race", { quorum: 2 })
    const people = ["ann", "bob", "cyd", "ann", "bob", "cyd"]
    const answers = await Promise.all(people.map((who) => decide(`acme/${who}`, id, "approved")))
    assert.deepStrictEqual(answers.map(({ status }) => status).toSorted(), [200, 200, 409, 409, 409, 409])
    const given = await decisionsOn(id)
    assert.strictEqual(new Set(given.map(({ decided_by }) => decided_by)).size, 2)
  })

  it("decide on the revision that they were shown", async () => {
    const { drafted, world } = stage()
    const { decide } = approvals(stage())
    world.goal("GOI-shown", world.hire("HAI-shown"))
    const { deliverable_id } = await drafted("GOI-shown")
    const draft = (await stage().get(deliverable_id)).json
    const other = await decide("acme/ann", draft.deliverable_id, "approved", { revision: 2 })
    assert.deepStrictEqual(codeOf(other), [409, "revision_changed"])
    assert.deepInclude(other.json, { revision: 1, content_sha256: draft.content_sha256 })
    const hash = await decide("acme/ann", draft.deliverable_id, "approved", { content_sha256: "0".repeat(64) })
    assert.deepInclude(hash.json, { code: "revision_changed", revision: 1, content_sha256: draft.content_sha256 })
    done(
      await decide("acme/ann", draft.deliverable_id, "approved", {
        revision: 1,
        content_sha256: draft.content_sha256,
      }),
    )
  })

  it("who wrote the revision do not approve it, where editors are kept apart; they may reject it", async () => {
    const { decide, edit, execute, ruled } = approvals(stage())
    const draft = await ruled("apart", { separate_editor: true, quorum: 2 })
    const id = draft.deliverable_id
    done(await decide("acme/ann", id, "approved"))
    const edited = done(await edit("acme/ann", id, 1, { ...draft.payload, units: 2 }))
    assert.deepInclude(edited, { revision: 2, edited_by: "ann", review_status: "pending_review", approvals_given: 0 })
    assert.deepStrictEqual(codeOf(await decide("acme/ann", id, "approved")), [409, "separate_editor"])
    done(await decide("acme/bob", id, "approved", { revision: 2 }))
    assert.deepStrictEqual(codeOf(await execute("acme/ann", id)), [409, "not_approved"])
    const { approval_id } = done(await decide("acme/cyd", id, "approved"))
    done(await execute("acme/ann", id, approval_id))
    const own = await ruled("apart-r", { separate_editor: true })
    done(await edit("acme/ann", own.deliverable_id, 1, { ...own.payload, units: 2 }))
    assert.strictEqual(done(await decide("acme/ann", own.deliverable_id, "rejected")).review_status, "rejected")
  })
})
