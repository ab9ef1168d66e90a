/** The system in memory mode: no database is needed, and it says what it will forget. */
import { assert, it } from "@effect/vitest"
import { readdir } from "node:fs/promises"
import { hireAgent, setGoal } from "./support/Customer.ts"
import { startStack } from "./support/Stack.ts"

it("all services in memory: no Postgres is started, a run makes its draft, and what is forgotten is said", async () => {
  const stack = await startStack({
    USE_AGENT_TYPE_DB: "false",
    PERSISTENCE_MODE: "memory",
    DELIVERABLE_PERSISTENCE_MODE: "memory",
    SCHEDULER_PERSISTENCE_MODE: "memory",
  })
  try {
    assert.deepStrictEqual((await readdir(stack.home)).filter((name) => name.startsWith("postgres")), [])
    for (const service of ["catalog", "hiring", "deliverables", "scheduler"]) {
      assert.include(stack.output(), `${service} keeps its rows in memory: they are forgotten when it stops`)
    }
    const hiring = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
    const { hired_instance_id } = await hireAgent(hiring, "acme", "trading.delta_futures.v1")
    const goal = await setGoal(hiring, "acme", hired_instance_id, {
      goal_template_id: "trading.guardrail_report.v1",
      frequency: "on_demand",
      settings: {},
    })
    const path = `/api/v1/hired-agents/${hired_instance_id}/goals/${goal.goal_instance_id}/run`
    assert.strictEqual((await hiring("POST", path, { as: "customer:acme" })).status, 202)
    const inbox = () =>
      stack.call("deliverables", "GET", "/api/v1/deliverables?customer_id=acme", { as: "customer:acme" })
    let drafts = (await inbox()).json.items
    for (let n = 0; n < 100 && drafts.length === 0; n++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      drafts = (await inbox()).json.items
    }
    assert.strictEqual(drafts.length, 1)
  } finally {
    await stack.stop()
  }
}, 60_000)
