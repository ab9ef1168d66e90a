/** Many decisions at once, and how many deliverables wait for what. */
import { assert, it } from "@effect/vitest"
import { newKey, onStage } from "./support/Harness.ts"

interface Answer {
  readonly deliverable_id: string
  readonly deliverable?: { readonly review_status: string; readonly content_sha256: string }
  readonly problem?: { readonly code: string; readonly status: number }
}

const asPage = (answers: ReadonlyArray<Answer>) =>
  answers.map(({ deliverable, problem }) => deliverable?.review_status ?? problem?.code)

onStage("decisions", (stage) => {
  const decide = (
    items: ReadonlyArray<object>,
    options: { readonly as?: `customer:${string}`; readonly key?: string } = {},
  ) =>
    stage().call("POST", "/api/v1/deliverables/decisions", {
      as: options.as ?? "customer:acme",
      body: { items },
      ...(options.key === undefined ? {} : { headers: { "idempotency-key": options.key } }),
    })

  it("each item has its own answer, in order; what is refused keeps no other back", async () => {
    const { call, drafted, world } = stage()
    world.goal("GOI-many", world.hire("HAI-many"))
    world.goal("GOI-off", world.hire("HAI-off"))
    world.goal("GOI-foreign", world.hire("HAI-foreign", { customer_id: "other" as never }))
    const [first, second, changed, gone] = await Promise.all(
      [1, 2, 3, 4].map((day) => drafted("GOI-many", `2026-05-0${day}T09:00:00.000Z`)),
    )
    const stopped = await drafted("GOI-off")
    const foreign = await drafted("GOI-foreign")
    world.hire("HAI-off", { active: false } as never)
    const read = (id: string) => call("GET", `/api/v1/deliverables/${id}`, { as: "customer:acme" })
    await call("DELETE", `/api/v1/deliverables/${gone.deliverable_id}`, { as: "customer:acme" })
    const shown =
      (await call("GET", "/api/v1/deliverables?hired_instance_id=HAI-many", { as: "customer:acme" })).json.items
    const hashOf = (id: string): string => shown.find((it: Answer) => it.deliverable_id === id)?.content_sha256
    assert.strictEqual((await read(first.deliverable_id)).json.content_sha256, hashOf(first.deliverable_id))
    const some = "0".repeat(64)
    const { json, status } = await decide([
      { deliverable_id: first.deliverable_id, decision: "approved", content_sha256: hashOf(first.deliverable_id) },
      { deliverable_id: changed.deliverable_id, decision: "approved", content_sha256: some },
      { deliverable_id: gone.deliverable_id, decision: "approved", content_sha256: some },
      { deliverable_id: foreign.deliverable_id, decision: "approved", content_sha256: some },
      { deliverable_id: stopped.deliverable_id, decision: "approved", content_sha256: some },
      { deliverable_id: "nothing", decision: "approved", content_sha256: some },
      {
        deliverable_id: second.deliverable_id,
        decision: "rejected",
        notes: "Not now",
        content_sha256: hashOf(second.deliverable_id),
      },
      { deliverable_id: second.deliverable_id, decision: "approved", content_sha256: hashOf(second.deliverable_id) },
    ])
    assert.strictEqual(status, 200, JSON.stringify(json))
    const codes = asPage(json.items)
    // of the two on one deliverable either may come first, and the other is refused
    assert.include(
      [["rejected", "already_reviewed"], ["already_reviewed", "approved"]].map(String),
      String(codes.splice(6)),
    )
    assert.deepStrictEqual(codes, [
      "approved",
      "revision_changed",
      "deliverable_gone",
      "deliverable_not_found",
      "hire_deactivated",
      "deliverable_not_found",
    ])
    assert.strictEqual((await read(changed.deliverable_id)).json.review_status, "pending_review")
    const { items } =
      (await call("GET", `/api/v1/deliverables/${first.deliverable_id}/approvals`, { as: "customer:acme" })).json
    assert.deepStrictEqual(
      items.map((it: { content_sha256: string; decision: string }) => [it.decision, it.content_sha256]),
      [["approved", hashOf(first.deliverable_id)]],
    )
  })

  it("a repeat under the same key decides nothing anew, however many callers send it", async () => {
    const { call, drafted, world } = stage()
    world.goal("GOI-repeat", world.hire("HAI-repeat"))
    const drafts = []
    for (let day = 1; day <= 5; day++) drafts.push(await drafted("GOI-repeat", `2026-06-0${day}T09:00:00.000Z`))
    const { items: shown } =
      (await call("GET", "/api/v1/deliverables?hired_instance_id=HAI-repeat", { as: "customer:acme" })).json
    const items = shown.map((
      { content_sha256, deliverable_id }: { content_sha256: string; deliverable_id: string },
    ) => ({
      deliverable_id,
      content_sha256,
      decision: "approved",
    }))
    const key = newKey()
    const answers = await Promise.all(Array.from({ length: 4 }, () => decide(items, { key })))
    const done = answers.filter(({ status }) => status === 200)
    for (const { json, status } of answers) {
      if (status === 200) assert.deepStrictEqual(asPage(json.items), items.map(() => "approved"))
      else assert.deepStrictEqual([status, json.code], [409, "idempotency_in_flight"])
    }
    assert.isAbove(done.length, 0)
    assert.deepStrictEqual((await decide(items, { key })).json, done[0]!.json)
    assert.deepStrictEqual(asPage((await decide(items)).json.items), items.map(() => "already_reviewed"))
    for (const { deliverable_id } of drafts) {
      const { json } = await call("GET", `/api/v1/deliverables/${deliverable_id}/approvals`, { as: "customer:acme" })
      assert.strictEqual(json.items.length, 1)
    }
  })

  it("is its customer's alone, of 1 to 200 items, and waits for hiring", async () => {
    const { call, drafted, world } = stage()
    world.goal("GOI-whose", world.hire("HAI-whose"))
    const { deliverable_id } = await drafted("GOI-whose")
    const item = { deliverable_id, decision: "approved", content_sha256: "0".repeat(64) }
    for (const as of ["operator:o", "viewer:v", "service:scheduler"] as const) {
      const { status } = await call("POST", "/api/v1/deliverables/decisions", { as, body: { items: [item] } })
      assert.strictEqual(status, 403, as)
    }
    const path = async (items: ReadonlyArray<object>) => {
      const { json, status } = await decide(items)
      return [status, json.errors?.[0]?.path]
    }
    assert.deepStrictEqual(await path([]), [400, "$.items"])
    assert.deepStrictEqual(await path(Array.from({ length: 201 }, () => item)), [400, "$.items"])
    assert.deepStrictEqual(await path([item, { ...item, content_sha256: "A" }]), [400, "$.items[1].content_sha256"])
    assert.deepStrictEqual(await path([{ deliverable_id, decision: "approved" }]), [
      400,
      "$.items[0].content_sha256",
    ])
    world.hiringAway = true
    const away = await decide([item])
    assert.deepStrictEqual([away.status, away.json.code], [503, "unavailable"])
    world.hiringAway = false
  })

  it("a single review may name the hash of what was shown as well", async () => {
    const { call, drafted, world } = stage()
    world.goal("GOI-hash", world.hire("HAI-hash"))
    const { deliverable_id: id } = await drafted("GOI-hash")
    const { content_sha256 } = (await call("GET", `/api/v1/deliverables/${id}`, { as: "customer:acme" })).json
    const review = (hash: string) =>
      call("POST", `/api/v1/deliverables/${id}/review`, {
        as: "customer:acme",
        body: { decision: "approved", content_sha256: hash },
      })
    const refused = await review("f".repeat(64))
    assert.deepStrictEqual([refused.status, refused.json.code, refused.json.content_sha256], [
      409,
      "revision_changed",
      content_sha256,
    ])
    assert.strictEqual((await review(content_sha256)).json.review_status, "approved")
  })

  it("counts what waits, for its customer, and for those who see all", async () => {
    const { call, drafted, review, world } = stage()
    world.goal("GOI-count", world.hire("HAI-count", { customer_id: "counter" as never }))
    const ids: Array<string> = []
    for (let day = 1; day <= 5; day++) {
      ids.push((await drafted("GOI-count", `2026-07-0${day}T09:00:00.000Z`)).deliverable_id)
    }
    const count = async (
      as: "customer:counter" | "customer:acme" | "operator:o" | "viewer:v",
      query = "?customer_id=counter",
    ) => {
      const { json, status } = await call("GET", `/api/v1/deliverables/counts${query}`, { as })
      return status === 200 ? json : status
    }
    assert.deepStrictEqual(await count("customer:counter"), {
      pending_review: 5,
      in_revision: 0,
      expiring: 0,
      approved_waiting: 0,
      delivery_failed: 0,
    })
    await review(ids[0]!, "approved", "customer:counter")
    await review(ids[1]!, "rejected", "customer:counter")
    const { approval_id } = (await review(ids[2]!, "approved", "customer:counter")).json
    await call("DELETE", `/api/v1/deliverables/${ids[3]}`, { as: "customer:counter" })
    const executed = await call("POST", `/api/v1/deliverables/${ids[2]}/execute`, {
      as: "customer:counter",
      headers: { "idempotency-key": newKey() },
      body: { approval_id },
    })
    assert.strictEqual(executed.status, 200, JSON.stringify(executed.json))
    const counts = { pending_review: 1, in_revision: 0, expiring: 0, approved_waiting: 1, delivery_failed: 0 }
    assert.deepStrictEqual(await count("customer:counter", ""), counts)
    assert.deepStrictEqual(await count("viewer:v"), counts)
    assert.strictEqual(await count("customer:acme"), 404)
    const all = await count("operator:o", "")
    assert.isAtLeast(all.pending_review, 1)
    assert.isAtLeast(all.approved_waiting, 1)
  })
})
