/** Sight: the spans of a run and of the edits before it, as a collector gets them from the processes of a stack, and its log. */
import { runKey } from "@stint/domain/scheduler/Runs"
import { runTrace } from "@stint/domain/scheduler/Traces"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Digest } from "effect/crypto"
import { type Collector, openCollector, type Span } from "../support/Collector.ts"
import { hireAgent, setGoal } from "../support/Customer.ts"
import { type Stack, startStack } from "../support/Stack.ts"
import { until } from "../support/Until.ts"

const attribute = ({ attributes }: Span, name: string) => attributes.find(({ key }) => key === name)?.value.stringValue

describe("sight", () => {
  let collector: Collector
  let stack: Stack
  beforeAll(async () => {
    collector = await openCollector()
    stack = await startStack({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      STINT_LOG: "json",
      STINT_TRACE_URL: "https://traces.example.com/trace/{trace_id}",
    })
  }, 120_000)
  afterAll(async () => {
    await stack?.stop()
    await collector?.close()
  })

  it("one trace has every service that worked on a run, its failure, its redrive and its delivery; no token is in it", async () => {
    const asCustomer = { as: "customer:acme" } as const
    /** The trace that a request is of, by its header. */
    const within = (traceId: string) => ({ traceparent: `00-${traceId}-00f067aa0ba902b7-01` })
    const [edit, asked] = ["e".repeat(32), "a".repeat(32)] as const
    const hiring = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
    const hire = (await hireAgent(hiring, "acme", "trading.delta_futures.v1")).hired_instance_id
    const editing: typeof hiring = (method, path, send) => hiring(method, path, { ...send, headers: within(edit) })
    const goal = (await setGoal(editing, "acme", hire, {
      goal_template_id: "trading.guardrail_report.v1",
      frequency: "monthly",
      settings: {},
    })).goal_instance_id

    // no draft can be made by a definition that there is not
    const pin = (version: string) =>
      stack.sql(
        "hiring",
        `update hired_agents set definition_version = '${version}' where hired_instance_id = '${hire}'`,
      )
    await pin("9.9.9")
    await hiring("POST", `/api/v1/hired-agents/${hire}/goals/${goal}/run`, {
      ...asCustomer,
      headers: within(asked),
      body: {},
    })
    const runs = (path = "", as: "customer:acme" | "operator:olga" = "customer:acme") =>
      stack.call("scheduler", "GET", `/api/v1/scheduler/runs${path}`, { as })
    const runIn = (...states: ReadonlyArray<string>) =>
      until(
        `the run is ${states.join(" or ")}`,
        async () =>
          (await runs(`?goal_instance_id=${goal}`)).json.items.find((it: { status: string }) =>
            states.includes(it.status)
          ),
      )
    const { scheduled_run_id } = await runIn("dead_lettered")
    await pin("1.0.0")
    // the next version: what is known of this one is kept
    const { agent_id, config, subscription_id } = (await hiring("GET", `/api/v1/hired-agents/${hire}`, asCustomer)).json
    await hiring("PUT", "/api/v1/hired-agents/draft", { ...asCustomer, body: { subscription_id, agent_id, config } })
    const run = await until("the redriven run is completed", async () => {
      const { json } = await runs(`/${scheduled_run_id}`)
      // also again: the scheduler may not have got the new version yet
      if (json.status === "dead_lettered") {
        await stack.call("scheduler", "POST", "/api/v1/scheduler/dlq/redrive", {
          as: "operator:olga",
          body: { filter: { goal_instance_id: goal }, cap: 10, dry_run: false, reason: "mended" },
        })
      }
      return json.status === "completed" && json
    })

    const { trace_id, trace_url } = (await runs(`/${scheduled_run_id}`, "operator:olga")).json
    assert.match(trace_id, /^[0-9a-f]{32}$/)
    assert.strictEqual(trace_url, `https://traces.example.com/trace/${trace_id}`)
    // where operators look is nothing for a customer
    assert.notProperty((await runs(`/${scheduled_run_id}`)).json, "trace_url")
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
    const spansOf = (trace: string, name: string) =>
      collector.spans.filter((span) => span.traceId === trace && span.name === name)
    const ofRun = () => collector.spans.filter(({ traceId }) => traceId === trace_id)
    const seen = () => new Set(ofRun().map(({ name, service }) => `${service} ${name}`))
    const wanted = ["scheduler plan", "scheduler run", "deliverables draft", "deliverables deliver"]
    const outcomes = () => new Set(spansOf(trace_id, "run").map((span) => attribute(span, "outcome")))
    // each process sends what has ended once a second
    await until(
      "the spans of all have come",
      () =>
        wanted.every((name) => seen().has(`stint-${name}`)) && spansOf(asked, "project").length > 0 &&
        ["Dead", "Completed"].every((outcome) => outcomes().has(outcome)) &&
        ["scheduler", "deliverables", "hiring", "catalog"].every((name) =>
          ofRun().some(({ service }) => service === `stint-${name}`)
        ),
      () => [...seen(), ...outcomes()].join("\n"),
    )

    // the request that asked for it and the run lead to each other
    const [plan] = spansOf(trace_id, "plan")
    const [project] = spansOf(asked, "project")
    assert.deepInclude(project!.links[0], { traceId: trace_id, spanId: plan!.spanId })
    assert.deepInclude(plan!.links[0], { traceId: asked, spanId: project!.spanId })
    // so do the edit of the goal and the run of its next slot
    const edited = spansOf(edit, "project").find((span) => attribute(span, "change") === "goal")
    assert.isTrue(
      collector.spans.some(({ service, spanId, traceId }) =>
        service === "stint-hiring" && traceId === edit && spanId === edited!.parentSpanId
      ),
    )
    const { items: [next] } =
      (await stack.call("scheduler", "GET", `/api/v1/scheduler/goals/${goal}/preview?count=1`, asCustomer)).json
    const slot = runKey(goal, Date.parse(next.scheduled_time))
    const { traceId } = await Effect.runPromise(Effect.provide(runTrace(slot), Digest.layerWebCrypto))
    assert.strictEqual(edited!.links[0]!.traceId, traceId)
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
    await until(
      "the collector has them as well",
      () =>
        lines.map((line) => JSON.parse(line)).some(({ message, service }) =>
          collector.records.some((record) => record.service === `stint-${service}` && record.said === message)
        ),
      () => JSON.stringify([lines, collector.records]),
    )
  })
})
