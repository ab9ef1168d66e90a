/** A text that is searched for in drafts: where it is found, whose, and among how many. */
import { SEARCHED } from "@stint/domain/deliverables/Deliverables"
import { assert, it } from "@effect/vitest"
import { onStage } from "./support/Harness.ts"

onStage("drafts that say something", (stage) => {
  it("are found by title and by the texts of their payload, in any case, of their own customer alone", async () => {
    const { call, drafted, world } = stage()
    world.goal("GOI-s1", world.trader("HAI-s1", { customer_id: "sol" as never }), "trading.guardrail_report.v1")
    world.goal("GOI-s2", world.hire("HAI-s2", { customer_id: "sal" as never }))
    const report = (await drafted("GOI-s1", "2026-03-01T09:00:00.000Z")).deliverable_id
    const posts = await drafted("GOI-s2", "2026-03-02T09:00:00.000Z")
    const find = async (
      text: string,
      as: `${"customer" | "operator" | "viewer"}:${string}` = "viewer:vic",
      more = "",
    ) => {
      const { json, status } = await call("GET", `/api/v1/deliverables?search=${encodeURIComponent(text)}${more}`, {
        as,
      })
      assert.strictEqual(status, 200, JSON.stringify(json))
      return json.items.map((one: { deliverable_id: string }) => one.deliverable_id)
    }
    assert.deepStrictEqual(await find("GUARDRAIL rep"), [report])
    assert.deepStrictEqual(await find("Delta_Exchange_INDIA", "customer:sol"), [report])
    const said = posts.payload.brand_name.toUpperCase()
    assert.deepStrictEqual(await find(said), [posts.deliverable_id])
    assert.deepStrictEqual(await find(said, "customer:sol"), [])
    assert.deepStrictEqual(await find(said, "operator:olga", "&hired_instance_id=HAI-s1"), [])
    // names of fields are no text of a draft, and nothing is a pattern
    for (const text of ["draft_only", "exchange_provider", "g%t", "gu.rdrail"]) {
      assert.deepStrictEqual(await find(text), [])
    }
    for (const text of ["a", " ab", "x".repeat(101)]) {
      const { json, status } = await call("GET", `/api/v1/deliverables?search=${encodeURIComponent(text)}`, {
        as: "viewer:vic",
      })
      assert.deepStrictEqual([status, json.code], [400, "invalid_request"], text)
    }
  })

  it("are looked for among the newest of the filter, however many there are", async () => {
    const { call, drafted, sql, world } = stage()
    world.goal("GOI-s3", world.trader("HAI-s3", { customer_id: "sid" as never }), "trading.guardrail_report.v1")
    const { deliverable_id: old } = await drafted("GOI-s3", "2026-03-01T09:00:00.000Z")
    const find = async (more = "") =>
      (await call("GET", `/api/v1/deliverables?search=guardrail%20report&limit=1${more}`, { as: "customer:sid" })).json
    assert.deepStrictEqual((await find()).items.map((one: { deliverable_id: string }) => one.deliverable_id), [old])
    await sql(
      `insert into deliverables select (jsonb_populate_record(d, jsonb_build_object('deliverable_id', 'DEL-s' || n,
          'idempotency_key', 'key-s' || n, 'title', 'Other', 'payload', d.payload || '{"goal_template_id": "other"}'::jsonb,
          'created_at', d.created_at + make_interval(secs => n)))).*
        from deliverables d, generate_series(1, $2::int) n where d.deliverable_id = $1`,
      [old, SEARCHED],
    )
    // the one that says it is older than those
    assert.deepStrictEqual(await find(), { items: [], next_cursor: null })
  })
})
