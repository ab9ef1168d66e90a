/** Deliverables behind its fetch handler on a database of its own, with a hiring and a catalog of the test. */
import { afterAll, assert, beforeAll, describe } from "@effect/vitest"
import { Duration, Effect, Layer, Schedule } from "effect"
import { withDatabase } from "../../../../tests/support/Database.ts"
import { type Answer, ready, type Send, startService, type TestService } from "../../../../tests/support/Service.ts"
import { until as untilNamed } from "../../../../tests/support/Until.ts"
import { appWith } from "../../src/App.ts"
import { DeliveryRetry } from "../../src/Executions/Attempts.ts"
import { connect, type Statements } from "./Statements.ts"
import { World } from "./World.ts"

/** A draft with its approval. */
export interface Approved {
  readonly id: string
  readonly approval_id: string
  // deno-lint-ignore no-explicit-any
  readonly payload: any
}

/** A running service with its world. */
export interface Stage {
  readonly world: World
  /** The files that it reads and appends to, by name. */
  readonly files: Record<string, string>
  readonly service: TestService
  /** The database, as the service's role. */
  readonly url: string
  /** The backoff of deliveries, in milliseconds. */
  readonly retries: { after: number }
  /** Starts another replica on the same database, with these files (default: the same). */
  replica(files?: Record<string, string>): Promise<TestService>
  /** Runs a statement as the owner of the schema. */
  readonly sql: Statements
  call: TestService["call"]
  /** Requests the draft of one run, as the scheduler does. */
  draft(goal: string, slot?: string, key?: string): Promise<Answer>
  /** `draft`, made. */
  drafted(goal: string, slot?: string): Promise<Answer["json"]>
  /** Makes and approves a draft of a goal and a hire of that name. */
  approved(name: string, settings?: object): Promise<Approved>
  review(id: string, decision: string, as?: `customer:${string}`): Promise<Answer>
  execute(id: string, body?: unknown, key?: string, signal?: AbortSignal): Promise<Answer>
  get(id: string, as?: Send["as"]): Promise<Answer>
  /** Waits until it is executed. */
  executed(id: string): Promise<Answer["json"]>
  /** The lines of the journal about a deliverable. */
  // deno-lint-ignore no-explicit-any
  journalOf(id: string): Array<any>
}

/** The settings of a service that tests change. `retryAfter`: the backoff of deliveries in milliseconds. */
export interface StageOptions {
  readonly env?: Record<string, string>
  readonly retryAfter?: number
  /** Files besides those that every stage has. */
  readonly files?: Record<string, string>
  /** What else tests replace. */
  readonly layers?: Layer.Layer<never>
}

let keys = 0
/** A key that no other request has. */
export const newKey = () => `test-${++keys}`

/** Waits until `look` sees something, and returns it; the condition is named by its own text. */
export const until = <A>(look: () => Promise<A | undefined | false> | A | undefined | false) =>
  untilNamed(String(look), look)

