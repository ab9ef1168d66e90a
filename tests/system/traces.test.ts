/** Sight, as a collector gets it from the processes of a stack, and its log: the spans of a run and of its makers' calls. */
import { runKey } from "@stint/domain/scheduler/Runs"
import { runTrace } from "@stint/domain/scheduler/Traces"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Digest } from "effect/crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Collector, openCollector, type Span } from "../support/Collector.ts"
import { hireAgent, setGoal } from "../support/Customer.ts"
import { type FakeModel, startFakeModel } from "../support/FakeModel.ts"
import { farSchedule } from "../support/FarTimes.ts"
import { leaksIn } from "../support/Leaks.ts"
import { type Stack, startStack } from "../support/Stack.ts"
import { until } from "../support/Until.ts"

const attribute = ({ attributes }: Span, name: string) => attributes.find(({ key }) => key === name)?.value.stringValue

const KEY = "sk-trace-51d9c0ffee"
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
const INSTRUCTIONS = "Write of gentle otters."
const NICKNAME = "Zebulon the Quiet"
const HEADLINE = "Otters sleep on their backs"
const TYPE = "digest.traced.v1"

const template = (id: string, maker: object) => ({
  goal_template_id: `digest.${id}`,
  name: id,
  default_frequency: "weekly",
  settings_schema: { fields: [] },
  skill_binding: "digest",
  maker,
  output: { fields: [{ key: "headline", label: "Headline", type: "text", required: true }] },
})

/** The values of a span's attributes. */
const valuesOf = ({ attributes }: Span) =>
  Object.fromEntries(attributes.map(({ key, value }) => {
    const { doubleValue, intValue, stringValue } = value
    return [key, stringValue ?? Number(intValue ?? doubleValue)]
  }))

let collector: Collector
let model: FakeModel
let stack: Stack
let folder: string
const signatures: Array<string> = []
const answer = { title: "A digest", fields: { headline: HEADLINE } }
const program = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
  signatures.push(request.headers.get("webhook-signature")!.slice("v1,".length))
  assert.isNull(request.headers.get("traceparent"))
  return Response.json(answer)
})
beforeAll(async () => {
  collector = await openCollector()
  model = startFakeModel()
  model.otherwise = () => ({ text: JSON.stringify(answer), usage: { in: 200, out: 100 } })
  folder = await mkdtemp(join(tmpdir(), "stint-traced-"))
  const file = async (name: string, body: object) => {
    await writeFile(join(folder, name), JSON.stringify(body), { mode: 0o600 })
    return join(folder, name)
  }
  stack = await startStack({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    STINT_LOG: "json",
    STINT_TRACE_URL: "https://traces.example.com/trace/{trace_id}",
    STINT_MAKER_HOSTS: "127.0.0.1",
    STINT_SECRETS: await file("secrets.json", { $models: { key: KEY }, $makers: { program: SECRET } }),
    STINT_MODELS: await file("models.json", {
      quill: {
        provider: "openai-compatible",
        base_url: model.base_url,
        model: "fake-1",
        secret_ref: "key",
        price_per_million_in: 2,
        price_per_million_out: 10,
      },
    }),
  })
}, 120_000)
afterAll(async () => {
  await stack?.stop()
  await Promise.all([collector?.close(), model?.end(), program.shutdown()])
  await rm(folder, { recursive: true })
})

