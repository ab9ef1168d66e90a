/** What a person asks a maker to change: its maker makes the next revision, once, or says why there is none. */
import { afterAll, assert, beforeAll, it } from "@effect/vitest"
import { ask, definitionOf, draftOf, ended, type FakeMaker, goalAt, startMaker } from "./support/FakeMaker.ts"
import { newKey, onStage, type Stage, until, withStage } from "./support/Harness.ts"

const hosts = { env: { STINT_MAKER_HOSTS: "127.0.0.1" } }

let maker: FakeMaker
beforeAll(() => {
  maker = startMaker()
})
afterAll(() => maker.end())

const request = ({ call }: Stage, id: string, notes: string | undefined, given: object = {}, key = newKey()) =>
  call("POST", `/api/v1/deliverables/${id}/review`, {
    as: "customer:acme",
    headers: { "idempotency-key": key },
    body: { decision: "changes_requested", ...(notes === undefined ? {} : { notes }), ...given },
  })
/** Waits until it is not revised any more. */
const revised = ({ get }: Stage, id: string) =>
  until(async () => {
    const { json } = await get(id)
    return json.review_status !== "in_revision" && json
  })
const marketing = ({ drafted, world }: Stage, name: string) =>
  drafted(world.goal(`GOI-${name}`, world.hire(`HAI-${name}`)))
const textsOf = (payload: { variants: ReadonlyArray<{ text: string }> }) => payload.variants.map(({ text }) => text)

