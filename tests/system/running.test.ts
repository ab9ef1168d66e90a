/**
 * One stack that runs, on real processes with no more permissions than they need: what operators see of it, and how what belongs to
 * another service's thing follows it: the drafts of a deleted goal, also when hiring or deliverables is killed between the two; the
 * deliverables of a trial.
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { PORTS } from "@stint/edge/Ports"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { hireAgent, setGoal } from "../support/Customer.ts"
import type { Answer } from "../support/Service.ts"
import { type ServiceName, type Stack, startStack } from "../support/Stack.ts"
import { until } from "../support/Until.ts"

const names = Object.keys(PORTS) as ReadonlyArray<ServiceName>
const as = "customer:acme" as const

let stack: Stack
const alerts: Array<{ readonly type: string; readonly data: { readonly message: string } }> = []
const receiver = createServer((request, response) => {
  let body = ""
  request.on("data", (chunk) => body += chunk)
  request.on("end", () => {
    alerts.push(JSON.parse(body))
    response.end()
  })
})
beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve))
  stack = await startStack({
    STINT_ALERT_WEBHOOK: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/alerts`,
    STINT_ALERT_SECRET: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  })
})
afterAll(async () => {
  await stack?.stop()
  receiver.close()
})

describe("the stack, as its operators see it", () => {
  it("every service shows its metrics, without a token", async () => {
    for (const name of names) {
      let text = ""
      // what takes two seconds to be read, as it may in the first ones of a busy machine, is left out, and said to be
      await until(`${name} can read all that it shows`, async () => {
        const response = await fetch(`http://127.0.0.1:${stack.base + PORTS[name]}/metrics`)
        text = await response.text()
        return response.status === 200 && !/^stint_state_readable\{.*\} 0$/m.test(text)
      }, () => text)
      assert.match(text, new RegExp(`^stint_${name}_\\w+(\\{.*\\})? \\d`, "m"), name)
    }
  })

  it("a pause and a resume reach the webhook", async () => {
    const as = "operator:olga" as const
    await stack.call("scheduler", "POST", "/api/v1/scheduler/pause", { as, body: { reason: "deploy" } })
    await stack.call("scheduler", "POST", "/api/v1/scheduler/resume", { as, body: {} })
    const told = () =>
      new Set(alerts.map(({ data }) => data.message).filter((message) => /paused|resumed/.test(message)))
    // each at least once, and two that are claimed together are sent side by side
    await until("both alerts have come", () => told().size >= 2)
    assert.deepStrictEqual([...told()].sort(), [
      "the scheduler was paused by olga: deploy",
      "the scheduler was resumed by olga",
    ])
  })

  it("a service that is told to end loses no line of its audit", async () => {
    const lines = async () =>
      Number((await stack.sql<{ n: bigint }>("catalog", "select count(*) as n from gateway_audit_logs"))[0]!.n)
    const before = await lines()
    const path = "/api/v1/agent-types"
    // in waves: all at once keep a cold process from its database for so long, on a busy machine, that it gives that up
    const answers: Array<Answer> = []
    for (let wave = 0; wave < 6; wave++) {
      const asked = Array.from({ length: 50 }, () => stack.call("catalog", "GET", path, { as: "viewer:vera" }))
      answers.push(...await Promise.all(asked))
    }
    await stack.kill("catalog", "SIGTERM")
    assert.deepStrictEqual(answers.filter(({ status }) => status !== 200), [])
    await until("each request has its line", async () => await lines() >= before + answers.length)
  })
})

describe("dependants in other services", () => {
  let hire: string
  beforeAll(async () => {
    // one that was told to end is started again
    for (const name of names) await stack.isReady(name)
    const call = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
    hire = (await hireAgent(call, "acme", "trading.delta_futures.v1")).hired_instance_id
  })

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
    assert.strictEqual((await answered("hiring", () => hiring("POST", `${path}/run`, {}))).status, 202)
    const draft = await until("the run has made its draft", async () => {
      const { json } = await deliverables("GET", "/api/v1/deliverables?customer_id=acme")
      return json.items.find((d: { goal_instance_id: string }) => d.goal_instance_id === goal)
    })
    const at = `/api/v1/deliverables/${draft.deliverable_id}`
    const review = await answered("deliverables", () => deliverables("POST", `${at}/review`, { decision: "approved" }))
    assert.strictEqual(review.status, 200, JSON.stringify(review.json))
    const { approval_id } = review.json
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
