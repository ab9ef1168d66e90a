/** Sight: the spans of a run, as a collector gets them from the processes of a stack, and its log as JSON. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { hireAgent, setGoal } from "../support/Customer.ts"
import { type Stack, startStack } from "../support/Stack.ts"
import { until } from "../support/Until.ts"

/** A span, as far as a test looks at it. */
interface Span {
  readonly service: string
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly text: string
}

/** A collector of OTLP over HTTP that keeps what it gets. */
const openCollector = async () => {
  const spans: Array<Span> = []
  const server: Server = createServer(async (request, response) => {
    const parts: Array<Uint8Array> = []
    for await (const part of request) parts.push(part)
    if (request.url === "/v1/traces") {
      const { resourceSpans } = JSON.parse(Buffer.concat(parts).toString())
      for (const { resource, scopeSpans } of resourceSpans) {
        const service = resource.attributes.find(({ key }: { key: string }) => key === "service.name").value.stringValue
        for (const { spans: some } of scopeSpans) {
          for (const span of some) spans.push({ service, ...span, text: JSON.stringify(span) })
        }
      }
    }
    response.end("{}")
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return { spans, url: `http://127.0.0.1:${port}`, close: () => new Promise((resolve) => server.close(resolve)) }
}

describe("sight", () => {
  let collector: Awaited<ReturnType<typeof openCollector>>
  let stack: Stack
  beforeAll(async () => {
    collector = await openCollector()
    stack = await startStack({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, STINT_LOG: "json" })
  }, 120_000)
  afterAll(async () => {
    await stack?.stop()
    await collector?.close()
  })

  it("one trace has every service that worked on a run, up to its delivery; no token is in a span", async () => {
    const as = (service: string) => (method: string, path: string, send = {}) =>
      stack.call(service as "hiring", method, path, send)
    const hire = (await hireAgent(as("hiring"), "acme", "trading.delta_futures.v1")).hired_instance_id
    const goal = (await setGoal(as("hiring"), "acme", hire, {
      goal_template_id: "trading.trade_intent_draft.v1",
      frequency: "on_demand",
      settings: { coin: "BTC", side: "buy", units: 2 },
    })).goal_instance_id
    const asCustomer = { as: "customer:acme" } as const
    await stack.call("hiring", "POST", `/api/v1/hired-agents/${hire}/goals/${goal}/run`, { ...asCustomer, body: {} })
    const run = await until("the run is completed", async () => {
      const { json } = await stack.call(
        "scheduler",
        "GET",
        `/api/v1/scheduler/runs?goal_instance_id=${goal}`,
        asCustomer,
      )
      return json.items.find((it: { status: string }) => it.status === "completed")
    })
    const { trace_id } =
      (await stack.call("scheduler", "GET", `/api/v1/scheduler/runs/${run.scheduled_run_id}`, asCustomer)).json
    assert.match(trace_id, /^[0-9a-f]{32}$/)
    const { approval_id } =
      (await stack.call("deliverables", "POST", `/api/v1/deliverables/${run.deliverable_id}/review`, {
        ...asCustomer,
        body: { decision: "approved" },
      })).json
    await stack.call("deliverables", "POST", `/api/v1/deliverables/${run.deliverable_id}/execute`, {
      ...asCustomer,
      headers: { "idempotency-key": "trace" },
      body: { approval_id },
    })
    const ofRun = () => collector.spans.filter(({ traceId }) => traceId === trace_id)
    const seen = () => new Set(ofRun().map(({ name, service }) => `${service} ${name}`))
    const wanted = ["stint-scheduler run", "stint-deliverables draft", "stint-deliverables deliver"]
    // each process sends what has ended once a second
    await until(
      "the spans of all have come",
      () =>
        wanted.every((name) => seen().has(name)) &&
        ["scheduler", "deliverables", "hiring", "catalog"].every((name) =>
          ofRun().some(({ service }) => service === `stint-${name}`)
        ),
      () => [...seen()].join("\n"),
    )
    // a token begins so
    for (const { text } of collector.spans) assert.notInclude(text, "eyJ")
  })

  it("the log is one object a line, of a process that says which it is", async () => {
    // a stack that is well says nothing
    await stack.killPostgres()
    const lines = await until("somebody says that the databases are away", () => {
      const said = stack.output().split("\n").filter((line) => line.startsWith("{"))
      return said.length > 0 && said
    })
    for (const line of lines) {
      const { level, message, service, time } = JSON.parse(line)
      assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
      assert.include(["catalog", "hiring", "deliverables", "scheduler", "gateway"], service)
      assert.isString(level)
      assert.isString(message)
    }
  })
})
