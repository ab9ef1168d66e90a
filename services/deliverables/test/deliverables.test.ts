/** Reading, listing and deleting deliverables: ownership, order, pages, deletion and retention. */
import { assert, it } from "@effect/vitest"
import { onStage, until } from "./support/Harness.ts"

const ids = (answer: { json: { items: Array<{ deliverable_id: string }> } }) =>
  answer.json.items.map((d) => d.deliverable_id)
const days = (n: number) => new Date(Date.parse("2026-03-01T09:00:00Z") + n * 86_400_000).toISOString()

onStage("deliverables", (stage) => {
  it("exist for their customer, operators and viewers, and for nobody else", async () => {
    const { call, drafted, world } = stage()
    world.goal("GOI-own", world.hire("HAI-own"))
    const { deliverable_id: id, ...draft } = await drafted("GOI-own")
    for (const as of ["customer:acme", "operator:olga", "viewer:vic"] as const) {
      const answer = await call("GET", `/api/v1/deliverables/${id}`, { as })
      assert.strictEqual(answer.status, 200)
      const { content_sha256, ...shown } = answer.json
      assert.deepStrictEqual(shown, { deliverable_id: id, ...draft })
      assert.match(content_sha256, /^[0-9a-f]{64}$/)
    }
    const foreign = await call("GET", `/api/v1/deliverables/${id}`, { as: "customer:other" })
    const missing = await call("GET", "/api/v1/deliverables/DEL-none", { as: "customer:other" })
    assert.deepStrictEqual([foreign.status, foreign.json.code], [404, "deliverable_not_found"])
    assert.deepStrictEqual(Object.keys(foreign.json).sort(), Object.keys(missing.json).sort())
    assert.strictEqual((await call("GET", `/api/v1/deliverables/${id}`, { as: "service:scheduler" })).status, 403)
    assert.strictEqual((await call("GET", "/api/v1/deliverables/%00", { as: "operator:o" })).status, 404)
  })

  it("the inbox is a customer's own, newest first, by review status, page by page", async () => {
    const { call, drafted, review, world } = stage()
    world.goal("GOI-inbox", world.hire("HAI-inbox", { customer_id: "inbox" as never }))
    const made: Array<string> = []
    for (let i = 0; i < 7; i++) made.unshift((await drafted("GOI-inbox", days(i))).deliverable_id)
    const as = "customer:inbox" as const
    const whole = await call("GET", "/api/v1/deliverables?customer_id=inbox", { as })
    assert.deepStrictEqual(ids(whole).toSorted(), made.toSorted())
    const instants = whole.json.items.map((d: { created_at: string }) => d.created_at)
    assert.deepStrictEqual(instants, instants.toSorted().toReversed())
    const paged: Array<string> = []
    for (let cursor = "";;) {
      const page = await call("GET", `/api/v1/deliverables?customer_id=inbox&limit=3${cursor}`, { as })
      assert.isAtMost(page.json.items.length, 3)
      paged.push(...ids(page))
      if (page.json.next_cursor === null) break
      cursor = `&cursor=${page.json.next_cursor}`
    }
    assert.deepStrictEqual(paged, ids(whole))
    await review(made[2]!, "rejected", as)
    const pending = await call("GET", "/api/v1/deliverables?customer_id=inbox&review_status=pending_review", { as })
    assert.deepStrictEqual(ids(pending), ids(whole).filter((id) => id !== made[2]))
    const rejected = await call("GET", "/api/v1/deliverables?customer_id=inbox&review_status=rejected", {
      as: "viewer:v",
    })
    assert.deepStrictEqual(ids(rejected), [made[2]])
  })

  it("a list of another customer is 404, parameters that do not decode are 400", async () => {
    const { call } = stage()
    const get = (query: string) => call("GET", `/api/v1/deliverables?${query}`, { as: "customer:acme" })
    const other = await get("customer_id=other")
    assert.deepStrictEqual([other.status, other.json.code], [404, "customer_not_found"])
    for (
      const query of [
        "customer_id=acme&limit=0",
        "customer_id=acme&limit=201",
        "customer_id=acme&cursor=x!",
        "customer_id=acme&review_status=maybe",
        "customer_id=acme&more=1",
        "customer_id=a%20b",
      ]
    ) {
      assert.strictEqual((await get(query)).status, 400, query)
    }
  })

  it("a hire's list exists for those who see the hire", async () => {
    const { call, drafted, world } = stage()
    world.goal("GOI-list", world.hire("HAI-list"))
    const { deliverable_id } = await drafted("GOI-list")
    const get = (hire: string, as: "customer:acme" | "customer:other" | "operator:o" = "customer:acme") =>
      call("GET", `/api/v1/hired-agents/${hire}/deliverables`, { as })
    assert.deepStrictEqual(ids(await get("HAI-list")), [deliverable_id])
    assert.deepStrictEqual(ids(await get("HAI-list", "operator:o")), [deliverable_id])
    assert.deepStrictEqual(ids(await get(world.hire("HAI-empty"))), [])
    for (const answer of [await get("HAI-nowhere"), await get("HAI-list", "customer:other")]) {
      assert.deepStrictEqual([answer.status, answer.json.code], [404, "hire_not_found"])
    }
    world.hire("HAI-list", { gone: true, subscription_status: "canceled" })
    const gone = await get("HAI-list")
    assert.deepStrictEqual([gone.status, gone.json.code], [410, "hire_gone"])
    world.hire("HAI-list")
    world.hiringAway = true
    const away = await get("HAI-list")
    world.hiringAway = false
    assert.deepStrictEqual([away.status, away.json.code], [503, "unavailable"])
  })

  it("a hire's list is newest first, by review status, page by page, and its own alone", async () => {
    const { call, drafted, review, world } = stage()
    world.goal("GOI-recent", world.hire("HAI-recent"))
    world.goal("GOI-beside", world.hire("HAI-beside"))
    const made: Array<string> = []
    for (let i = 0; i < 4; i++) made.unshift((await drafted("GOI-recent", days(i))).deliverable_id)
    await drafted("GOI-beside")
    await review(made[1]!, "approved")
    await review(made[3]!, "rejected")
    const get = async (query = "") =>
      (await call("GET", `/api/v1/hired-agents/HAI-recent/deliverables${query}`, { as: "customer:acme" })).json
    assert.deepStrictEqual(ids({ json: await get() }), made)
    assert.deepStrictEqual(ids({ json: await get("?review_status=pending_review") }), [made[0], made[2]])
    assert.deepStrictEqual(ids({ json: await get("?review_status=approved") }), [made[1]])
    assert.deepStrictEqual(ids({ json: await get("?review_status=rejected") }), [made[3]])
    const first = await get("?limit=3")
    const rest = await get(`?limit=3&cursor=${first.next_cursor}`)
    assert.deepStrictEqual([...ids({ json: first }), ...ids({ json: rest })], made)
  })

  it("a deleted one is gone, is in no list, and its approvals stay", async () => {
    const { call, drafted, execute, review, world } = stage()
    world.goal("GOI-del", world.hire("HAI-del"))
    const { deliverable_id: id } = await drafted("GOI-del")
    const { approval_id } = (await review(id, "approved")).json
    const remove = (as: "customer:acme" | "customer:other" | "operator:o") =>
      call("DELETE", `/api/v1/deliverables/${id}`, { as })
    assert.strictEqual((await remove("customer:other")).status, 404)
    assert.strictEqual((await remove("operator:o")).status, 403)
    const removed = await remove("customer:acme")
    assert.deepStrictEqual([removed.status, removed.json], [200, { deleted: true, deliverable_id: id }])
    for (
      const answer of [
        await call("GET", `/api/v1/deliverables/${id}`, { as: "customer:acme" }),
        await remove("customer:acme"),
        await review(id, "rejected"),
        await execute(id, { approval_id }),
      ]
    ) {
      assert.deepStrictEqual([answer.status, answer.json.code], [410, "deliverable_gone"])
    }
    assert.strictEqual((await call("GET", `/api/v1/deliverables/${id}`, { as: "customer:other" })).status, 404)
    assert.deepStrictEqual(
      ids(await call("GET", "/api/v1/hired-agents/HAI-del/deliverables", { as: "customer:acme" })),
      [],
    )
    const approvals = await call("GET", `/api/v1/deliverables/${id}/approvals`, { as: "customer:acme" })
    assert.deepStrictEqual(approvals.json.items.map((a: { approval_id: string }) => a.approval_id), [approval_id])
    assert.strictEqual((await call("GET", `/api/v1/approvals/${approval_id}`, { as: "customer:acme" })).status, 200)
    assert.strictEqual((await drafted("GOI-del")).deliverable_id, id)
  })

  it("a deleted goal takes its drafts with it; approvals stay, and a late run's draft is stored as deleted", async () => {
    const { call, drafted, review, world } = stage()
    world.goal("GOI-goal", world.hire("HAI-goal"))
    world.goal("GOI-stays", "HAI-goal")
    const { deliverable_id: id } = await drafted("GOI-goal")
    const stays = await drafted("GOI-stays")
    const { approval_id } = (await review(id, "approved")).json
    const goal = world.goals.get("GOI-goal")!
    world.deleteGoal("GOI-goal")
    const gone = await until(async () => {
      const answer = await call("GET", `/api/v1/deliverables/${id}`, { as: "customer:acme" })
      return answer.status === 410 && answer
    })
    assert.strictEqual(gone.json.code, "deliverable_gone")
    assert.strictEqual((await call("GET", `/api/v1/approvals/${approval_id}`, { as: "customer:acme" })).status, 200)
    assert.strictEqual(
      (await call("GET", `/api/v1/deliverables/${stays.deliverable_id}`, { as: "customer:acme" })).status,
      200,
    )
    // a lookup before the deletion found the goal
    world.goals.set("GOI-goal", goal)
    const late = await drafted("GOI-goal", days(1))
    assert.strictEqual(
      (await call("GET", `/api/v1/deliverables/${late.deliverable_id}`, { as: "customer:acme" })).status,
      410,
    )
  })

  it("a cursor that the feed no longer has is made up for by a lookup of all goals that have drafts", async () => {
    const { drafted, get, sql, world } = stage()
    world.goal("GOI-missed", world.hire("HAI-missed"))
    world.goal("GOI-kept", "HAI-missed")
    const missed = await drafted("GOI-missed")
    const kept = await drafted("GOI-kept")
    world.goals.delete("GOI-missed")
    await sql("update feed_cursor set cursor = '-1'")
    await until(async () => {
      world.wake()
      return (await get(missed.deliverable_id)).status === 410
    })
    assert.strictEqual((await get(kept.deliverable_id)).status, 200)
  })

  it("one older than 30 days is readable as long as its hire is, which hiring is asked", async () => {
    const { drafted, get, sql, world } = stage()
    world.goal("GOI-old", world.hire("HAI-old"))
    const { deliverable_id: id } = await drafted("GOI-old")
    const lookups = world.lookupsOf("HAI-old")
    assert.strictEqual((await get(id)).status, 200)
    assert.strictEqual(world.lookupsOf("HAI-old"), lookups)
    await sql("alter table deliverables disable trigger deliverables_keep_content")
    await sql("update deliverables set created_at = created_at - interval '31 days' where deliverable_id = $1", [id])
    await sql("alter table deliverables enable trigger deliverables_keep_content")
    assert.strictEqual((await get(id)).status, 200)
    world.hire("HAI-old", { gone: true, subscription_status: "canceled" })
    const gone = await get(id)
    assert.deepStrictEqual([gone.status, gone.json.code], [410, "deliverable_gone"])
    world.hiringAway = true
    const away = await get(id)
    world.hiringAway = false
    assert.strictEqual(away.json.code, "unavailable")
  })

  it("documents and health are served", async () => {
    const { call } = stage()
    assert.strictEqual((await call("GET", "/openapi.json")).json.info.title, "Stint deliverables")
    assert.strictEqual((await call("GET", "/docs")).status, 200)
    // a check that takes two seconds, as it may on a busy machine, has not held
    await until(async () => (await call("GET", "/readyz")).status === 200)
  })
})

onStage("/metrics", (stage) => {
  it("shows drafts by review status and pending executions, and no id of a customer or a row", async () => {
    const { call, drafted, review, world } = stage()
    world.goal("GOI-metrics", world.hire("HAI-metrics"))
    await drafted("GOI-metrics", "2026-03-01T09:00:00.000Z")
    const { deliverable_id } = await drafted("GOI-metrics", "2026-03-02T09:00:00.000Z")
    await review(deliverable_id, "approved")
    const { json, status } = await call("GET", "/metrics")
    assert.strictEqual(status, 200)
    assert.match(json, /^stint_deliverables_drafts\{review_status="pending_review"\} 1$/m)
    assert.match(json, /^stint_deliverables_drafts\{review_status="approved"\} 1$/m)
    assert.match(json, /^stint_deliverables_drafts\{review_status="rejected"\} 0$/m)
    assert.match(json, /^stint_deliverables_executions_waiting 0$/m)
    assert.match(json, /^stint_state_readable\{reading="drafts"\} 1$/m)
    assert.match(json, /^stint_http_requests_total\{.*route="\/api\/v1\/deliverables\/:id\/review",status="200"\} 1$/m)
    assert.notMatch(json, /acme|GOI-|DEL-/)
  })
})
