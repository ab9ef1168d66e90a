/** What a person edits: the next revision of a draft, and how revisions are read and compared. */
import { assert, beforeAll, it } from "@effect/vitest"
import { AgentTypeId } from "@stint/domain/Ids"
import { newKey, onStage, type Stage } from "./support/Harness.ts"

const rulesDefinition = {
  agent_type_id: "notes.v1",
  version: "1.0.0",
  config_schema: { fields: [] },
  goal_templates: [{
    goal_template_id: "notes.note",
    name: "Note",
    default_frequency: "daily",
    settings_schema: { fields: [] },
    skill_binding: "notes",
    approval: { expires_after_seconds: 3600, quorum: 2 },
  }],
  enforcement_defaults: { approval_required: true, deterministic: false },
}

/** Edits a deliverable. */
const edit = (
  { call }: Stage,
  id: string,
  payload: unknown,
  base_revision = 1,
  as: `customer:${string}` = "customer:acme",
  key = newKey(),
) =>
  call("PUT", `/api/v1/deliverables/${id}/content`, {
    as,
    body: { payload, base_revision, notes: "a word" },
    headers: { "idempotency-key": key },
  })

const ofGeneric = (stage: Stage, name: string) => {
  const hire = stage.world.hire(`HAI-${name}`, { agent_id: AgentTypeId.make("notes.v1"), config: {} })
  return stage.drafted(stage.world.goal(`GOI-${name}`, hire, "notes.note"))
}
const ofMarketing = (stage: Stage, name: string) =>
  stage.drafted(stage.world.goal(`GOI-${name}`, stage.world.hire(`HAI-${name}`)))

