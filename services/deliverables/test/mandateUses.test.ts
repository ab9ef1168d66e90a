/** What mandates approve and what they leave to people: counted, revoked at once, and held by the database. */
import { assert, it } from "@effect/vitest"
import { pastDeadlocks } from "../../../tests/support/Until.ts"
import { onStage, until } from "./support/Harness.ts"
import { begin, copied, drafted, looked, mandate, mandateOf, send, signed, slots } from "./support/Mandates.ts"
import { refusalOf } from "./support/Refusals.ts"

onStage("a mandate", (stage) => {
  it("approves what its maker wrote and its rules take, under hash, target and revision", async () => {
    begin(stage(), "covers")
    const before = await drafted(stage(), "covers", 9)
    const { mandate_id } = await signed(stage(), "HAI-covers")
    const draft = await drafted(stage(), "covers")
    assert.deepInclude(draft, { review_status: "approved", execution_status: "not_executed", mandate_id })
    const approval = (await stage().call("GET", `/api/v1/approvals/${draft.approval_id}`, { as: "customer:acme" })).json
    assert.deepInclude(approval, {
      mandate_id,
      decided_by: "acme",
      decision: "approved",
      revision: 1,
      content_sha256: draft.content_sha256,
      target: { target: "journal" },
      definition_version: "1.0.0",
    })
    const { call } = stage()
    const listed = async (of: string) =>
      (await call("GET", `/api/v1/approvals?customer_id=acme&mandate_id=${of}`, { as: "customer:acme" })).json.items
    assert.deepStrictEqual(await listed(mandate_id), [approval])
    assert.deepStrictEqual(await listed("MAN-none"), [])
    const report = (await call("GET", "/api/v1/hired-agents/HAI-covers/report", { as: "customer:acme" })).json
    assert.deepInclude(report, { drafts: 2, approved: 1, approved_by_mandate: 1 })
    assert.strictEqual((await stage().execute(draft.deliverable_id, { approval_id: draft.approval_id })).status, 200)
    assert.strictEqual((await mandate(stage(), mandate_id)).uses_in_period, 1)
    // what waited when it was signed asks its people
    assert.strictEqual((await stage().get(before.deliverable_id)).json.review_status, "pending_review")
  })

  it("leaves to people what a rule stops, another goal's, and what is signed by another", async () => {
    begin(stage(), "stops")
    stage().world.goal("GOI-stops2", "HAI-stops")
    await signed(stage(), "HAI-stops", { rules: [{ path: "variants[*].text", op: "max_length", value: 3 }] })
    await signed(stage(), "HAI-stops", { goal_instance_id: "GOI-stops2" })
    await signed(stage(), "HAI-stops", { goal_template_id: "marketing.monthly_campaign_pack.v1" })
    assert.strictEqual((await drafted(stage(), "stops")).review_status, "pending_review")
    assert.strictEqual((await drafted(stage(), "stops2")).review_status, "approved")
  })

  it("never approves a draft with validation errors, nor anything of a hire that has ended", async () => {
    const { world } = stage()
    world.trader("HAI-trader")
    world.goal("GOI-trader", "HAI-trader", "trading.trade_intent_draft.v1", { coin: "BTC", side: "buy", units: 9 })
    await signed(stage(), "HAI-trader", { rules: [{ path: "units", op: "lte", value: 100 }] })
    assert.strictEqual((await drafted(stage(), "trader")).review_status, "pending_review")
    world.goal("GOI-trader", "HAI-trader", "trading.trade_intent_draft.v1", { coin: "BTC", side: "buy", units: 1 })
    assert.strictEqual((await drafted(stage(), "trader", 1)).review_status, "approved")
    // it ends between the draft and the look: of an ended hire none is made
    for (const [nth, given] of [{ subscription_status: "canceled" }, { active: false }, { gone: true }].entries()) {
      begin(stage(), `ended${nth}`)
      const { mandate_id } = await signed(stage(), `HAI-ended${nth}`)
      const { deliverable_id } = await drafted(stage(), `ended${nth}`)
      world.hire(`HAI-ended${nth}`, given as never)
      await copied(stage(), deliverable_id, `DEL-ended${nth}`)
      await looked(stage(), `GOI-ended${nth}`)
      assert.strictEqual((await mandate(stage(), mandate_id)).uses_in_period, 1, JSON.stringify(given))
    }
  })

  it("waits while hiring is away, and approves afterwards", async () => {
    begin(stage(), "away")
    const { mandate_id } = await signed(stage(), "HAI-away")
    const { world } = stage()
    // known to the service: the draft itself needs no lookup
    const { deliverable_id } = await stage().drafted("GOI-away", slots(1))
    await looked(stage(), "GOI-away")
    const lookups = world.lookupsOf("HAI-away")
    world.hiringAway = true
    await copied(stage(), deliverable_id, "DEL-away")
    await until(() => world.lookupsOf("HAI-away") > lookups)
    assert.strictEqual((await mandate(stage(), mandate_id)).uses_in_period, 1)
    world.hiringAway = false
    await stage().sql("update mandate_queue set due_at = now(), locked_until = null")
    await stage().sql("notify stint_mandates")
    await looked(stage(), "GOI-away")
    assert.strictEqual((await mandate(stage(), mandate_id)).uses_in_period, 2)
  })

  it("executes at once where it says so, once, as a person would", async () => {
    begin(stage(), "acts")
    const { mandate_id } = await signed(stage(), "HAI-acts", { action: "execute" })
    const draft = await drafted(stage(), "acts")
    assert.deepInclude(draft, { review_status: "approved", execution_status: "executed", mandate_id })
    assert.strictEqual(stage().journalOf(draft.deliverable_id).length, 1)
    assert.strictEqual(stage().journalOf(draft.deliverable_id)[0].approval_id, draft.approval_id)
  })

  it("goes on to execute what it approved when the process died in between", async () => {
    begin(stage(), "died")
    await signed(stage(), "HAI-died")
    const draft = await drafted(stage(), "died")
    assert.strictEqual(draft.execution_status, "not_executed")
    // as it is left between the approval of a mandate that executes and the intent
    await stage().sql(
      "insert into mandate_queue (deliverable_id, revision, customer_id, approval_id) values ($1, 1, 'acme', $2)",
      [draft.deliverable_id, draft.approval_id],
    )
    await stage().sql("notify stint_mandates")
    await stage().executed(draft.deliverable_id)
    assert.strictEqual(stage().journalOf(draft.deliverable_id).length, 1)
  })

  it("counts: after max_uses of a period it asks again, and is used_up", async () => {
    begin(stage(), "count")
    const { mandate_id } = await signed(stage(), "HAI-count", { max_uses: 2 })
    const states = []
    for (const nth of [0, 1, 2]) states.push((await drafted(stage(), "count", nth)).review_status)
    assert.deepStrictEqual(states, ["approved", "approved", "pending_review"])
    assert.deepInclude(await mandate(stage(), mandate_id), { state: "used_up", uses_in_period: 2 })
    // another one that covers it takes over
    await signed(stage(), "HAI-count", { max_uses: 1 })
    assert.strictEqual((await drafted(stage(), "count", 3)).review_status, "approved")
  })

  it("is revoked at once, with who and why; again it stays as it is", async () => {
    begin(stage(), "revoked")
    const { mandate_id } = await signed(stage(), "HAI-revoked")
    assert.strictEqual((await drafted(stage(), "revoked")).review_status, "approved")
    const { json } = await send(stage(), { reason: "New rules" }, "customer:acme/ann?reviewer", `/${mandate_id}/revoke`)
    assert.deepInclude(json, { state: "revoked", revoked_by: "ann", revoke_reason: "New rules" })
    assert.strictEqual((await drafted(stage(), "revoked", 1)).review_status, "pending_review")
    const again = await send(stage(), { reason: "Other" }, "customer:acme", `/${mandate_id}/revoke`)
    assert.deepStrictEqual(again.json, json)
    const lines = await stage().sql(
      "select operator from deliverables_action_log where action = 'mandate_revoke' and action_metadata ->> 'mandate_id' = $1",
      [mandate_id],
    )
    assert.deepStrictEqual(lines, [{ operator: "ann" }])
  })

  it("does not approve again what a person took back, nor what a person wrote", async () => {
    begin(stage(), "back")
    await signed(stage(), "HAI-back")
    const draft = await drafted(stage(), "back")
    const { call } = stage()
    const withdrawn = await call("POST", `/api/v1/approvals/${draft.approval_id}/withdraw`, {
      as: "customer:acme",
      body: {},
    })
    assert.strictEqual(withdrawn.status, 200, JSON.stringify(withdrawn.json))
    await looked(stage(), "GOI-back")
    assert.strictEqual((await stage().get(draft.deliverable_id)).json.review_status, "pending_review")
    const edited = await call("PUT", `/api/v1/deliverables/${draft.deliverable_id}/content`, {
      as: "customer:acme",
      body: { payload: { ...draft.payload, theme: "Mine" }, base_revision: 1 },
    })
    assert.strictEqual(edited.status, 200, JSON.stringify(edited.json))
    await looked(stage(), "GOI-back")
    assert.deepInclude((await stage().get(draft.deliverable_id)).json, {
      review_status: "pending_review",
      revision: 2,
      mandate_id: null,
    })
  })

  it("approves what a maker wrote again because a person asked for changes", async () => {
    begin(stage(), "again")
    const { deliverable_id } = await drafted(stage(), "again")
    const { mandate_id } = await signed(stage(), "HAI-again")
    const asked = await stage().call("POST", `/api/v1/deliverables/${deliverable_id}/review`, {
      as: "customer:acme",
      body: { decision: "changes_requested", notes: "Shorter, please" },
    })
    assert.strictEqual(asked.status, 200, JSON.stringify(asked.json))
    const approved = await until(async () => {
      const { json } = await stage().get(deliverable_id)
      return json.review_status === "approved" && json
    })
    assert.deepInclude(approved, { revision: 2, mandate_id, edited_by: null })
  })

  it("previews: which past drafts it would have covered, and what stopped the others, where", async () => {
    const { world } = stage()
    world.hire("HAI-preview")
    world.goal("GOI-preview", "HAI-preview")
    world.goal("GOI-preview2", "HAI-preview", "marketing.daily_micro_post.v1", { topic: "Braces" })
    const one = await drafted(stage(), "preview")
    const two = await drafted(stage(), "preview2")
    const preview = async (more: object) =>
      (await send(stage(), { mandate: mandateOf("HAI-preview", more) }, "customer:acme/rita?reader", "/preview")).json
    assert.deepStrictEqual(await preview({}), { covered: [two.deliverable_id, one.deliverable_id], others: [] })
    assert.deepStrictEqual(
      await preview({
        rules: [
          { path: "variants[*].text", op: "max_length", value: 5_000 },
          { path: "theme", op: "eq", value: "Braces" },
        ],
      }),
      {
        covered: [two.deliverable_id],
        others: [{ deliverable_id: one.deliverable_id, why: "rule", rule: 1, path: "theme" }],
      },
    )
    assert.deepStrictEqual(
      (await preview({
        goal_instance_id: "GOI-preview",
        rules: [{ path: "variants[*].title", op: "max_length", value: 9 }],
      }))
        .others,
      [{ deliverable_id: one.deliverable_id, why: "rule", rule: 0, path: "variants[0].title" }],
    )
    const { items } =
      (await stage().call("GET", "/api/v1/mandates?hired_instance_id=HAI-preview", { as: "customer:acme" })).json
    assert.deepStrictEqual(items, [])
  })

  it("is listed newest first, page by page", async () => {
    begin(stage(), "listed")
    const made = []
    for (const nth of [1, 2, 3]) made.unshift((await signed(stage(), "HAI-listed", { max_uses: nth })).mandate_id)
    const listed: Array<string> = []
    let cursor = ""
    do {
      const { json } = await stage().call(
        "GET",
        `/api/v1/mandates?hired_instance_id=HAI-listed&limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`,
        { as: "customer:acme" },
      )
      listed.push(...json.items.map((one: { mandate_id: string }) => one.mandate_id))
      cursor = json.next_cursor ?? ""
    } while (cursor !== "")
    assert.deepStrictEqual(listed, made)
  })

  it("is held by the database: no use too many, none of a revoked one, no approval without its use, nothing changed", async () => {
    begin(stage(), "held")
    const { mandate_id } = await signed(stage(), "HAI-held", { max_uses: 1 })
    const used = await drafted(stage(), "held")
    const { deliverable_id } = await drafted(stage(), "held", 1)
    const { sql } = stage()
    const approval =
      `insert into approvals (approval_id, deliverable_id, customer_id, decision, content_sha256, created_at, mandate_id)
      values ('APR-held', $1, 'acme', 'approved', repeat('0', 64), now(), $2)`
    assert.strictEqual(await refusalOf(sql(approval, [deliverable_id, mandate_id])), "42501")
    const use = (nth: number, period = "current_date") =>
      refusalOf(sql(
        `with a as (select approval_id from approvals where approval_id = $3)
         insert into mandate_uses (mandate_id, period, nth, approval_id, deliverable_id, revision)
         select $1, ${period}, ${nth}, approval_id, $2, 1 from a`,
        [mandate_id, used.deliverable_id, used.approval_id],
      ))
    assert.strictEqual(await use(2), "42501")
    // the next period's first: its approval is used already
    assert.strictEqual(await use(1, "current_date + 40"), "23505")
    for (
      const statement of [
        "update mandates set max_uses = 2",
        "update mandates set valid_until = valid_until + interval '1 day'",
        "update mandates set rules = '[]'",
        "delete from mandates",
        "truncate mandates cascade",
        "update mandate_uses set nth = 9",
        "delete from mandate_uses",
      ]
    ) assert.strictEqual(await pastDeadlocks(() => refusalOf(sql(statement))), "42501", statement)
    await send(stage(), {}, "customer:acme", `/${mandate_id}/revoke`)
    assert.strictEqual(
      await refusalOf(sql("update mandates set revoked_at = null, revoked_by = null, revoke_reason = null")),
      "42501",
    )
    assert.strictEqual(await use(1, "current_date + 40"), "42501")
  })

  it("costs customers without one no row of the queue", async () => {
    begin(stage(), "none", { customer_id: "globex" })
    const { deliverable_id } = await stage().drafted("GOI-none")
    const queued = await stage().sql("select 1 from mandate_queue where deliverable_id = $1", [deliverable_id])
    assert.deepStrictEqual(queued, [])
  })
})