/** The secrets that hires may refer to. */
const secrets = JSON.stringify({
  acme: {
    hook: "bm90LWEtcHJlZml4ZWQtc2VjcmV0LTEyMzQ1Njc=",
    std: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    both: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "bm90LWEtcHJlZml4ZWQtc2VjcmV0LTEyMzQ1Njc="],
    unreadable: "a-webhook-secret",
  },
  "$models": { example: "sk-test-51d9c0ffee" },
  "$makers": { agent: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
  globex: { theirs: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
  flat: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
})

/** What tests do with a service. */
const actionsOf = (call: TestService["call"], world: World, files: Record<string, string>) => {
  const draft: Stage["draft"] = (goal, slot = "2026-03-01T09:00:00.000Z", key = `${goal}:${slot}`) =>
    call("POST", "/api/v1/deliverables", {
      as: "service:scheduler",
      headers: { "idempotency-key": key },
      body: {
        goal_instance_id: goal,
        hired_instance_id: world.goals.get(goal)?.hired_instance_id ?? "HAI-none",
        scheduled_time: slot,
      },
    })
  const drafted: Stage["drafted"] = async (goal, slot) => {
    const answer = await draft(goal, slot)
    assert.strictEqual(answer.status, 201, JSON.stringify(answer.json))
    return answer.json
  }
  const review: Stage["review"] = (id, decision, as = "customer:acme") =>
    call("POST", `/api/v1/deliverables/${id}/review`, { as, body: { decision } })
  const get: Stage["get"] = (id, as = "customer:acme") => call("GET", `/api/v1/deliverables/${id}`, { as })
  return {
    draft,
    drafted,
    review,
    get,
    approved: async (name: string, settings: object = {}) => {
      world.goal(`GOI-${name}`, world.hire(`HAI-${name}`, { settings: settings as never }))
      const { deliverable_id: id, payload } = await drafted(`GOI-${name}`)
      const { json } = await review(id, "approved")
      return { id, approval_id: json.approval_id, payload }
    },
    execute: (id: string, body: unknown = {}, key = newKey(), signal: AbortSignal | undefined = undefined) =>
      call("POST", `/api/v1/deliverables/${id}/execute`, {
        as: "customer:acme",
        body,
        headers: { "idempotency-key": key },
        ...(signal === undefined ? {} : { signal }),
      }),
    executed: (id: string) =>
      until(async () => {
        const { json } = await get(id)
        return json.execution_status === "executed" && json
      }),
    journalOf: (id: string) =>
      (files["journal.jsonl"] ?? "").split("\n").filter((line) => line.includes(id)).map((line) => JSON.parse(line)),
  }
}

/** Starts deliverables on a new database; `end` stops all replicas and drops it. */
export const startStage = async (options: StageOptions = {}) => {
  const world = new World()
  const database = await withDatabase("deliverables")
  const owner = connect(database.ownerUrl)
  const ends: Array<() => Promise<void>> = [database.release, owner.end]
  const env: Record<string, string> = {
    DELIVERABLES_DATABASE_URL: database.url,
    STINT_JOURNAL: "journal.jsonl",
    STINT_SECRETS: "secrets.json",
    STINT_WEBHOOK_HOSTS: "127.0.0.1",
    ...options.env,
  }
  const retries = { after: options.retryAfter ?? 50 }
  const retry = Layer.succeed(
    DeliveryRetry,
    Schedule.modifyDelay(Schedule.forever, () => Effect.sync(() => Duration.millis(retries.after))),
  )
  const files: Record<string, string> = {}
  const replica: Stage["replica"] = async (own = files) => {
    Object.assign(own, { "secrets.json": secrets, ...options.files })
    const app = appWith(world.layer).pipe(Layer.provide(retry), Layer.provide(options.layers ?? Layer.empty))
    const service = await startService(app, env, own)
    ends.push(service.dispose)
    await ready(service)
    return service
  }
  const service = await replica()
  // the first rebuild of the projection looks goals up: after it, lookups are of requests or of changes of a test
  await until(async () => (await owner.sql("select 1 from feed_cursor")).length === 1)
  const stage: Stage = {
    world,
    files,
    service,
    url: database.url,
    retries,
    replica,
    sql: owner.sql,
    call: service.call,
    ...actionsOf(service.call, world, files),
  }
  return {
    stage,
    end: async () => {
      for (const end of ends.reverse()) await end()
    },
  }
}

/** A suite of tests that share a service and its database; each uses ids of its own. */
export const onStage = (name: string, suite: (stage: () => Stage) => void, options: StageOptions = {}) =>
  describe(name, () => {
    let started: Awaited<ReturnType<typeof startStage>>
    beforeAll(async () => {
      started = await startStage(options)
    })
    afterAll(() => started.end())
    suite(() => started.stage)
  })

/** A test with a service and a database of its own. */
export const withStage = async (test: (stage: Stage) => Promise<void>, options: StageOptions = {}) => {
  const { end, stage } = await startStage(options)
  try {
    await test(stage)
  } finally {
    await end()
  }
}
