/** Hiring behind its fetch handler, on either storage, with a catalog and a scheduler that the test holds in its hand. */
import { PgClient } from "@effect/sql-pg"
import { AgentType } from "@stint/domain/catalog/AgentTypes"
import { type AgentTypeDefinition, compareVersions, definitionId } from "@stint/domain/Definition"
import { Unavailable } from "@stint/domain/Problem"
import { shippedDefinitions } from "@stint/domain/Shipped"
import { AgentTypeUnknown } from "@stint/domain/hiring/Subscriptions"
import { Clock, DateTime, Effect, Layer, Redacted } from "effect"
import { withDatabase } from "../../../tests/support/Database.ts"
import { type Answer, ready, type Send, startService, type TestService } from "../../../tests/support/Service.ts"
import { AppNoNeighbours } from "../src/App.ts"
import { Catalog, Scheduler } from "../src/Clients.ts"

/** The storages that every suite runs on. */
export const modes = ["memory", "postgres"] as const
export type Mode = typeof modes[number]

/** Hiring under test. */
export interface Hiring extends TestService {
  /** What the catalog has; a test may add to it. */
  readonly definitions: Array<AgentTypeDefinition>
  /** What its neighbours do now. */
  readonly neighbours: { catalogAnswers: boolean; scheduler: "running" | "paused" | "unknown" }
  /** The database of the Postgres mode, as the service's own role. */
  readonly databaseUrl: string | undefined
  /** The same as its owner, who may do what the service may not. */
  readonly ownerUrl: string | undefined
  end(): Promise<void>
}

const at = DateTime.makeUnsafe(0)

/** Starts hiring on a storage of its own; with a clock, that is its time, which a database's is not. */
export const startHiring = async (
  mode: Mode,
  env: Record<string, string> = {},
  clock?: Clock.Clock,
): Promise<Hiring> => {
  const definitions = [...shippedDefinitions]
  const neighbours: Hiring["neighbours"] = { catalogAnswers: true, scheduler: "running" }
  const find = (agent_id: string, version?: string) =>
    Effect.gen(function* () {
      if (!neighbours.catalogAnswers) return yield* new Unavailable({ detail: "away" })
      const found = definitions.filter((d) =>
        d.agent_type_id === agent_id && (version === undefined || d.version === version)
      ).sort((a, b) => compareVersions(b.version, a.version))[0]
      if (found === undefined) {
        return yield* new AgentTypeUnknown({ detail: agent_id })
      }
      return AgentType.make({ id: definitionId(found), ...found, created_at: at, updated_at: at })
    })
  const fakes = Layer.mergeAll(
    Layer.succeed(Catalog, Catalog.of({ latest: (id) => find(id), version: find })),
    Layer.succeed(Scheduler, Scheduler.of({ status: () => Effect.sync(() => neighbours.scheduler) })),
  )
  const database = mode === "postgres" ? await withDatabase("hiring") : undefined
  const time = clock === undefined ? Layer.empty : Layer.succeed(Clock.Clock, clock)
  const service = await startService(AppNoNeighbours.pipe(Layer.provide(fakes), Layer.provide(time)), {
    STINT_WEBHOOK_HOSTS: "hooks.example.com, 127.0.0.1:4999",
    ...database === undefined ? { PERSISTENCE_MODE: "memory" } : { HIRING_DATABASE_URL: database.url },
    ...env,
  })
  await ready(service)
  return {
    ...service,
    definitions,
    neighbours,
    databaseUrl: database?.url,
    ownerUrl: database?.ownerUrl,
    end: async () => {
      await service.dispose()
      await database?.release()
    },
  }
}

/** Runs SQL on the service's database, beside the service. */
export const withSql = <A>(
  hiring: Hiring,
  use: (sql: PgClient.PgClient) => Effect.Effect<A, unknown>,
  as: "service" | "owner" = "service",
): Promise<A> =>
  Effect.runPromise(
    Effect.flatMap(PgClient.PgClient, use).pipe(
      Effect.provide(
        PgClient.layer({
          url: Redacted.make(as === "owner" ? hiring.ownerUrl! : hiring.databaseUrl!),
          maxConnections: 3,
        }),
      ),
    ),
  )

export const base = "/api/v1"
export const marketing = "marketing.healthcare.v1"
export const trading = "trading.delta_futures.v1"
export const dailyPost = "marketing.daily_micro_post.v1"
export const reminder = "trading.close_position_reminder.v1"
export const operator = { as: "operator:olga" } as const
export const scheduler = { as: "service:scheduler" } as const

/** A config under which the marketing agent is configured. */
export const marketingConfig = {
  nickname: "Asha",
  theme: "dark",
  primary_language: "en",
  timezone: "Asia/Kolkata",
  brand_name: "Mehta Clinic",
  offerings_services: ["Dermatology"],
  location: "Pune",
  platforms_enabled: ["instagram", "linkedin"],
  platform_credentials: { instagram: "cred-1", linkedin: "cred-2" },
}

/** A config under which the trading agent is configured. */
export const tradingConfig = {
  nickname: "Night desk",
  theme: "default",
  timezone: "Asia/Kolkata",
  exchange_provider: "delta_exchange_india",
  credential_ref: "cred-9",
  allowed_coins: ["BTC"],
  default_coin: "btc",
  risk_limits: { max_units_per_order: 5 },
}

let customers = 0

/** A customer of its own, and what it does on the way to a goal; each step returns the whole answer. */
export const customerOf = (hiring: Hiring, name = `customer-${++customers}`) => {
  const as = `customer:${name}` as const
  const call = (method: string, path: string, body?: unknown, send: Send = {}): Promise<Answer> =>
    hiring.call(method, `${base}${path}`, { as, ...body === undefined ? {} : { body }, ...send })
  const subscribe = (agent_id = marketing, duration = "monthly") =>
    call("POST", "/subscriptions", { agent_id, customer_id: name, duration })
  const activate = (id: string) => hiring.call("POST", `${base}/subscriptions/${id}/activate`, operator)
  /** An active subscription's id. */
  const subscribed = async (agent_id = marketing): Promise<string> => {
    const { json } = await subscribe(agent_id)
    await activate(json.subscription_id)
    return json.subscription_id
  }
  const draft = (subscription_id: string, more: Record<string, unknown> = {}, agent_id = marketing) =>
    call("PUT", "/hired-agents/draft", { subscription_id, agent_id, ...more })
  /** A finalized marketing hire. */
  const hired = async () => {
    const subscription_id = await subscribed()
    const { json } = await draft(subscription_id, { config: marketingConfig })
    await call("POST", `/hired-agents/${json.hired_instance_id}/finalize`, {})
    return { subscription_id, hired_instance_id: json.hired_instance_id as string }
  }
  const putGoal = (hire: string, more: Record<string, unknown> = {}, send: Send = {}) =>
    call(
      "PUT",
      `/hired-agents/${hire}/goals`,
      { goal_template_id: dailyPost, frequency: "daily", settings: { topic: "Sleep" }, ...more },
      send,
    )
  return { name, as, call, subscribe, activate, subscribed, draft, hired, putGoal }
}

/** All that the feed tells after a cursor. */
export const follow = async (hiring: Hiring, after = "0.0") => {
  // deno-lint-ignore no-explicit-any
  const items: Array<any> = []
  for (let cursor = after;;) {
    const { json } = await hiring.call("GET", `${base}/goal-changes?after=${cursor}`, scheduler)
    items.push(...json.items)
    if (json.items.length === 0) return { items, cursor: json.cursor as string }
    cursor = json.cursor
  }
}
