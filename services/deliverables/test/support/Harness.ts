/** Deliverables behind their fetch handler, with a hiring and a catalog that a test plays. */
import { AgentTypeDefinition, definitionId } from "@stint/domain/Definition"
import { Change, type LookedUpHire } from "@stint/domain/Feed"
import { Goal } from "@stint/domain/Goals"
import { AgentTypeId, CustomerId, GoalInstanceId, HiredInstanceId, SubscriptionId } from "@stint/domain/Ids"
import { Unavailable } from "@stint/domain/Problem"
import type { JsonObject } from "@stint/domain/Protocol"
import { shippedDefinitions } from "@stint/domain/Shipped"
import { CursorGone } from "@stint/edge/Follower"
import { afterAll, beforeAll, describe } from "@effect/vitest"
import { DateTime, Effect, Layer, Option, Schedule, Schema } from "effect"
import postgres from "./Sql.ts"
import { withDatabase } from "../../../../tests/support/Database.ts"
import { type Answer, ready, startService, type TestService } from "../../../../tests/support/Service.ts"
import { AppNoClients } from "../../src/App.ts"
import { Catalog, Hiring } from "../../src/Clients.ts"
import { DeliveryRetry } from "../../src/Execution/Attempts.ts"

const marketingConfig = {
  nickname: "Asha",
  theme: "dark",
  primary_language: "en",
  timezone: "Asia/Kolkata",
  brand_name: "Sunrise Dental",
  offerings_services: ["root canal care"],
  location: "Pune",
  platforms_enabled: ["x", "linkedin"],
  platform_credentials: { x: "CRED-1", linkedin: "CRED-2" },
}
const tradingConfig = {
  nickname: "Night desk",
  theme: "dark",
  timezone: "Asia/Kolkata",
  exchange_provider: "delta_exchange_india",
  credential_ref: "CRED-3",
  allowed_coins: ["BTC"],
  default_coin: "BTC",
  risk_limits: { max_units_per_order: 2 },
}

/** What hiring and the catalog know, and what they were asked; a test changes it as it goes. */
export class World {
  readonly hires = new Map<string, LookedUpHire>()
  readonly goals = new Map<string, Goal>()
  readonly definitions = new Map(shippedDefinitions.map((d) => [definitionId(d), d]))
  readonly changes: Array<Change> = []
  /** The first change that the feed still keeps. */
  keptFrom = 0
  hiringAway = false
  catalogAway = false
  lookups = 0
  definitionsAsked = 0
  #waiting: Array<() => void> = []

  hire(id: string, given: Partial<LookedUpHire> = {}): string {
    this.hires.set(id, {
      hired_instance_id: HiredInstanceId.make(id),
      subscription_id: SubscriptionId.make(`SUB-${id}`),
      customer_id: CustomerId.make("acme"),
      agent_id: AgentTypeId.make("marketing.healthcare.v1"),
      definition_version: "1.0.0",
      config: marketingConfig,
      settings: {},
      runnable: true,
      reason: null,
      subscription_status: "active",
      gone: false,
      ...given,
    })
    return id
  }

  trader(id: string, given: Partial<LookedUpHire> = {}): string {
    return this.hire(id, { agent_id: AgentTypeId.make("trading.delta_futures.v1"), config: tradingConfig, ...given })
  }

  goal(id: string, hire: string, template = "marketing.daily_micro_post.v1", settings: JsonObject = {}): string {
    const at = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
    this.goals.set(
      id,
      Goal.make({
        goal_instance_id: GoalInstanceId.make(id),
        hired_instance_id: HiredInstanceId.make(hire),
        goal_template_id: template,
        frequency: "daily",
        settings,
        enabled: true,
        created_at: at,
        updated_at: at,
      }),
    )
    return id
  }

  /** Deletes a goal as hiring does: it is not found any more, and the feed says so. */
  deleteGoal(id: string) {
    const goal = this.goals.get(id)!
    this.goals.delete(id)
    this.changes.push(
      Schema.decodeUnknownSync(Change)({
        type: "goal",
        goal_instance_id: id,
        hired_instance_id: goal.hired_instance_id,
        version: 2,
        changed_at: "2026-01-02T00:00:00.000Z",
        deleted: true,
        enabled: true,
        frequency: "daily",
        schedule: {},
        default_at: null,
      }),
    )
    this.wake()
  }

