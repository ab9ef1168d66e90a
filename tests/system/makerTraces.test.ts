/** A trace through makers: the spans of a call to a model and to a program, and what is in none of them. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Collector, openCollector, type Span } from "../support/Collector.ts"
import { hireAgent, setGoal } from "../support/Customer.ts"
import { type FakeModel, startFakeModel } from "../support/FakeModel.ts"
import { leaksIn } from "../support/Leaks.ts"
import { type Stack, startStack } from "../support/Stack.ts"
import { until } from "../support/Until.ts"

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

describe("a trace through makers", () => {
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
    const [signature] = signatures
    const secrets = {
      KEY,
      SECRET: SECRET.slice("whsec_".length),
      signature: signature!,
      INSTRUCTIONS,
      NICKNAME,
      HEADLINE,
    }
    assert.deepStrictEqual(leaksIn(collector.received, secrets), [])
    // the judge sees what a span has: were the model's answer in it, it would be found (tests/leaks.test.ts)
    assert.isNotEmpty(
      leaksIn(collector.received, { model: "stint.model", host: `host:127.0.0.1:${program.addr.port}` }),
    )
  })
})
