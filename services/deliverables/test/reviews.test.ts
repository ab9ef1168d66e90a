/** Reviews: one decision on the content of a deliverable, by its customer. */
import { assert, it } from "@effect/vitest"
import { pastDeadlocks } from "../../../tests/support/Until.ts"
import { newKey, onStage } from "./support/Harness.ts"
import { connect } from "./support/Statements.ts"

/** The server's message when it refuses a statement. */
const refusalOf = (query: Promise<unknown>) => query.then(() => "done", (error: Error) => error.message)

onStage("reviews", (stage) => {
  it("an approval stores the SHA-256 of the approved content; a rejection is stored as well", async () => {
    const { call, drafted, review, world } = stage()
    world.goal("GOI-r", world.hire("HAI-r"))
    const draft = await drafted("GOI-r")
    const sent = await call("POST", `/api/v1/deliverables/${draft.deliverable_id}/review`, {
      as: "customer:acme",
      body: { decision: "approved", notes: "Go ahead" },
    })
    assert.strictEqual(sent.status, 200, JSON.stringify(sent.json))
    const { approval_id, review_notes, review_status } = sent.json
    assert.deepStrictEqual([review_status, review_notes], ["approved", "Go ahead"])
    const approval = await call("GET", `/api/v1/approvals/${approval_id}`, { as: "customer:acme" })
    assert.match(approval.json.content_sha256, /^[0-9a-f]{64}$/)
    assert.deepInclude(approval.json, {
      approval_id,
      deliverable_id: draft.deliverable_id,
      customer_id: "acme",
      decision: "approved",
      notes: "Go ahead",
    })
    const other = await drafted("GOI-r", "2026-03-02T09:00:00.000Z")
    const rejected = await review(other.deliverable_id, "rejected")
    assert.deepInclude(rejected.json, { review_status: "rejected", review_notes: null, approval_id: null })
    const of = await call("GET", `/api/v1/deliverables/${other.deliverable_id}/approvals`, { as: "viewer:v" })
    assert.deepStrictEqual(of.json.items.map((a: { decision: string }) => a.decision), ["rejected"])
  })

  it("is refused in order: 404, 410, a canceled subscription, an earlier decision", async () => {
    const { call, drafted, review, world } = stage()
    world.goal("GOI-order", world.hire("HAI-order"))
    const { deliverable_id: id } = await drafted("GOI-order")
    const code = async (as?: `customer:${string}`) => {
      const answer = await review(id, "approved", as)
      return [answer.status, answer.json.code]
    }
    assert.deepStrictEqual(await code("customer:other"), [404, "deliverable_not_found"])
    world.hire("HAI-order", { subscription_status: "canceled", gone: true })
    assert.deepStrictEqual(await code(), [410, "deliverable_gone"])
    world.hire("HAI-order", { subscription_status: "canceled" })
    assert.deepStrictEqual(await code(), [409, "subscription_not_active"])
    world.hire("HAI-order", { subscription_status: "past_due", runnable: false, reason: "past due" })
    assert.deepStrictEqual(await code(), [200, undefined])
    const again = await review(id, "rejected")
    assert.deepStrictEqual([again.status, again.json.code, again.json.review_status], [
      409,
      "already_reviewed",
      "approved",
    ])
    world.hire("HAI-order", { subscription_status: "canceled" })
    assert.deepStrictEqual(await code(), [409, "subscription_not_active"])
    for (const as of ["operator:o", "viewer:v", "service:scheduler"] as const) {
      const answer = await call("POST", `/api/v1/deliverables/${id}/review`, { as, body: { decision: "approved" } })
      assert.strictEqual(answer.status, 403, as)
    }
    world.hire("HAI-order")
    world.hiringAway = true
    assert.deepStrictEqual(await code(), [503, "unavailable"])
    world.hiringAway = false
    for (
      const body of [{}, { decision: "maybe" }, { decision: "approved", more: 1 }, {
        decision: "approved",
        notes: "x".repeat(4001),
      }]
    ) {
      const answer = await call("POST", `/api/v1/deliverables/${id}/review`, { as: "customer:acme", body })
      assert.strictEqual(answer.status, 400, JSON.stringify(body).slice(0, 60))
    }
  })

  it("a draft with validation errors can be rejected, not approved", async () => {
    const { drafted, review, world } = stage()
    const settings = { coin: "DOGE", side: "buy", units: 5 }
    world.goal("GOI-invalid", world.trader("HAI-invalid"), "trading.trade_intent_draft.v1", settings)
    const draft = await drafted("GOI-invalid")
    assert.deepStrictEqual(draft.payload.validation_errors, ["coin_allowed", "within_max_units"])
    const refused = await review(draft.deliverable_id, "approved")
    assert.deepStrictEqual([refused.status, refused.json.code], [409, "draft_invalid"])
    assert.deepStrictEqual(refused.json.validation_errors, ["coin_allowed", "within_max_units"])
    assert.strictEqual((await review(draft.deliverable_id, "rejected")).json.review_status, "rejected")
  })

  it("of many at once one decides, and one approval is stored", async () => {
    const { call, drafted, review, world } = stage()
    world.goal("GOI-race", world.hire("HAI-race"))
    const { deliverable_id: id } = await drafted("GOI-race")
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) => review(id, i % 2 === 0 ? "approved" : "rejected")),
    )
    assert.deepStrictEqual(answers.map((a) => a.status).toSorted(), [200, 409, 409, 409, 409, 409])
    const { items } = (await call("GET", `/api/v1/deliverables/${id}/approvals`, { as: "customer:acme" })).json
    assert.strictEqual(items.length, 1)
    assert.strictEqual(answers.find((a) => a.status === 200)!.json.review_status, items[0].decision)
  })

  it("approvals are a customer's own, page by page", async () => {
    const { call, drafted, review, world } = stage()
    world.goal("GOI-page", world.hire("HAI-page", { customer_id: "pager" as never }))
    for (let day = 1; day <= 5; day++) {
      const { deliverable_id } = await drafted("GOI-page", `2026-04-0${day}T09:00:00.000Z`)
      await review(deliverable_id, day % 2 === 0 ? "rejected" : "approved", "customer:pager")
    }
    const get = (path: string, as: "customer:pager" | "customer:acme" | "operator:o" = "customer:pager") =>
      call("GET", `/api/v1/approvals${path}`, { as })
    const first = (await get("?customer_id=pager&limit=3")).json
    const rest = (await get(`?customer_id=pager&limit=3&cursor=${first.next_cursor}`, "operator:o")).json
    assert.deepStrictEqual([first.items.length, rest.items.length, rest.next_cursor], [3, 2, null])
    const all = [...first.items, ...rest.items]
    assert.strictEqual(new Set(all.map((a) => a.approval_id)).size, 5)
    // newest first; a deliverable has the id of its approval, not of a rejection
    assert.deepStrictEqual(all.map((a) => a.decision), ["approved", "rejected", "approved", "rejected", "approved"])
    for (const { approval_id, decision, deliverable_id } of all) {
      const { json } = await call("GET", `/api/v1/deliverables/${deliverable_id}`, { as: "customer:pager" })
      assert.strictEqual(json.approval_id, decision === "approved" ? approval_id : null)
    }
    // a cursor holds for the list that made it: the approvals of a deliverable take none of another's
    const own = `/api/v1/deliverables/${all[0].deliverable_id}/approvals`
    const ofOne = await call("GET", `${own}?cursor=${first.next_cursor}`, { as: "customer:pager" })
    assert.deepStrictEqual([ofOne.status, ofOne.json.code, ofOne.json.errors[0].path], [
      400,
      "invalid_request",
      "query.cursor",
    ])
    assert.strictEqual((await get("?customer_id=pager", "customer:acme")).json.code, "customer_not_found")
    const foreign = await get(`/${first.items[0].approval_id}`, "customer:acme")
    assert.deepStrictEqual([foreign.status, foreign.json.code], [404, "approval_not_found"])
    assert.strictEqual((await get("/APR-none")).status, 404)
  })

  it("repeated under its Idempotency-Key has the first reply", async () => {
    const { call, drafted, world } = stage()
    world.goal("GOI-key", world.hire("HAI-key"))
    const { deliverable_id: id } = await drafted("GOI-key")
    const headers = { "idempotency-key": newKey() }
    const send = () =>
      call("POST", `/api/v1/deliverables/${id}/review`, {
        as: "customer:acme",
        headers,
        body: { decision: "approved" },
      })
    const first = await send()
    assert.deepStrictEqual((await send()).json, first.json)
  })

  it("approvals are never changed or taken away, deliverables never taken away: not even by the owner", async () => {
    const { drafted, review, sql, world } = stage()
    world.goal("GOI-pg", world.hire("HAI-pg"))
    const { deliverable_id: id } = await drafted("GOI-pg")
    await review(id, "approved")
    for (
      const statement of [
        "update approvals set decision = 'rejected'",
        "delete from approvals",
        "truncate approvals cascade",
        "delete from deliverables",
        "truncate deliverables cascade",
      ]
    ) {
      assert.match(await pastDeadlocks(() => refusalOf(sql(statement))), /is refused/, statement)
    }
    const kept = await sql("select decision from approvals where deliverable_id = $1", [id])
    assert.deepStrictEqual(kept, [{ decision: "approved" }])
  })

  it("the service's own role may neither alter an approval nor the content of a draft", async () => {
    const service = connect(stage().url)
    try {
      for (
        const statement of [
          "update approvals set notes = null",
          "delete from approvals",
          "truncate approvals",
          "delete from deliverables",
          "truncate deliverables",
          "delete from executions",
          "delete from approval_withdrawals",
          "update deliverable_revisions set payload = '{}'",
        ]
      ) {
        assert.match(await refusalOf(service.sql(statement)), /permission denied/, statement)
      }
      const alter = service.sql("update deliverables set payload = '{}'")
      assert.match(await refusalOf(alter), /is kept as it was made/)
    } finally {
      await service.end()
    }
  })

  it("D10: reviews and deletes only what was seen; a write that came between is judged as well", async () => {
    const { call, drafted, world } = stage()
    world.goal("GOI-tag", world.hire("HAI-tag"))
    const { deliverable_id: id } = await drafted("GOI-tag")
    const path = `/api/v1/deliverables/${id}`
    const seen = await call("GET", path, { as: "customer:acme" })
    const tag = seen.headers.get("etag")!
    const known = await call("GET", path, { as: "customer:acme", headers: { "if-none-match": tag } })
    assert.deepStrictEqual([known.status, known.json], [304, ""])
    const review = (match: string, decision = "approved") =>
      call("POST", `${path}/review`, { as: "customer:acme", body: { decision }, headers: { "if-match": match } })
    assert.deepStrictEqual((await review('"stale"')).json.code, "precondition_failed")
    const reviewed = await review(`"x", ${tag}`)
    assert.strictEqual(reviewed.status, 200, JSON.stringify(reviewed.json))
    const now = reviewed.headers.get("etag")!
    assert.notStrictEqual(now, tag)
    assert.strictEqual((await call("GET", path, { as: "customer:acme" })).headers.get("etag"), now)
    const execute = (match: string) =>
      call("POST", `${path}/execute`, {
        as: "customer:acme",
        body: { approval_id: reviewed.json.approval_id },
        headers: { "idempotency-key": newKey(), "if-match": match },
      })
    assert.strictEqual((await execute(tag)).status, 412)
    const executed = await execute(now)
    assert.strictEqual(executed.status, 200, JSON.stringify(executed.json))
    const remove = (match: string) => call("DELETE", path, { as: "customer:acme", headers: { "if-match": match } })
    assert.strictEqual((await remove(now)).status, 412)
    assert.strictEqual((await remove(executed.headers.get("etag")!)).status, 200)
    assert.strictEqual((await remove("*")).status, 410)
  })

  it("D10: of a deletion and a review that saw the same, one fails", async () => {
    const { call, drafted, world } = stage()
    world.goal("GOI-both", world.hire("HAI-both"))
    for (let n = 0; n < 5; n++) {
      const { deliverable_id: id } = await drafted("GOI-both", `2026-03-0${n + 1}T09:00:00.000Z`)
      const path = `/api/v1/deliverables/${id}`
      const headers = { "if-match": (await call("GET", path, { as: "customer:acme" })).headers.get("etag")! }
      const answers = await Promise.all([
        call("DELETE", path, { as: "customer:acme", headers }),
        call("POST", `${path}/review`, { as: "customer:acme", body: { decision: "approved" }, headers }),
      ])
      const statuses = answers.map(({ status }) => status)
      assert.include([[200, 410], [412, 200]].map(String), String(statuses), JSON.stringify(answers[1].json))
    }
  })
})
