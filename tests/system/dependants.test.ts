/**
 * What belongs to another service's thing follows it, on real processes: the drafts of a deleted goal, also when hiring or
 * deliverables is killed between the two; the deliverables of a trial.
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { hireAgent, setGoal } from "../support/Customer.ts"
import { type ServiceName, type Stack, startStack } from "../support/Stack.ts"
import type { Answer } from "../support/Service.ts"
import { until } from "../support/Until.ts"

const as = "customer:acme" as const

describe("dependants in other services", () => {
  let stack: Stack
  let hire: string
  beforeAll(async () => {
    stack = await startStack()
    const call = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
    hire = (await hireAgent(call, "acme", "trading.delta_futures.v1")).hired_instance_id
  })
  afterAll(() => stack?.stop())

  /** The answer of a service that may be on its way back. */
  const answered = (service: ServiceName, call: () => Promise<Answer>) =>
    until(`${service} answers`, async () => {
      const answer = await call()
      return answer.status < 500 && answer
    }, () => stack.output())
  const hiring = (method: string, path: string, body?: unknown) =>
    stack.call("hiring", method, path, { as, ...body === undefined ? {} : { body } })
  const deliverables = (method: string, path: string, body?: unknown) =>
    stack.call("deliverables", method, path, { as, ...body === undefined ? {} : { body } })

  /** A goal with an approved draft. */
  const drafted = async () => {
    const call = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
    const { goal_instance_id: goal } = await setGoal(call, "acme", hire, {
      goal_template_id: "trading.guardrail_report.v1",
      frequency: "on_demand",
      settings: {},
    })
    const path = `/api/v1/hired-agents/${hire}/goals/${goal}`
    assert.strictEqual((await hiring("POST", `${path}/run`, {})).status, 202)
    const draft = await until("the run has made its draft", async () => {
      const { json } = await deliverables("GET", "/api/v1/deliverables?customer_id=acme")
      return json.items.find((d: { goal_instance_id: string }) => d.goal_instance_id === goal)
    })
    const at = `/api/v1/deliverables/${draft.deliverable_id}`
    const { approval_id } = (await deliverables("POST", `${at}/review`, { decision: "approved" })).json
    return { path, at, approval: `/api/v1/approvals/${approval_id}` }
  }

  const victims: ReadonlyArray<readonly [when: "before" | "after", ServiceName]> = [
    ["after", "hiring"],
    ["before", "deliverables"],
    ["after", "deliverables"],
  ]
  for (const [when, victim] of victims) {
    it(`a deleted goal takes its drafts along when ${victim} is killed right ${when} it; approvals stay`, async () => {
      const { approval, at, path } = await drafted()
      if (when === "before") await stack.kill(victim)
      const deleted = await hiring("DELETE", path)
      if (when === "after") await stack.kill(victim)
      assert.deepStrictEqual([deleted.status, deleted.json.deleted], [200, true])
      await until("the draft is gone", async () => (await deliverables("GET", at)).json.code === "deliverable_gone")
      assert.strictEqual((await deliverables("GET", approval)).status, 200)
      assert.strictEqual((await answered("hiring", () => hiring("GET", path))).status, 404)
    })
  }

  it("what was made in a trial is there for whom the trial is there, and as long", async () => {
    const { trial_id } = (await answered("hiring", () =>
      hiring("POST", "/api/v1/trials", {
        agent_id: "trading.delta_futures.v1",
        customer_name: "Mia Rao",
        customer_email: "mia@example.com",
        company: "Smile",
      }))).json
    const path = `/api/v1/trials/${trial_id}/deliverables`
    const made = await answered(
      "deliverables",
      () => deliverables("POST", path, { file_name: "plan.pdf", file_path: "trials/plan.pdf" }),
    )
    assert.strictEqual(made.status, 201, JSON.stringify(made.json))
    assert.deepStrictEqual((await deliverables("GET", path)).json.items, [made.json])
    const foreign = await stack.call("deliverables", "GET", path, { as: "customer:tom" })
    assert.deepStrictEqual([foreign.status, foreign.json.code], [404, "trial_not_found"])
    assert.strictEqual((await hiring("PATCH", `/api/v1/trials/${trial_id}`, { status: "converted" })).status, 200)
    assert.strictEqual((await deliverables("GET", path)).json.items.length, 1)
    assert.strictEqual((await hiring("DELETE", `/api/v1/trials/${trial_id}`)).status, 200)
    assert.strictEqual((await deliverables("GET", path)).json.code, "trial_not_found")
  })
})
