/** What was approved and nobody has executed yet, as a list. */
import { assert, it } from "@effect/vitest"
import { onStage } from "./support/Harness.ts"

onStage("approved drafts", (stage) => {
  it("are listed by whether they were executed, of their own customer alone, and not by expiry", async () => {
    const { call, drafted, world } = stage()
    world.goal("GOI-x1", world.trader("HAI-x1", { customer_id: "xena" as never }), "trading.guardrail_report.v1")
    const as = "customer:xena" as const
    const ids: Array<string> = []
    for (const day of [1, 2]) {
      const { deliverable_id: id } = await drafted("GOI-x1", `2026-03-0${day}T09:00:00.000Z`)
      const { status } = await call("POST", `/api/v1/deliverables/${id}/review`, { as, body: { decision: "approved" } })
      assert.strictEqual(status, 200)
      ids.push(id)
    }
    const executed = await call("POST", `/api/v1/deliverables/${ids[0]}/execute`, {
      as,
      body: {},
      headers: { "idempotency-key": "x1" },
    })
    assert.strictEqual(executed.status, 200)
    const list = async (query: string, by: typeof as | "customer:other" | "viewer:vic" = as) => {
      const { json, status } = await call("GET", `/api/v1/deliverables?${query}`, { as: by })
      assert.strictEqual(status, 200, JSON.stringify(json))
      return json.items.map((one: { deliverable_id: string }) => one.deliverable_id)
    }
    assert.deepStrictEqual(await list("review_status=approved&execution_status=not_executed"), [ids[1]])
    assert.deepStrictEqual(await list("review_status=approved&execution_status=executed"), [ids[0]])
    assert.deepStrictEqual(await list("execution_status=executed", "customer:other"), [])
    assert.deepStrictEqual(await list("execution_status=executed&hired_instance_id=HAI-x1", "viewer:vic"), [ids[0]])
    for (const query of ["execution_status=never", "order=expiry&execution_status=executed"]) {
      const { json, status } = await call("GET", `/api/v1/deliverables?${query}`, { as })
      assert.deepStrictEqual([status, json.code], [400, "invalid_request"], query)
    }
  })
})
