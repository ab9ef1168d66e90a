/** An http maker of a test, its agent type, and how its runs are asked for. */
import { AgentTypeId } from "@stint/domain/Ids"
import type { Stage } from "./Harness.ts"
import { until } from "./Harness.ts"
import { type Received } from "./Receiver.ts"

/** A request as the maker sees it. */
// deno-lint-ignore no-explicit-any
export type Asked = Received & { readonly method: string; readonly path: string; readonly data: any }

/** A running maker. It answers a goal's requests as the goal's handler says; without one, with a draft. */
export interface FakeMaker {
  readonly host: string
  readonly asked: Array<Asked>
  /** The requests of a goal. */
  of(goal: string): ReadonlyArray<Asked>
  on(goal: string, handler: (asked: Asked, nth: number) => Response | Promise<Response>): void
  end(): Promise<void>
}

/** An answer with a draft. */
export const draftOf = (reply = "Thank you!") => Response.json({ title: "A reply", fields: { reply } })

/** Starts one on a free port. */
export const startMaker = (): FakeMaker => {
  const asked: Array<Asked> = []
  const handlers = new Map<string, (asked: Asked, nth: number) => Response | Promise<Response>>()
  const goalOf = (one: Asked) => one.data?.goal_instance_id ?? one.headers.get("idempotency-key")?.split(":")[0]
  const of = (goal: string) => asked.filter((one) => goalOf(one) === goal)
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const bytes = new Uint8Array(await request.arrayBuffer())
    const text = new TextDecoder().decode(bytes)
    const { pathname: path } = new URL(request.url)
    const data = text === "" ? undefined : JSON.parse(text).data
    const one = { headers: request.headers, bytes, text, method: request.method, path, data }
    asked.push(one)
    return await (handlers.get(goalOf(one)) ?? (() => draftOf()))(one, of(goalOf(one)).length)
  })
  return {
    host: `127.0.0.1:${server.addr.port}`,
    asked,
    of,
    on: (goal, handler) => void handlers.set(goal, handler),
    end: () => server.shutdown(),
  }
}

/** The agent type whose template is made at that host. */
export const definitionOf = (host: string, maker = {}, more = {}) => ({
  agent_type_id: "reviews.reply.v1",
  version: "1.0.0",
  config_schema: { fields: [{ key: "tone", label: "Tone", type: "text", required: false }] },
  goal_templates: [{
    goal_template_id: "reviews.reply",
    name: "Reply to reviews",
    default_frequency: "daily",
    settings_schema: { fields: [] },
    skill_binding: "reviews",
    maker: { kind: "http", url: `http://${host}/make`, secret_ref: "agent", ...maker },
    output: { fields: [{ key: "reply", label: "Reply", type: "text", required: true, max_length: 40 }] },
  }],
  enforcement_defaults: { approval_required: true, deterministic: false },
  ...more,
})

/** A goal of that type's version, with its hire. */
export const goalAt = ({ world }: Stage, name: string, version = "1.0.0", customer = "acme") => {
  const agent_id = AgentTypeId.make("reviews.reply.v1")
  const hire = world.hire(`HAI-${name}`, {
    agent_id,
    definition_version: version,
    config: { tone: "warm" },
    customer_id: customer as never,
  })
  return world.goal(`GOI-${name}`, hire, "reviews.reply")
}

/** The slot of all runs. */
export const slot = "2026-03-01T09:00:00.000Z"

/** The answer for the run of a goal, as the scheduler asks for it; the body's `answer` is "ids" unless it says. */
export const ask = async (
  { call, world }: Pick<Stage, "call" | "world">,
  goal: string,
  attempt = "1",
  body: object = { answer: "ids" },
) => {
  const { json, status } = await call("POST", "/api/v1/deliverables/batch", {
    as: "service:scheduler",
    body: {
      items: [{
        idempotency_key: `${goal}:${slot}`,
        goal_instance_id: goal,
        hired_instance_id: world.goals.get(goal)!.hired_instance_id,
        scheduled_time: slot,
        ...(attempt === "" ? {} : { attempt }),
      }],
      ...body,
    },
  })
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(json)}`)
  return json.items[0]
}

/** Asks until the run is not being made any more. */
export const ended = (stage: Pick<Stage, "call" | "world">, goal: string, attempt = "1") =>
  until(async () => {
    const answer = await ask(stage, goal, attempt)
    return answer.making === undefined && answer
  })

/** The recorded calls for a goal's drafts. */
export const callsOf = (stage: Stage, goal: string) =>
  stage.sql(
    "select outcome, place, model, cost::int from making_calls where goal_instance_id = $1 order by started_at",
    [
      goal,
    ],
  )
/** The stored drafts of a goal. */
export const draftsOf = async (
  stage: Stage,
  goal: string,
) => (await stage.sql("select payload, title from deliverables where goal_instance_id = $1", [goal]))
