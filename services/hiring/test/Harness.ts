/** Hiring on a database of its own, behind its fetch handler, with a catalog and a scheduler that the test controls. */
import { PgClient } from "@effect/sql-pg"
import { AgentType } from "@stint/domain/catalog/AgentTypes"
import { type AgentTypeDefinition, compareVersions, definitionId } from "@stint/domain/Definition"
import { Unavailable } from "@stint/domain/Problem"
import { shippedDefinitions } from "@stint/domain/Shipped"
import { AgentTypeUnknown } from "@stint/domain/hiring/Subscriptions"
import { DateTime, Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { withDatabase } from "../../../tests/support/Database.ts"
import { type Answer, ready, type Send, startService, type TestService } from "../../../tests/support/Service.ts"
import { until } from "../../../tests/support/Until.ts"
import { appWith } from "../src/App.ts"
import { Catalog, Scheduler } from "../src/Clients.ts"

/** Runs SQL on the service's database, beside the service. */
type WithSql = <A>(use: (sql: PgClient.PgClient) => Effect.Effect<A, unknown>) => Promise<A>

/** Hiring under test. */
export interface Hiring extends TestService {
  /** What the catalog has; a test may add an agent type of its own. */
  readonly definitions: Array<AgentTypeDefinition>
  /** What its neighbours do now. */
  readonly neighbours: { catalogAnswers: boolean; scheduler: "running" | "paused" | "unknown" }
  /** Its files, by name: a test may write the secrets of its customers into `secrets.json`. */
  readonly files: Record<string, string>
  /** Its database, as the service's own role. */
  readonly databaseUrl: string
  /** SQL as the service's own role. */
  readonly sql: WithSql
  /** SQL as the schema's owner, who may do what the service may not. */
  readonly ownerSql: WithSql
  /** Another replica on the same database, with the same neighbours, once it is ready. */
  replica(): Promise<TestService>
  end(): Promise<void>
}

const at = DateTime.makeUnsafe(0)

const sqlOn = (url: string) => {
  const runtime = ManagedRuntime.make(PgClient.layer({ url: Redacted.make(url), maxConnections: 3 }))
  const use: WithSql = (use) => runtime.runPromise(Effect.flatMap(PgClient.PgClient, use))
  return { use, end: () => runtime.dispose() }
}

/** Starts hiring, with more settings if need be, and waits until it is ready. */
export const startHiring = async (env: Record<string, string> = {}): Promise<Hiring> => {
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
    Layer.succeed(
      Catalog,
      Catalog.of({ latest: (id) => find(id), known: (id) => Effect.asVoid(find(id)), version: find }),
    ),
    Layer.succeed(Scheduler, Scheduler.of({ status: () => Effect.sync(() => neighbours.scheduler) })),
  )
  const database = await withDatabase("hiring")
  const files: Record<string, string> = { "secrets.json": "{}" }
  const start = async () => {
    const service = await startService(appWith(fakes), {
      STINT_WEBHOOK_HOSTS: "hooks.example.com, 127.0.0.1:4999, shop=hooks.shop.example:443",
      STINT_SECRETS: "secrets.json",
      HIRING_DATABASE_URL: database.url,
      ...env,
    }, files)
    await ready(service)
    return service
  }
  const [service, sql, ownerSql] = [await start(), sqlOn(database.url), sqlOn(database.ownerUrl)]
  return {
    ...service,
    definitions,
    neighbours,
    files,
    databaseUrl: database.url,
    sql: sql.use,
    ownerSql: ownerSql.use,
    replica: start,
    end: async () => {
      await Promise.all([service.dispose(), sql.end(), ownerSql.end()])
      await database.release()
    },
  }
}

/** Reads until it holds, and returns what it read then; fails with what it read last. */
export const eventually = async <A>(what: string, read: () => Promise<A>, holds: (read: A) => boolean): Promise<A> => {
  let found: A | undefined
  await until(what, async () => holds(found = await read()), () => JSON.stringify(found))
  return found as A
}

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

/** A customer of its own, and its calls on the way to a goal; each returns the whole answer. */
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
  /** A finalized hire, of the marketing agent or one with its fields. */
  const hired = async (agent_id = marketing) => {
    const subscription_id = await subscribed(agent_id)
    const { json } = await draft(subscription_id, { config: marketingConfig }, agent_id)
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

/** Leaves an Idempotency-Key as a process does that was killed after the commit, before the reply was kept. */
export const loseReply = (hiring: Hiring, key: string) =>
  hiring.sql((sql) =>
    sql`
      update idempotency_keys set reply_status = null, reply_body = null, reply_location = null,
        locked_until = now() - interval '1 second'
      where key = ${key}`
  )

// deno-lint-ignore no-explicit-any
type AnyChange = any

const isMark = ({ customer_id }: AnyChange) => customer_id === "mark"

/** Follows the feed page by page until the mark; no mark is in what it returns. */
export const followUntil = async (hiring: Hiring, after: string, marked: string, limit = 500) => {
  const items: Array<AnyChange> = []
  for (let cursor = after;;) {
    const query = `after=${cursor}&limit=${limit}&wait_ms=10000`
    const { json, status } = await hiring.call("GET", `${base}/goal-changes?${query}`, scheduler)
    if (status !== 200 || json.items.length > limit) throw new Error(`${status} ${JSON.stringify(json)}`)
    cursor = json.cursor
    items.push(...json.items)
    if (json.items.some((one: AnyChange) => one.subscription_id === marked)) {
      return { items: items.filter((one) => !isMark(one)), cursor }
    }
  }
}

let marks = 0

/** Puts a mark into the feed: a change of no subscription that there is. */
export const mark = async (hiring: Hiring, subscription_id = `SUB-mark-${++marks}`): Promise<string> => {
  const change = { type: "subscription", subscription_id, customer_id: "mark", status: "active", version: 1 }
  await hiring.sql((sql) => sql`insert into hiring_outbox (kind, payload) values ('subscription', ${sql.json(change)})`)
  return subscription_id
}

/**
 * All changes after a cursor that are committed by now, in pages of at most `limit`. It waits for a mark that it writes
 * after them: an open transaction anywhere in the cluster, of another test say, can hold the last changes back.
 */
export const follow = async (hiring: Hiring, after: string, limit?: number) =>
  followUntil(hiring, after, await mark(hiring), limit)

/** A cursor after all changes that are committed by now. */
export const feedEnd = async (hiring: Hiring): Promise<string> => {
  const { json } = await hiring.call("GET", `${base}/goal-changes/snapshot?limit=1`, scheduler)
  return (await follow(hiring, json.feed_cursor)).cursor
}