describe("a trace through makers", () => {
  it("says which model or host was called, its tokens and its outcome; no key, signature, prompt or answer is in a span", async () => {
    const { status } = await stack.call("catalog", "POST", "/api/v1/agent-types", {
      as: "operator:olga",
      body: {
        agent_type_id: TYPE,
        version: "1.0.0",
        config_schema: { fields: [{ key: "nickname", label: "Nickname", type: "text", required: true }] },
        goal_templates: [
          template("model", { kind: "model", model: "quill", instructions: INSTRUCTIONS }),
          template("program", {
            kind: "http",
            url: `http://127.0.0.1:${program.addr.port}/make`,
            secret_ref: "program",
          }),
        ],
        enforcement_defaults: { approval_required: true, deterministic: false },
      },
    })
    assert.strictEqual(status, 201)
    const hiring = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
    const { hired_instance_id: hire } = await hireAgent(hiring, "acme", TYPE, {}, { nickname: NICKNAME })
    const traceOf = async (goal_template_id: string) => {
      const goal = { goal_template_id, frequency: "on_demand", settings: {} }
      const { goal_instance_id } = await setGoal(hiring, "acme", hire, goal)
      const as = { as: "customer:acme" } as const
      await hiring("POST", `/api/v1/hired-agents/${hire}/goals/${goal_instance_id}/run`, { ...as, body: {} })
      const run = await until(`the run of ${goal_template_id} is completed`, async () => {
        const { json } = await stack.call(
          "scheduler",
          "GET",
          `/api/v1/scheduler/runs?goal_instance_id=${goal_instance_id}`,
          as,
        )
        return json.items.find((it: { status: string }) => it.status === "completed")
      })
      const { json } = await stack.call("scheduler", "GET", `/api/v1/scheduler/runs/${run.scheduled_run_id}`, as)
      return json.trace_id as string
    }
    const [byModel, byProgram] = [await traceOf("digest.model"), await traceOf("digest.program")]
    const call = (trace: string, name: string) =>
      until(
        `the span ${name} has come`,
        () => collector.spans.find((span) => span.traceId === trace && span.name === name),
      )
    const [toModel, toProgram] = [await call(byModel, "Model.call"), await call(byProgram, "Remote.call")]
    assert.deepInclude(valuesOf(toModel), {
      "stint.model": "quill",
      "gen_ai.request.model": "fake-1",
      "gen_ai.usage.input_tokens": 200,
      "gen_ai.usage.output_tokens": 100,
      "stint.cost_millionths": 1_400,
      "stint.outcome": "answered",
    })
    assert.deepInclude(valuesOf(toProgram), {
      "stint.place": `host:127.0.0.1:${program.addr.port}`,
      "http.response.status_code": 200,
      "stint.outcome": "answered",
    })
    // each within the making of its run, in the trace of the run
    for (const [trace, { parentSpanId }] of [[byModel, toModel], [byProgram, toProgram]] as const) {
      const made = await call(trace, "make")
      const above = new Map(collector.spans.map((span) => [span.spanId, span.parentSpanId]))
      let at = parentSpanId
      while (at !== undefined && at !== made.spanId) at = above.get(at)
      assert.strictEqual(at, made.spanId)
    }
    // what was sent was signed and had the key
    assert.strictEqual(model.asked[0]!.headers.get("authorization"), `Bearer ${KEY}`)
    assert.lengthOf(signatures, 1)
    const words = { INSTRUCTIONS, NICKNAME, HEADLINE }
    const secrets = { KEY, SECRET: SECRET.slice("whsec_".length), signature: signatures[0]!, ...words }
    assert.deepStrictEqual(leaksIn(collector.received, secrets), [])
    // the judge sees what a span has: were the model's answer in it, it would be found (tests/leaks.test.ts)
    assert.isNotEmpty(
      leaksIn(collector.received, { model: "stint.model", host: `host:127.0.0.1:${program.addr.port}` }),
    )
  })
})

describe("sight", () => {
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
      settings: { schedule: farSchedule() },
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
    const { scheduled_run_id } = await until("the run is dead-lettered", async () => {
      const { items } = (await runs(`?goal_instance_id=${goal}`)).json
      return items.find(({ status }: { status: string }) => status === "dead_lettered")
    })
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
    const untraced = "select correlation_id as id from gateway_audit_logs where causation_id is null"
    const audited = () => stack.sql<{ id: string }>("scheduler", untraced)
    const isSent = ({ id }: { id: string }) => collector.spans.some(({ traceId }) => traceId === id)
    await until("the audit names the trace of a request's own span", async () => (await audited()).some(isSent))
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
