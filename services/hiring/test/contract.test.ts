/** Hiring's contract as its readers meet it: every endpoint of the API, and bodies that need no fields. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { base, customerOf, type Hiring, operator, startHiring } from "./Harness.ts"

describe("hiring's contract", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring("memory")
  })
  afterAll(() => hiring.end())

  it("serves every endpoint, and says so in its document", async () => {
    const { json, status } = await hiring.call("GET", "/openapi.json")
    assert.strictEqual(status, 200)
    const endpoints = Object.entries(json.paths as Record<string, Record<string, unknown>>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(base, "").replace(/\/$/, "")}`)
    )
    assert.sameMembers(endpoints, [
      "POST /customers",
      "GET /customers",
      "GET /customers/{id}",
      "POST /subscriptions",
      "GET /subscriptions",
      "GET /subscriptions/{id}",
      "POST /subscriptions/{id}/activate",
      "POST /subscriptions/{id}/past-due",
      "POST /subscriptions/{id}/cancel",
      "PUT /hired-agents/draft",
      "GET /hired-agents",
      "GET /hired-agents/by-subscription/{id}",
      "GET /hired-agents/{id}",
      "POST /hired-agents/{id}/finalize",
      "POST /hired-agents/{id}/deactivate",
      "GET /hired-agents/{id}/goals",
      "PUT /hired-agents/{id}/goals",
      "GET /hired-agents/{id}/goals/{goal}",
      "DELETE /hired-agents/{id}/goals/{goal}",
      "POST /hired-agents/{id}/goals/{goal}/run",
      "GET /trial-status",
      "POST /hired-agents/process-trial-end",
      "POST /trials",
      "GET /trials",
      "GET /trials/{id}",
      "PATCH /trials/{id}",
      "DELETE /trials/{id}",
      "POST /goals/lookup",
      "GET /goal-changes",
      "GET /goal-changes/snapshot",
    ])
  })

  it("a call that needs no fields takes {} or nothing, and refuses a field that it does not know", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } = await acme.hired()
    const goal = (await acme.putGoal(id)).json.goal_instance_id
    const calls = [
      [acme.as, `/hired-agents/${id}/finalize`],
      [acme.as, `/hired-agents/${id}/goals/${goal}/run`],
      [operator.as, "/hired-agents/process-trial-end"],
      [acme.as, `/hired-agents/${id}/deactivate`],
    ] as const
    for (const [as, path] of calls) {
      const more = await hiring.call("POST", `${base}${path}`, { as, body: { force: true } })
      assert.deepStrictEqual([more.status, more.json.code], [400, "invalid_request"], path)
      assert.deepStrictEqual(more.json.errors, [{ path: "$.force", message: "no such field" }])
    }
    for (const [as, path] of calls) {
      for (const body of [{ body: {} }, {}]) {
        assert.isBelow((await hiring.call("POST", `${base}${path}`, { as, ...body })).status, 300, path)
      }
    }
  })
})
