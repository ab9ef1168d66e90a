/** The hiring and the catalog of a test: what they know, the requests they got, and whether they answer. */
import { AgentTypeDefinition, definitionId } from "@stint/domain/Definition"
import { Change, type LookedUpGoal, type LookedUpHire, revisionOf } from "@stint/domain/hiring/Feed"
import { Goal } from "@stint/domain/hiring/Goals"
import { AgentTypeId, CustomerId, GoalInstanceId, HiredInstanceId, SubscriptionId } from "@stint/domain/Ids"
import { Unavailable } from "@stint/domain/Problem"
import type { JsonObject } from "@stint/domain/Protocol"
import type { RunCounts } from "@stint/domain/RunCounts"
import { shippedDefinitions } from "@stint/domain/Shipped"
import { CursorGone } from "@stint/edge/Follower"
import { DateTime, Effect, Layer, Option, Schema } from "effect"
import { Catalog, Hiring, Scheduler } from "../../src/Clients.ts"

/** A config of the marketing agent that is complete. */
export const marketingConfig = {
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

/** What hiring and the catalog know, and the requests they got. */
export class World {
  readonly hires = new Map<string, LookedUpHire>()
  readonly goals = new Map<string, LookedUpGoal>()
  /** The customer that began a trial, or null, by trial id. */
  readonly trials = new Map<string, string | null>()
  readonly definitions = new Map(shippedDefinitions.map((d) => [definitionId(d), d]))
  /** The feed: a cursor is an index in it, a negative one is older than what it keeps. */
  readonly changes: Array<Change> = []
  hiringAway = false
  /** The goals whose lookup fails, each alone, though hiring is there. */
  readonly failing = new Set<string>()
  catalogAway = false
  schedulerAway = false
  /** From when on the scheduler knows runs, and how it counts them. */
  runsSince = DateTime.makeUnsafe(0)
  outcomes: (
    whose: { readonly hired_instance_id?: string; readonly customer_id?: string },
    from: DateTime.Utc,
    to: DateTime.Utc,
  ) => RunCounts = () => ({ pending: 0, running: 0, retrying: 0, completed: 0, cancelled: 0, dead_lettered: 0 })
  /** The ids of each lookup. */
  readonly lookups: Array<ReadonlySet<string>> = []
  /** The trials that were requested. */
  readonly trialRequests: Array<string> = []
  /** The definitions that were requested, as type@version. */
  readonly definitionRequests: Array<string> = []
  #waiting: Array<() => void> = []

  /** How many lookups were for this goal or hire. */
  lookupsOf(id: string): number {
    return this.lookups.filter((ids) => ids.has(id)).length
  }

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

  /** Writes a goal as a version of an instant; its revision. */
  goalAt(id: string, hire: string, version: number, at: string, settings: JsonObject = {}): string {
    this.goal(id, hire, "marketing.daily_micro_post.v1", settings)
    const updated_at = DateTime.makeUnsafe(at)
    this.goals.set(id, { ...this.goals.get(id)!, version, updated_at })
    return revisionOf(version, updated_at)
  }

  /** The same of a hire. */
  hireAt(id: string, version: number, at: string, given: Partial<LookedUpHire> = {}): string {
    const changed_at = DateTime.makeUnsafe(at)
    this.hire(id, { ...given, version, changed_at })
    return revisionOf(version, changed_at)
  }

  /** Deletes a goal as hiring does: lookups no longer find it, and the feed has the change. */
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

  /** Deactivates a hire as hiring does: lookups say so, and the feed has the change. */
  deactivate(id: string) {
    const hire = this.hires.get(id)!
    this.hires.set(id, { ...hire, active: false, runnable: false, reason: "The hired agent is deactivated" })
    this.changes.push(
      Schema.decodeUnknownSync(Change)({
        type: "hire",
        hired_instance_id: id,
        customer_id: hire.customer_id,
        agent_id: hire.agent_id,
        subscription_id: hire.subscription_id,
        version: 2,
        changed_at: "2026-01-02T00:00:00.000Z",
        timezone: "UTC",
        runnable: false,
        reason: "The hired agent is deactivated",
      }),
    )
    this.wake()
  }

  /** Answers the long polls. */
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
          this.lookups.push(new Set<string>([...goal_instance_ids, ...hired_instance_ids]))
          if (this.hiringAway) return away()
          const goals = goal_instance_ids.flatMap((id) => this.goals.get(id) ?? [])
          const hireIds = new Set([...goals.map((goal) => goal.hired_instance_id), ...hired_instance_ids])
          const failed = goal_instance_ids.filter((id) => this.failing.has(id))
          return Effect.succeed({ goals, hires: [...hireIds].flatMap((id) => this.hires.get(id) ?? []), failed })
        }),
      trial: (id) =>
        Effect.suspend(() => {
          this.trialRequests.push(id)
          if (this.hiringAway) return away()
          const customer = this.trials.get(id)
          if (customer === undefined) return Effect.succeedNone
          return Effect.succeedSome({ customer_id: customer === null ? null : CustomerId.make(customer) })
        }),
      changes: (after) =>
        Effect.gen({ self: this }, function* () {
          if (this.hiringAway) return yield* away()
          if (Number(after) < 0) return yield* new CursorGone({ why: "said the test" })
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
          this.definitionRequests.push(`${type}@${version}`)
          if (this.catalogAway) return away()
          return Effect.succeed(Option.fromUndefinedOr(this.definitions.get(`${type}@${version}`)))
        }),
    })
    const scheduler = Scheduler.of({
      outcomes: (whose, from, to) =>
        Effect.suspend(() => {
          const since = DateTime.max(from, this.runsSince)
          return this.schedulerAway ? away() : Effect.succeed({ runs: this.outcomes(whose, from, to), since })
        }),
    })
    return Layer.mergeAll(
      Layer.succeed(Hiring, hiring),
      Layer.succeed(Catalog, catalog),
      Layer.succeed(Scheduler, scheduler),
    )
  }
}
