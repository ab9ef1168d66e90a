/** Execution: the order of its refusals, one delivery of concurrent requests, and only of approved content. */
import { assert, it } from "@effect/vitest"
import { newKey, onStage, type Stage } from "./support/Harness.ts"

/** Publishes a version of the trading agent that requires no approval. */
const unreviewed = ({ world }: Stage) =>
  world.publish({
    agent_type_id: "trading.delta_futures.v1",
    version: "2.0.0",
    ...(({ config_schema, goal_templates }) => ({ config_schema, goal_templates }))(
      world.definitions.get("trading.delta_futures.v1@1.0.0")!,
    ),
    enforcement_defaults: { approval_required: false, deterministic: true },
  })

onStage("executions", (stage) => {
  it("are refused in the order of domain.md", async () => {
    const { call, drafted, execute, review, world } = stage()
    world.goal("GOI-o", world.hire("HAI-o"))
    const { deliverable_id: id } = await drafted("GOI-o")
    const expect = async (body: unknown, status: number, code: string) => {
      const answer = await execute(id, body)
      assert.deepStrictEqual([answer.status, answer.json.code], [status, code], JSON.stringify(answer.json))
      return answer.json
    }
    const as = "customer:other"
    const foreign = await call("POST", `/api/v1/deliverables/${id}/execute`, {
      as,
      body: {},
      headers: { "idempotency-key": newKey() },
    })
    assert.deepStrictEqual([foreign.status, foreign.json.code], [404, "deliverable_not_found"])
    world.hire("HAI-o", { subscription_status: "canceled", gone: true })
    await expect({}, 410, "deliverable_gone")
    world.hire("HAI-o", { subscription_status: "canceled" })
    await expect({}, 409, "subscription_not_active")
    world.hire("HAI-o", { subscription_status: "past_due", runnable: false })
    assert.strictEqual((await expect({ approval_id: "APR-x" }, 409, "not_approved")).review_status, "pending_review")
    const { approval_id } = (await review(id, "approved")).json
    await expect({}, 403, "approval_required")
    for (const wrong of ["APR-x", "", "not an id", `${approval_id} `]) {
      await expect({ approval_id: wrong }, 403, "approval_invalid")
    }
    assert.strictEqual((await execute(id, { approval_id })).status, 200)
    await expect({}, 409, "already_executed")
    await expect({ approval_id: "APR-x" }, 409, "already_executed")
    world.hire("HAI-o", { subscription_status: "canceled" })
    await expect({ approval_id }, 409, "subscription_not_active")
    assert.strictEqual(stage().journalOf(id).length, 1)
  })

  it("need an Idempotency-Key, their customer, and a body that decodes", async () => {
    const { call, execute } = stage()
    const { id, approval_id } = await stage().approved("roles")
    const path = `/api/v1/deliverables/${id}/execute`
    const keyless = await call("POST", path, { as: "customer:acme", body: { approval_id } })
    assert.deepStrictEqual([keyless.status, keyless.json.code], [400, "invalid_request"])
    for (const as of ["operator:o", "viewer:v", "service:scheduler"] as const) {
      const headers = { "idempotency-key": newKey() }
      assert.strictEqual((await call("POST", path, { as, body: { approval_id }, headers })).status, 403)
    }
    for (const body of [{ approval_id: 7 }, { approval_id, more: 1 }]) {
      assert.strictEqual((await execute(id, body)).status, 400)
    }
    assert.strictEqual((await stage().get(id)).json.execution_status, "not_executed")
  })

  it("of a rejected draft are refused", async () => {
    const { drafted, execute, review, world } = stage()
    world.goal("GOI-rej", world.hire("HAI-rej"))
    const { deliverable_id: id } = await drafted("GOI-rej")
    await review(id, "rejected")
    const { items } = (await stage().call("GET", `/api/v1/deliverables/${id}/approvals`, { as: "customer:acme" })).json
    const answer = await execute(id, { approval_id: items[0].approval_id })
    assert.deepStrictEqual([answer.status, answer.json.code, answer.json.review_status], [
      409,
      "not_approved",
      "rejected",
    ])
  })

  it("of an approved draft that acts on nothing need no approval_id", async () => {
    const { drafted, execute, review, world } = stage()
    world.goal("GOI-report", world.trader("HAI-report"), "trading.guardrail_report.v1")
    const { deliverable_id: id } = await drafted("GOI-report")
    assert.strictEqual((await execute(id)).json.code, "not_approved")
    await review(id, "approved")
    assert.strictEqual((await execute(id)).status, 200)
  })

  it("need no review where the definition requires none and the draft acts on nothing", async () => {
    const { drafted, execute, review, world } = stage()
    unreviewed(stage())
    world.goal("GOI-free", world.trader("HAI-free", { definition_version: "2.0.0" }), "trading.guardrail_report.v1")
    world.goal("GOI-acts", "HAI-free", "trading.trade_intent_draft.v1", { coin: "BTC", side: "buy", units: 1 })
    const acting = await drafted("GOI-acts")
    assert.strictEqual((await execute(acting.deliverable_id)).json.code, "not_approved")
    const report = await drafted("GOI-free")
    const executed = await execute(report.deliverable_id)
    assert.strictEqual(executed.status, 200, JSON.stringify(executed.json))
    assert.deepInclude(executed.json, {
      review_status: "pending_review",
      approval_id: null,
      execution_status: "executed",
    })
    assert.isNull(stage().journalOf(report.deliverable_id)[0].approval_id)
    for (const decision of ["approved", "rejected"]) {
      const late = await review(report.deliverable_id, decision)
      assert.deepStrictEqual([late.status, late.json.code], [409, "already_executed"])
    }
    const rejected = await drafted("GOI-free", "2026-03-02T09:00:00.000Z")
    await review(rejected.deliverable_id, "rejected")
    assert.strictEqual((await execute(rejected.deliverable_id)).json.code, "not_approved")
  })

  it("B3: of content that was changed after its approval, by who took the triggers away, are refused", async () => {
    const { approved, execute, journalOf, sql } = stage()
    const changes = [`payload || '{"more": 1}'`, `jsonb_set(payload, '{brand_name}', '"Other"')`, `payload - 'type'`]
    for (const [i, change] of changes.entries()) {
      const { id, approval_id } = await approved(`changed-${i}`)
      const update = `update deliverables set payload = ${change} where deliverable_id = $1`
      assert.match(String(await sql(update, [id]).catch((error) => error)), /is kept as it was made/)
      await sql("alter table deliverables disable trigger deliverables_keep_content")
      await sql(update, [id])
      await sql("alter table deliverables enable trigger deliverables_keep_content")
      const answer = await execute(id, { approval_id })
      assert.deepStrictEqual([answer.status, answer.json.code], [409, "content_changed"])
      assert.strictEqual(journalOf(id).length, 0)
      assert.deepStrictEqual(await sql("select 1 from executions where deliverable_id = $1", [id]), [])
    }
  })

  it("of many at once one delivers", async () => {
    const { execute } = stage()
    const { id, approval_id } = await stage().approved("many")
    const answers = await Promise.all(Array.from({ length: 8 }, () => execute(id, { approval_id })))
    assert.strictEqual(answers.filter((answer) => answer.status === 200).length, 1)
    for (const { json, status } of answers) {
      if (status !== 200) assert.include(["execution_in_progress", "already_executed"], json.code)
    }
    assert.strictEqual(stage().journalOf(id).length, 1)
  })

  it("that are repeated under their key get the first reply and are delivered once", async () => {
    const { execute } = stage()
    const { id, approval_id } = await stage().approved("key")
    const key = newKey()
    const first = await execute(id, { approval_id }, key)
    const second = await execute(id, { approval_id }, key)
    assert.strictEqual(second.headers.get("idempotency-replayed"), "true")
    assert.deepStrictEqual([second.status, second.json], [200, first.json])
    assert.strictEqual(stage().journalOf(id).length, 1)
  })

  it("that race with a deletion or a review: one of the two wins", async () => {
    const { call, drafted, execute, review, world } = stage()
    for (let i = 0; i < 5; i++) {
      const { id, approval_id } = await stage().approved(`del-${i}`)
      const remove = () => call("DELETE", `/api/v1/deliverables/${id}`, { as: "customer:acme" })
      const [executed, removed] = await Promise.all([execute(id, { approval_id }), remove()])
      assert.strictEqual(removed.status, 200)
      assert.include([200, 202, 410], executed.status, JSON.stringify(executed.json))
    }
    unreviewed(stage())
    world.goal("GOI-rr", world.trader("HAI-rr", { definition_version: "2.0.0" }), "trading.guardrail_report.v1")
    for (let i = 1; i <= 5; i++) {
      const { deliverable_id: id } = await drafted("GOI-rr", `2026-05-0${i}T09:00:00.000Z`)
      const [executed, reviewed] = await Promise.all([execute(id), review(id, "rejected")])
      assert.deepStrictEqual([executed.status, reviewed.status].toSorted(), [200, 409])
    }
  })
})
