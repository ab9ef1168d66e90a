/** What operators see of the stack, on real processes with no more permissions than they need. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { PORTS } from "@stint/edge/Ports"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { type ServiceName, type Stack, startStack } from "../support/Stack.ts"
import { until } from "../support/Until.ts"

const names = Object.keys(PORTS) as ReadonlyArray<ServiceName>
describe("the stack, as its operators see it", () => {
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

  it("every service shows its metrics, without a token", async () => {
    for (const name of names) {
      const response = await fetch(`http://127.0.0.1:${stack.base + PORTS[name]}/metrics`)
      const text = await response.text()
      assert.strictEqual(response.status, 200)
      assert.match(text, new RegExp(`^stint_${name}_\\w+(\\{.*\\})? \\d`, "m"), name)
      assert.notMatch(text, /^stint_state_readable\{.*\} 0$/m)
    }
  })

  it("a pause and a resume reach the webhook", async () => {
    const as = "operator:olga" as const
    await stack.call("scheduler", "POST", "/api/v1/scheduler/pause", { as, body: { reason: "deploy" } })
    await stack.call("scheduler", "POST", "/api/v1/scheduler/resume", { as, body: {} })
    await until("both alerts have come", () => alerts.length >= 2)
    assert.deepStrictEqual(alerts.map(({ data }) => data.message), [
      "the scheduler was paused by olga: deploy",
      "the scheduler was resumed by olga",
    ])
  })

  it("a service that is told to end loses no line of its audit", async () => {
    const lines = async () =>
      Number((await stack.sql<{ n: bigint }>("catalog", "select count(*) as n from gateway_audit_logs"))[0]!.n)
    const before = await lines()
    const path = "/api/v1/agent-types"
    const answers = await Promise.all(
      Array.from({ length: 300 }, () => stack.call("catalog", "GET", path, { as: "viewer:vera" })),
    )
    await stack.kill("catalog", "SIGTERM")
    assert.isTrue(answers.every(({ status }) => status === 200))
    await until("each request has its line", async () => await lines() >= before + answers.length)
  })
})
