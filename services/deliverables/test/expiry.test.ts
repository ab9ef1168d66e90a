/** The inbox by status and by expiry: what expires first, what has expired, and how many there are of each. */
import { assert, beforeAll, it } from "@effect/vitest"
import { AgentTypeId } from "@stint/domain/Ids"
import { onStage, type Stage, until } from "./support/Harness.ts"

const definition = (agent_type_id: string, approval?: object) => ({
  agent_type_id,
  version: "1.0.0",
  config_schema: { fields: [] },
  goal_templates: [{
    goal_template_id: "note",
    name: "Note",
    default_frequency: "daily",
    settings_schema: { fields: [] },
    skill_binding: "notes",
    ...(approval === undefined ? {} : { approval }),
  }],
  enforcement_defaults: { approval_required: true, deterministic: false },
})

/** Drafts of a customer: so many that expire within the hour, in two days, and never; by id, as they were made. */
const draftsOf = async ({ drafted, sql, world }: Stage, customer: string) => {
  const made: Record<"soon" | "later" | "never", Array<string>> = { soon: [], later: [], never: [] }
  for (const [kind, agent] of [["soon", "soon.v1"], ["later", "later.v1"], ["never", "never.v1"]] as const) {
    const hire = world.hire(`HAI-${customer}-${kind}`, {
      agent_id: AgentTypeId.make(agent),
      customer_id: customer as never,
      config: {},
    })
    const goal = world.goal(`GOI-${customer}-${kind}`, hire, "note")
    for (const n of [1, 2, 3]) {
      const { deliverable_id: id } = await drafted(goal, `2026-03-0${n}T09:00:00.000Z`)
      made[kind].push(id)
      // each a second after the one before
      if (kind !== "never") {
        await sql(
          "update deliverables set expires_at = expires_at + make_interval(secs => $2) where deliverable_id = $1",
          [id, n],
        )
      }
    }
  }
  return made
}

const idsOf = (items: ReadonlyArray<{ readonly deliverable_id: string }>) =>
  items.map(({ deliverable_id }) => deliverable_id)

onStage("an inbox", (stage) => {
  beforeAll(() => {
    const { world } = stage()
    world.publish(definition("soon.v1", { expires_after_seconds: 3600 }))
    world.publish(definition("later.v1", { expires_after_seconds: 172_800, quorum: 3 }))
    world.publish(definition("never.v1"))
  })
  const list = (customer: string, query: string) =>
    stage().call("GET", `/api/v1/deliverables?${query}`, { as: `customer:${customer}` })
  const countsOf = async (customer: string) =>
    (await stage().call("GET", "/api/v1/deliverables/counts", { as: `customer:${customer}` })).json

  it("shows what expires first, then what never does, the oldest first, page by page", async () => {
    const { later, never, soon } = await draftsOf(stage(), "order")
    const all: Array<string> = []
    let cursor = ""
    for (let page = 0; page < 5; page++) {
      const { json } = await list("order", `order=expiry&limit=2${cursor}`)
      all.push(...idsOf(json.items))
      cursor = `&cursor=${json.next_cursor}`
      assert.strictEqual(json.next_cursor === null, page === 4)
    }
    assert.deepStrictEqual(all, [...soon, ...later, ...never])
    const expiring = await list("order", "expiring=true")
    assert.deepStrictEqual(idsOf(expiring.json.items).toSorted(), [...soon].toSorted())
    assert.deepStrictEqual(idsOf((await list("order", "expiring=true&order=expiry")).json.items), soon)
    const goal = await list("order", "order=expiry&goal_instance_id=GOI-order-later")
    assert.deepStrictEqual(idsOf(goal.json.items), later)
    assert.deepStrictEqual(
      goal.json.items.map((one: Record<string, unknown>) => [one.approvals_needed, one.approvals_given]),
      [
        [3, 0],
        [3, 0],
        [3, 0],
      ],
    )
    assert.deepInclude(await countsOf("order"), { pending_review: 9, in_revision: 0, expiring: 3 })
    assert.strictEqual((await list("order", "order=expiry&customer_id=other")).status, 404)
  })

  it("refuses to order or filter by expiry what does not wait, and for nobody in particular", async () => {
    const refused: ReadonlyArray<[query: string, path: string]> = [
      ["order=expiry&review_status=approved", "query.review_status"],
      ["expiring=true&review_status=expired", "query.review_status"],
      ["order=expiry&search=tooth", "query.search"],
      ["order=age", "query.order"],
      ["expiring=false", "query.expiring"],
      ["order=expiry&cursor=eyJ4IjoxfQ", "query.cursor"],
    ]
    for (const [query, path] of refused) {
      const { json, status } = await list("refused", query)
      assert.deepStrictEqual([status, json.errors[0].path], [400, path], query)
    }
    const all = await stage().call("GET", "/api/v1/deliverables?order=expiry", { as: "operator:olga" })
    assert.deepStrictEqual([all.status, all.json.errors[0].path], [400, "query.customer_id"])
    assert.strictEqual(
      (await stage().call("GET", "/api/v1/deliverables?expiring=true", { as: "operator:olga" })).status,
      200,
    )
  })

  it("has what expired as such at once, and marked soon after: final, and told apart from what was rejected", async () => {
    const { soon: [expired, rejected], never: [waits] } = await draftsOf(stage(), "gone")
    const { call, get, sql } = stage()
    await sql("update deliverables set expires_at = now() where deliverable_id = $1", [expired])
    assert.strictEqual((await get(expired!, "customer:gone")).json.review_status, "expired")
    await call("POST", `/api/v1/deliverables/${rejected}/review`, {
      as: "customer:gone",
      body: { decision: "rejected" },
    })
    const byStatus = async (status: string) => idsOf((await list("gone", `review_status=${status}`)).json.items)
    assert.deepStrictEqual(await byStatus("expired"), [expired])
    assert.deepStrictEqual(await byStatus("rejected"), [rejected])
    assert.notInclude(await byStatus("pending_review"), expired)
    assert.include(await byStatus("pending_review"), waits)
    assert.deepInclude(await countsOf("gone"), { pending_review: 7, expiring: 1 })
    const { json, status } = await call("POST", `/api/v1/deliverables/${expired}/review`, {
      as: "customer:gone",
      body: { decision: "approved" },
    })
    assert.deepStrictEqual([status, json.code], [409, "deliverable_expired"])
    await until(async () =>
      (await sql("select 1 from deliverables where deliverable_id = $1 and expired_at is not null", [expired]))
        .length === 1
    )
    assert.deepStrictEqual(await byStatus("expired"), [expired])
    assert.deepStrictEqual(await byStatus("rejected"), [rejected])
    assert.strictEqual((await get(expired!, "customer:gone")).json.review_status, "expired")
    assert.deepInclude(await countsOf("gone"), { pending_review: 7, expiring: 1 })
    const late = await call("POST", `/api/v1/deliverables/${expired}/review`, {
      as: "customer:gone",
      body: { decision: "approved" },
    })
    assert.deepStrictEqual([late.status, late.json.code], [409, "deliverable_expired"])
  })
})