  wake() {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  publish(definition: unknown): AgentTypeDefinition {
    const decoded = Schema.decodeUnknownSync(AgentTypeDefinition)(definition)
    this.definitions.set(definitionId(decoded), decoded)
    return decoded
  }

  get layer() {
    const away = () => Effect.fail(new Unavailable({ detail: "away" }))
    const hiring = Hiring.of({
      lookup: ({ goal_instance_ids = [], hired_instance_ids = [] }) =>
        Effect.suspend(() => {
          this.lookups++
          if (this.hiringAway) return away()
          const goals = goal_instance_ids.flatMap((id) => this.goals.get(id) ?? [])
          const hireIds = new Set([...goals.map((goal) => goal.hired_instance_id), ...hired_instance_ids])
          return Effect.succeed({ goals, hires: [...hireIds].flatMap((id) => this.hires.get(id) ?? []) })
        }),
      changes: (after) =>
        Effect.gen({ self: this }, function* () {
          if (this.hiringAway) return yield* away()
          if (Number(after) < this.keptFrom) return yield* new CursorGone()
          if (Number(after) >= this.changes.length) {
            yield* Effect.callback<void>((resume) => void this.#waiting.push(() => resume(Effect.void)))
          }
          return { items: this.changes.slice(Number(after)), cursor: String(this.changes.length) }
        }),
      feedCursor: Effect.sync(() => String(this.changes.length)),
    })
    const catalog = Catalog.of({
      definition: (type, version) =>
        Effect.suspend(() => {
          this.definitionsAsked++
          if (this.catalogAway) return away()
          return Effect.succeed(Option.fromUndefinedOr(this.definitions.get(`${type}@${version}`)))
        }),
    })
    return Layer.merge(Layer.succeed(Hiring, hiring), Layer.succeed(Catalog, catalog))
  }
}

/** A running service with its world. */
export interface Stage {
  readonly mode: "memory" | "postgres"
  readonly world: World
  /** What it appended, by the file's name, and the files that it reads. */
  readonly files: Record<string, string>
  readonly service: TestService
  /** The database, as the service's own role; only on Postgres. */
  readonly url: string | undefined
  /** A second replica on the same storage; only on Postgres. */
  replica(): Promise<TestService>
  /** Runs a statement as the owner of the schema; only on Postgres. */
  sql(text: string, values?: ReadonlyArray<unknown>): Promise<ReadonlyArray<Record<string, unknown>>>
  call: TestService["call"]
  /** Asks for the draft of one run, as the scheduler does. */
  draft(goal: string, slot?: string, key?: string): Promise<Answer>
  /** As `draft`, for what became of it. */
  drafted(goal: string, slot?: string): Promise<Answer["json"]>
  review(id: string, decision: string, as?: `customer:${string}`): Promise<Answer>
  execute(id: string, body?: unknown, key?: string, signal?: AbortSignal): Promise<Answer>
}

/** What tests need of a service that differs from production: how soon a delivery is tried again, in milliseconds. */
export interface StageOptions {
  readonly env?: Record<string, string>
  readonly retryAfter?: number
}

let keys = 0
/** A key that no other request has. */
export const newKey = () => `test-${++keys}`

/** Starts deliverables in one mode; `end` gives everything back. */
export const startStage = async (mode: Stage["mode"], options: StageOptions = {}) => {
  const world = new World()
  const files: Record<string, string> = {
    "secrets.json": JSON.stringify({ hook: "a-webhook-secret", std: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }),
  }
  const env: Record<string, string> = {
    DELIVERABLE_PERSISTENCE_MODE: mode === "memory" ? "memory" : "db",
    STINT_JOURNAL: "journal.jsonl",
    STINT_SECRETS: "secrets.json",
    STINT_WEBHOOK_HOSTS: "127.0.0.1",
    ...options.env,
  }
  const ends: Array<() => Promise<void>> = []
  let owner: ReturnType<typeof postgres> | undefined
  if (mode === "postgres") {
    const database = await withDatabase("deliverables")
    env.DELIVERABLES_DATABASE_URL = database.url
    owner = postgres(database.ownerUrl)
    ends.push(database.release, owner.end)
  }
  const retry = Layer.succeed(DeliveryRetry, Schedule.spaced(`${options.retryAfter ?? 50} millis`))
  const start = async () => {
    const service = await startService(AppNoClients.pipe(Layer.provide([world.layer, retry])), env, files)
    ends.push(service.dispose)
    await ready(service)
    return service
  }
  const service = await start()
  const { call } = service
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
  const stage: Stage = {
    mode,
    world,
    files,
    service,
    url: env.DELIVERABLES_DATABASE_URL,
    replica: start,
    sql: (text, values) => owner!.query(text, values),
    call,
    draft,
    drafted: async (goal, slot) => {
      const answer = await draft(goal, slot)
      if (answer.status !== 201) throw new Error(JSON.stringify(answer.json))
      return answer.json
    },
    review: (id, decision, as = "customer:acme") =>
      call("POST", `/api/v1/deliverables/${id}/review`, { as, body: { decision } }),
    execute: (id, body = {}, key = newKey(), signal = undefined) =>
      call("POST", `/api/v1/deliverables/${id}/execute`, {
        as: "customer:acme",
        body,
        headers: { "idempotency-key": key },
        ...(signal === undefined ? {} : { signal }),
      }),
  }
  return {
    stage,
    end: async () => {
      for (const end of ends.reverse()) await end()
    },
  }
}

/** One suite, on both storages. */
export const onBoth = (name: string, suite: (stage: () => Stage) => void, options: StageOptions = {}) => {
  for (const mode of ["memory", "postgres"] as const) {
    describe(`${name}, ${mode}`, () => {
      let started: Awaited<ReturnType<typeof startStage>>
      beforeAll(async () => {
        started = await startStage(mode, options)
      })
      afterAll(() => started.end())
      suite(() => started.stage)
    })
  }
}

/** Waits until it holds, at most 5 seconds. */
export const until = async <A>(what: () => Promise<A | undefined | false> | A | undefined | false): Promise<A> => {
  for (const end = Date.now() + 5_000; Date.now() < end;) {
    const found = await what()
    if (found !== undefined && found !== false) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`did not come true: ${what}`)
}