onStage("a request for changes", (stage) => {
  beforeAll(() => {
    stage().world.publish(definitionOf(maker.host))
  })

  it("is made by a builtin too: no post stood there before, and what is quoted is not said again", async () => {
    const draft = await marketing(stage(), "builtin")
    const { deliverable_id: id } = draft
    const phrase = textsOf(draft.payload)[0]!.split(" ").slice(0, 3).join(" ")
    const asked = await request(stage(), id, `Please not "${phrase}" again`)
    assert.deepStrictEqual([asked.status, asked.json.review_status], [200, "in_revision"])
    const done = await revised(stage(), id)
    assert.deepStrictEqual([done.review_status, done.revision, done.edited_by, done.approval_id], [
      "pending_review",
      2,
      null,
      null,
    ])
    for (const text of textsOf(done.payload)) {
      assert.notInclude(textsOf(draft.payload), text)
      assert.notInclude(text.toLowerCase(), phrase.toLowerCase())
    }
    const { json } = await stage().call("GET", `/api/v1/deliverables/${id}/revisions/2`, { as: "customer:acme" })
    assert.deepInclude(json, { author: "maker", by_maker: true, notes: `Please not "${phrase}" again` })
    const { json: approvals } = await stage().call("GET", `/api/v1/deliverables/${id}/approvals`, {
      as: "customer:acme",
    })
    assert.deepStrictEqual(
      approvals.items.map(({ decision, revision }: Record<string, unknown>) => [decision, revision]),
      [
        ["changes_requested", 1],
      ],
    )
    const ok = await stage().review(id, "approved")
    assert.strictEqual((await stage().execute(id, { approval_id: ok.json.approval_id })).status, 200)
  })

  it("of a deterministic type is made anew from the settings as they now are, and says so where it is the same", async () => {
    const { drafted, world } = stage()
    const settings = { coin: "btc", side: "buy", units: 1 }
    const goal = world.goal("GOI-anew", world.trader("HAI-anew"), "trading.trade_intent_draft.v1", settings)
    const { content_sha256, deliverable_id: id } = await drafted(goal)
    await request(stage(), id, "less")
    const same = await revised(stage(), id)
    assert.deepStrictEqual([same.revision, content_sha256 ?? same.content_sha256], [2, same.content_sha256])
    assert.include(same.review_notes, "is the same as before")
    world.goal("GOI-anew", "HAI-anew", "trading.trade_intent_draft.v1", { ...settings, units: 2 })
    await request(stage(), id, "more")
    const more = await revised(stage(), id)
    assert.deepStrictEqual([more.revision, more.title, more.review_notes], [3, "Buy 2 BTC", null])
  })

  it("goes to an http maker with the notes and the draft, once, and nothing is decided meanwhile", async () => {
    const goal = goalAt(stage(), "http")
    await ask(stage(), goal)
    const { deliverable_id: id } = await ended(stage(), goal)
    const held = Promise.withResolvers<Response>()
    maker.on(goal, () => held.promise)
    const key = newKey()
    const asked = await request(stage(), id, "warmer", { revision: 1 }, key)
    assert.strictEqual(asked.json.review_status, "in_revision")
    assert.strictEqual(
      (await request(stage(), id, "warmer", { revision: 1 }, key)).headers.get("idempotency-replayed"),
      "true",
    )
    await until(() => maker.of(goal).length === 2)
    const { changes } = maker.of(goal)[1]!.data
    assert.deepInclude(changes, { deliverable_id: id, revision: 1, notes: "warmer", title: "A reply" })
    assert.strictEqual(changes.payload.fields.reply, "Thank you!")
    for (const decision of ["approved", "rejected", "changes_requested"]) {
      const { json, status } = await stage().call("POST", `/api/v1/deliverables/${id}/review`, {
        as: "customer:acme",
        body: { decision, notes: "x" },
      })
      assert.deepStrictEqual([status, json.code], [409, "in_revision"], decision)
    }
    const edit = await stage().call("PUT", `/api/v1/deliverables/${id}/content`, {
      as: "customer:acme",
      body: { payload: changes.payload, base_revision: 1 },
    })
    assert.deepStrictEqual([edit.status, edit.json.code], [409, "not_editable"])
    held.resolve(draftOf("Thank you so much!"))
    const done = await revised(stage(), id)
    assert.deepStrictEqual([done.revision, done.payload.fields.reply], [2, "Thank you so much!"])
    assert.strictEqual(maker.of(goal).length, 2)
  })

  it("that its maker refuses ends: the draft waits again, says why, and can be decided on", async () => {
    const goal = goalAt(stage(), "refused")
    await ask(stage(), goal)
    const { deliverable_id: id } = await ended(stage(), goal)
    maker.on(goal, () => Response.json({ code: "refused", detail: "not that" }, { status: 422 }))
    await request(stage(), id, "worse")
    const back = await revised(stage(), id)
    assert.deepStrictEqual([back.review_status, back.revision], ["pending_review", 1])
    assert.include(back.review_notes, "not that")
    maker.on(goal, () => draftOf("Better"))
    await request(stage(), id, "better")
    assert.deepStrictEqual((await revised(stage(), id)).payload.fields.reply, "Better")
    assert.strictEqual((await stage().review(id, "approved")).status, 200)
  })

  it("needs notes, a hire that may run, and the goal that it was made for", async () => {
    const { deliverable_id: id } = await marketing(stage(), "needs")
    for (const notes of [undefined, "  ", "\u200b \u2060\ufe0f"]) {
      const { json, status } = await request(stage(), id, notes)
      assert.deepStrictEqual([status, json.errors[0].path], [400, "$.notes"])
    }
    const { world } = stage()
    world.hire("HAI-needs", { runnable: false, reason: "past due", subscription_status: "past_due" })
    const stopped = await request(stage(), id, "x")
    assert.deepStrictEqual([stopped.status, stopped.json.code], [409, "changes_impossible"])
    world.hire("HAI-needs")
    world.goal("GOI-needs", "HAI-needs", "marketing.monthly_campaign_pack.v1")
    const other = await request(stage(), id, "x")
    assert.deepStrictEqual([other.status, other.json.code], [409, "changes_impossible"])
    assert.deepStrictEqual((await stage().get(id)).json.review_status, "pending_review")
    assert.strictEqual((await stage().sql("select 1 from makings where deliverable_id = $1", [id])).length, 0)
  })

  it("is made at most ten times", async () => {
    const { deliverable_id: id } = await marketing(stage(), "ten")
    for (let revision = 2; revision <= 10; revision++) {
      assert.strictEqual((await request(stage(), id, "again")).status, 200)
      assert.strictEqual((await revised(stage(), id)).revision, revision)
    }
    const { json, status } = await request(stage(), id, "again")
    assert.deepStrictEqual([status, json.code, json.most], [409, "too_many_revisions", 10])
  })

  it("of one that is deleted meanwhile makes nothing", async () => {
    const goal = goalAt(stage(), "deleted")
    await ask(stage(), goal)
    const { deliverable_id: id } = await ended(stage(), goal)
    const held = Promise.withResolvers<Response>()
    maker.on(goal, () => held.promise)
    await request(stage(), id, "x")
    await until(() => maker.of(goal).length === 2)
    await stage().call("DELETE", `/api/v1/deliverables/${id}`, { as: "customer:acme" })
    held.resolve(draftOf("late"))
    await until(async () =>
      (await stage().sql("select 1 from makings where deliverable_id = $1 and ended_at is not null", [id])).length === 1
    )
    assert.strictEqual(
      (await stage().sql("select 1 from deliverable_revisions where deliverable_id = $1", [id])).length,
      0,
    )
  })
}, hosts)

it("a request for changes outlives the process that took it: another makes exactly one revision", () =>
  withStage(async (stage) => {
    stage.world.publish(definitionOf(maker.host))
    const goal = goalAt(stage, "outlives")
    await ask(stage, goal)
    const { deliverable_id: id } = await ended(stage, goal)
    maker.on(goal, () => draftOf("Once"))
    // as a process leaves it that was killed in the middle: claimed, its lease over
    await request(stage, id, "x")
    await stage.sql(
      `update makings set state = 'making', fence = 1, lease_until = now(), deadline = now() where deliverable_id = $1
         and state in ('waiting', 'making')`,
      [id],
    )
    const second = await stage.replica()
    const done = await until(async () => {
      const { json } = await second.call("GET", `/api/v1/deliverables/${id}`, { as: "customer:acme" })
      return json.review_status === "pending_review" && json
    })
    assert.strictEqual(done.revision, 2)
    const rows = await stage.sql("select revision from deliverable_revisions where deliverable_id = $1 order by 1", [
      id,
    ])
    assert.deepStrictEqual(rows, [{ revision: 1 }, { revision: 2 }])
  }, hosts))