onStage("an edit", (stage) => {
  beforeAll(() => void stage().world.publish(rulesDefinition))

  it("that changes nothing is refused: nobody becomes the author of what another wrote", async () => {
    const { deliverable_id: id, payload } = await ofGeneric(stage(), "same")
    const changed = { ...payload, body: "Ann wrote this." }
    assert.strictEqual((await edit(stage(), id, changed, 1, "customer:acme/ann")).status, 200)
    const { json, status } = await edit(stage(), id, changed, 2, "customer:acme/ben")
    assert.deepStrictEqual([status, json.code, json.errors[0].path], [400, "invalid_request", "$.payload"])
    const { json: now } = await stage().get(id)
    assert.deepStrictEqual([now.revision, now.edited_by], [2, "ann"])
  })

  it("is the next revision: numbered, with its author, notes and hash, and the first stays as it was made", async () => {
    const draft = await ofMarketing(stage(), "edit")
    const { deliverable_id: id, payload } = draft
    const [first, ...others] = payload.variants
    const changed = { ...payload, variants: [{ ...first, text: `${first.text} Call us.` }, ...others] }
    const { json, status } = await edit(stage(), id, changed, 1, "customer:acme/ann")
    assert.deepStrictEqual([status, json.revision, json.edited_by, json.review_status], [
      200,
      2,
      "ann",
      "pending_review",
    ])
    assert.deepStrictEqual(json.payload, changed)
    const list = await stage().call("GET", `/api/v1/deliverables/${id}/revisions`, { as: "customer:acme" })
    assert.deepStrictEqual(
      list.json.items.map((
        { author, by_maker, notes, revision }: Record<string, unknown>,
      ) => [revision, author, by_maker, notes]),
      [[2, "ann", false, "a word"], [1, "maker", true, null]],
    )
    assert.strictEqual(list.json.items[0].content_sha256, json.content_sha256)
    const one = await stage().call("GET", `/api/v1/deliverables/${id}/revisions/1`, { as: "viewer:vera" })
    assert.deepStrictEqual([one.status, one.json.payload], [200, payload])
    const diff = await stage().call("GET", `/api/v1/deliverables/${id}/diff?from=1&to=2`, { as: "customer:acme" })
    assert.deepStrictEqual(diff.json, {
      from: 1,
      to: 2,
      changes: [{
        path: ["variants", 0, "text"],
        before: first.text,
        after: `${first.text} Call us.`,
        words: [{ kind: "same", text: first.text }, { kind: "added", text: " Call us." }],
      }],
    })
  })

  it("of which there is none yet: the only revision is the draft itself", async () => {
    const { deliverable_id: id, payload } = await ofMarketing(stage(), "only")
    const { json: shown } = await stage().get(id)
    const { json } = await stage().call("GET", `/api/v1/deliverables/${id}/revisions`, { as: "operator:olga" })
    assert.deepStrictEqual([json.next_cursor, json.items.length], [null, 1])
    assert.deepInclude(json.items[0], { revision: 1, author: "maker", content_sha256: shown.content_sha256, payload })
    for (const number of ["2", "0", "x", "1e1"]) {
      const none = await stage().call("GET", `/api/v1/deliverables/${id}/revisions/${number}`, { as: "customer:acme" })
      assert.deepStrictEqual([none.status, none.json.code], [404, "revision_not_found"], number)
    }
    const same = await stage().call("GET", `/api/v1/deliverables/${id}/diff?from=1&to=1`, { as: "customer:acme" })
    assert.deepStrictEqual(same.json, { from: 1, to: 1, changes: [] })
    const bad = await stage().call("GET", `/api/v1/deliverables/${id}/diff?from=0&to=1`, { as: "customer:acme" })
    assert.deepStrictEqual([bad.status, bad.json.errors[0].path], [400, "query.from"])
    const none = await stage().call("GET", `/api/v1/deliverables/${id}/diff?from=1&to=2`, { as: "customer:acme" })
    assert.deepStrictEqual([none.status, none.json.code], [404, "revision_not_found"])
  })

  it("is its customer's, and of who has the duty editor; nobody else finds it", async () => {
    const { deliverable_id: id, payload } = await ofMarketing(stage(), "whose")
    const paths = [`/${id}/revisions`, `/${id}/revisions/1`, `/${id}/diff?from=1&to=1`]
    for (const path of paths) {
      const { json, status } = await stage().call("GET", `/api/v1/deliverables${path}`, { as: "customer:globex" })
      assert.deepStrictEqual([status, json.code], [404, "deliverable_not_found"], path)
      assert.strictEqual(
        (await stage().call("GET", `/api/v1/deliverables${path}`, { as: "customer:acme/ann?reader" })).status,
        200,
      )
      assert.strictEqual(
        (await stage().call("GET", `/api/v1/deliverables${path}`, { as: "service:scheduler" })).status,
        403,
      )
    }
    assert.strictEqual((await edit(stage(), id, payload, 1, "customer:globex")).json.code, "deliverable_not_found")
    const reviewer = await edit(stage(), id, payload, 1, "customer:acme/bob?reviewer")
    assert.deepStrictEqual([reviewer.status, reviewer.json.code, reviewer.json.duty], [403, "duty_missing", "editor"])
    for (const as of ["operator:olga", "viewer:vera", "service:scheduler"]) {
      assert.strictEqual((await edit(stage(), id, payload, 1, as as never)).status, 403, as)
    }
    const [first, ...others] = payload.variants
    const changed = { ...payload, variants: [{ ...first, text: `${first.text} Call us.` }, ...others] }
    assert.strictEqual((await edit(stage(), id, changed, 1, "customer:acme/eve?editor")).status, 200)
  })

  it("that does not decode is 400 with the path, and keeps what is not a person's to write", async () => {
    const { deliverable_id: id, payload } = await ofMarketing(stage(), "bad")
    const [first] = payload.variants
    const faults: ReadonlyArray<[path: string, sent: unknown]> = [
      ["$.payload.type", { ...payload, type: "generic_deliverable_v1" }],
      ["$.payload.goal_instance_id", { ...payload, goal_instance_id: "GOI-other" }],
      ["$.payload.goal_template_id", { ...payload, goal_template_id: "other" }],
      ["$.payload.draft_only", { ...payload, draft_only: false }],
      ["$.payload.intent_action", { ...payload, intent_action: "place_order" }],
      ["$.payload.variants", { ...payload, variants: [] }],
      ["$.payload.variants[0].text", { ...payload, variants: [{ ...first, text: 1 }] }],
      ["$.payload.variants[0].text", { ...payload, variants: [{ ...first, platform: "x", text: "a".repeat(300) }] }],
      ["$.payload.variants[0].platform", { ...payload, variants: [{ ...first, platform: "facebook" }] }],
      ["$.payload.extra", { ...payload, extra: true }],
      ["$.payload", { ...payload, theme: "a".repeat(70_000) }],
    ]
    for (const [path, sent] of faults) {
      const { json, status } = await edit(stage(), id, sent)
      assert.deepStrictEqual([status, json.code, json.errors[0].path], [400, "invalid_request", path])
    }
    assert.strictEqual((await stage().get(id)).json.revision, 1)
  })

  it("of an order has its checks made anew: nobody writes them", async () => {
    const { world } = stage()
    const goal = world.goal("GOI-order", world.trader("HAI-order"), "trading.trade_intent_draft.v1", {
      coin: "btc",
      side: "buy",
      units: 1,
    })
    const { deliverable_id: id, payload } = await stage().drafted(goal)
    const mine = await edit(stage(), id, { ...payload, units: 5 })
    assert.strictEqual(mine.status, 200, JSON.stringify(mine.json))
    assert.strictEqual(mine.json.title, "Buy 5 BTC (fails within_max_units)")
    assert.deepStrictEqual(mine.json.payload.validation_errors, ["within_max_units"])
    assert.strictEqual(mine.json.payload.checks.within_max_units, false)
    const approved = await stage().review(id, "approved")
    assert.deepStrictEqual([approved.status, approved.json.code], [409, "draft_invalid"])
    const account = await edit(stage(), id, { ...payload, credential_ref: "CRED-9" }, 2)
    assert.deepStrictEqual([account.status, account.json.errors[0].path], [400, "$.payload.credential_ref"])
    const report = await stage().drafted(world.goal("GOI-report", "HAI-order", "trading.guardrail_report.v1"))
    const refused = await edit(stage(), report.deliverable_id, report.payload)
    assert.deepStrictEqual([refused.status, refused.json.errors[0].path], [400, "$.payload"])
  })

  it("takes an approval along, and a decision on the revision before is 409 with the current one", async () => {
    const { approval_id, id, payload } = await stage().approved("takes")
    const changed = { ...payload, theme: "another" }
    const { json } = await edit(stage(), id, changed)
    assert.deepStrictEqual([json.review_status, json.approval_id, json.approvals_given], ["pending_review", null, 0])
    const early = await stage().execute(id, { approval_id })
    assert.deepStrictEqual([early.status, early.json.code], [409, "not_approved"])
    const late = await stage().call("POST", `/api/v1/deliverables/${id}/review`, {
      as: "customer:acme",
      body: { decision: "approved", revision: 1 },
    })
    assert.deepStrictEqual([late.status, late.json.code, late.json.revision], [409, "revision_changed", 2])
    const again = await edit(stage(), id, payload)
    assert.deepStrictEqual([again.status, again.json.code, again.json.revision], [409, "revision_changed", 2])
    const ok = await stage().review(id, "approved")
    assert.strictEqual((await stage().execute(id, { approval_id: ok.json.approval_id })).status, 200)
    const executed = await edit(stage(), id, payload, 2)
    assert.deepStrictEqual([executed.status, executed.json.code], [409, "already_executed"])
  })

  it("is stored once under its key, also when its reply was lost; and only while If-Match holds", async () => {
    const { deliverable_id: id, payload } = await ofMarketing(stage(), "once")
    const key = newKey()
    const first = await edit(stage(), id, { ...payload, theme: "t" }, 1, "customer:acme", key)
    // as if its process had died after the commit: who repeats it finds what was stored, whatever came after
    await edit(stage(), id, { ...payload, theme: "later" }, 2)
    await stage().sql(
      "update idempotency_keys set reply_status = null, reply_body = null, locked_until = now() where key = $1",
      [key],
    )
    const repeated = await edit(stage(), id, { ...payload, theme: "t" }, 1, "customer:acme", key)
    assert.deepStrictEqual([repeated.status, repeated.json.revision, repeated.json.payload.theme], [200, 3, "later"])
    const { json: { items } } = await stage().call("GET", `/api/v1/deliverables/${id}/revisions`, {
      as: "customer:acme",
    })
    assert.deepStrictEqual(items.map((one: { readonly revision: number }) => one.revision), [3, 2, 1])
    await stage().sql("delete from idempotency_keys where key = $1", [key])
    const kept = await edit(stage(), id, { ...payload, theme: "t" }, 1, "customer:acme", key)
    // the key was forgotten: it is another edit, of a revision that is no longer the current one
    assert.deepStrictEqual([kept.status, kept.json.code], [409, "revision_changed"])
    assert.strictEqual(first.json.revision, 2)
    const stale = await stage().call("PUT", `/api/v1/deliverables/${id}/content`, {
      as: "customer:acme",
      body: { payload, base_revision: 3 },
      headers: { "if-match": '"1.x"' },
    })
    assert.deepStrictEqual([stale.status, stale.json.code], [412, "precondition_failed"])
  })

  it("of one that is rejected, deleted or expired is refused, and of one with rules it has all its time again", async () => {
    const rejected = await ofMarketing(stage(), "rejected")
    await stage().review(rejected.deliverable_id, "rejected")
    const no = await edit(stage(), rejected.deliverable_id, rejected.payload)
    assert.deepStrictEqual([no.status, no.json.code, no.json.review_status], [409, "not_editable", "rejected"])

    const timed = await ofGeneric(stage(), "timed")
    const { deliverable_id: id } = timed
    const { json: shown } = await stage().get(id)
    assert.deepStrictEqual([shown.approvals_needed, shown.approvals_given], [2, 0])
    assert.isString(shown.expires_at)
    await stage().sql("update deliverables set expires_at = now() + interval '1 minute' where deliverable_id = $1", [
      id,
    ])
    const renewed = await edit(stage(), id, { ...timed.payload, body: "Edited" })
    assert.isAbove(Date.parse(renewed.json.expires_at), Date.now() + 3000_000)
    await stage().sql("update deliverables set expires_at = now() where deliverable_id = $1", [id])
    const late = await edit(stage(), id, { ...timed.payload, body: "Late" }, 2)
    assert.deepStrictEqual([late.status, late.json.code, late.json.review_status], [409, "not_editable", "expired"])
    assert.strictEqual((await stage().get(id)).json.review_status, "expired")

    const ended = await ofMarketing(stage(), "ended")
    const codeNow = async () => (await edit(stage(), ended.deliverable_id, { ...ended.payload, theme: "t" })).json.code
    stage().world.hire("HAI-ended", { subscription_status: "canceled" })
    assert.strictEqual(await codeNow(), "subscription_not_active")
    stage().world.hire("HAI-ended", { active: false, runnable: false })
    assert.strictEqual(await codeNow(), "hire_deactivated")

    // as if it had as many as it may
    const full = await ofMarketing(stage(), "full")
    await stage().sql("alter table deliverables disable trigger deliverables_keep_content")
    await stage().sql("update deliverables set revision = 100 where deliverable_id = $1", [full.deliverable_id])
    await stage().sql("alter table deliverables enable trigger deliverables_keep_content")
    const more = await edit(stage(), full.deliverable_id, { ...full.payload, theme: "t" }, 100)
    assert.deepStrictEqual([more.status, more.json.code, more.json.most], [409, "too_many_revisions", 100])

    const deleted = await ofMarketing(stage(), "deleted")
    await stage().call("DELETE", `/api/v1/deliverables/${deleted.deliverable_id}`, { as: "customer:acme" })
    assert.strictEqual((await edit(stage(), deleted.deliverable_id, deleted.payload)).status, 410)
  })

  it("of two at once one is stored", async () => {
    const { deliverable_id: id, payload } = await ofMarketing(stage(), "race")
    const answers = await Promise.all(["a", "b", "c", "d"].map((theme) => edit(stage(), id, { ...payload, theme })))
    assert.deepStrictEqual(answers.map(({ status }) => status).toSorted(), [200, 409, 409, 409])
    const { json } = await stage().call("GET", `/api/v1/deliverables/${id}/revisions`, { as: "customer:acme" })
    assert.strictEqual(json.items.length, 2)
  })

  it("pages its revisions, the latest first", async () => {
    const { deliverable_id: id, payload } = await ofMarketing(stage(), "pages")
    for (const n of [1, 2, 3]) {
      assert.strictEqual((await edit(stage(), id, { ...payload, theme: `t${n}` }, n)).status, 200)
    }
    const page = async (query: string) =>
      (await stage().call("GET", `/api/v1/deliverables/${id}/revisions${query}`, { as: "customer:acme" })).json
    const first = await page("?limit=3")
    assert.deepStrictEqual(first.items.map(({ revision }: { revision: number }) => revision), [4, 3, 2])
    const next = await page(`?limit=3&cursor=${first.next_cursor}`)
    assert.deepStrictEqual([next.items[0].revision, next.items.length, next.next_cursor], [1, 1, null])
  })
})
