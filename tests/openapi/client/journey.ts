/**
 * A customer's way through the API, by clients that are generated from the OpenAPI documents: never run, only type-checked.
 * What the contract takes must be taken here, and what it refuses must not.
 */
import createClient from "openapi-fetch"
import type { components as Hiring, paths as HiringPaths } from "./generated/hiring.ts"
import type { paths as CatalogPaths } from "./generated/catalog.ts"
import type { paths as DeliverablesPaths } from "./generated/deliverables.ts"
import type { paths as SchedulerPaths } from "./generated/scheduler.ts"

const headers = { authorization: "Bearer token" }
const catalog = createClient<CatalogPaths>({ baseUrl: "http://127.0.0.1:4101", headers })
const hiring = createClient<HiringPaths>({ baseUrl: "http://127.0.0.1:4102", headers })
const deliverables = createClient<DeliverablesPaths>({ baseUrl: "http://127.0.0.1:4103", headers })
const scheduler = createClient<SchedulerPaths>({ baseUrl: "http://127.0.0.1:4104", headers })

type GoalBody = HiringPaths["/api/v1/hired-agents/{id}/goals"]["put"]["requestBody"]["content"]["application/json"]

/** A goal of every template that ships, of both agent types. */
const goals: Readonly<Record<string, GoalBody>> = {
  weekly: {
    goal_template_id: "marketing.weekly_multichannel_batch.v1",
    frequency: "weekly",
    settings: { topics: ["hygiene", "implants"], posts_per_platform: 2, schedule: { weekday: "tuesday", at: "08:30" } },
  },
  daily: {
    goal_template_id: "marketing.daily_micro_post.v1",
    frequency: "daily",
    settings: { topic: "Brushing", schedule: { missed: "latest", overlap: "skip", spread_seconds: 600 } },
  },
  monthly: {
    goal_template_id: "marketing.monthly_campaign_pack.v1",
    frequency: "monthly",
    settings: { theme: "Summer", schedule: { day_of_month: 31 } },
    enabled: false,
  },
  intent: {
    goal_template_id: "trading.trade_intent_draft.v1",
    frequency: "on_demand",
    settings: { coin: "BTC", side: "buy", units: 2 },
  },
  reminder: {
    goal_template_id: "trading.close_position_reminder.v1",
    frequency: "cron",
    settings: { window_local_time: "15:00", schedule: { cron: "0 9 * * 1-5", timezone: "Asia/Kolkata" } },
  },
  report: { goal_template_id: "trading.guardrail_report.v1", frequency: "daily", settings: {} },
}

/** What the contract refuses, a generated client refuses too: its types are no `any`. */
// @ts-expect-error there is no such frequency
const hourly: GoalBody = { goal_template_id: "trading.guardrail_report.v1", frequency: "hourly", settings: {} }
// @ts-expect-error the template is missing
const nameless: GoalBody = { frequency: "daily", settings: {} }
// @ts-expect-error settings are an object
const flat: GoalBody = { goal_template_id: "trading.guardrail_report.v1", frequency: "daily", settings: "none" }

const draftOf = (config: Hiring["schemas"]["HireEncoded"]["config"], agent_id: string, subscription_id: string) =>
  hiring.PUT("/api/v1/hired-agents/draft", {
    body: { subscription_id, agent_id, config, settings: { execution: { target: "journal" } } },
  })

const configs = {
  "marketing.healthcare.v1": {
    nickname: "Mia",
    platforms_enabled: ["instagram", "x"],
    platform_credentials: { instagram: "cred-1", x: "cred-2" },
  },
  "trading.delta_futures.v1": { nickname: "Tara", allowed_coins: ["BTC"], risk_limits: { max_units_per_order: 5 } },
}

/** From the catalog to the executed deliverable. */
export const journey = async (customer_id: string): Promise<string> => {
  const types = await catalog.GET("/api/v1/agent-types", { params: { query: { limit: 10 } } })
  // @ts-expect-error a limit is a number
  await catalog.GET("/api/v1/agent-types", { params: { query: { limit: "ten" } } })
  const first: string | undefined = types.data?.items[0]?.id
  const made = await hiring.POST("/api/v1/subscriptions", {
    body: { agent_id: "trading.delta_futures.v1", customer_id, duration: "monthly" },
  })
  if (made.data === undefined) throw new Error(`${made.error.code}: ${made.error.title}, ${first}`)
  const { subscription_id } = made.data
  for (const [agent_id, config] of Object.entries(configs)) await draftOf(config, agent_id, subscription_id)
  const hired = await hiring.GET("/api/v1/subscriptions/{id}/hired-agent", {
    params: { path: { id: subscription_id } },
  })
  if (hired.data === undefined) throw new Error(hired.error.title)
  const path = { id: hired.data.hired_instance_id }
  await hiring.POST("/api/v1/hired-agents/{id}/finalize", { params: { path }, body: {} })
  for (const body of Object.values(goals)) {
    await hiring.PUT("/api/v1/hired-agents/{id}/goals", { params: { path }, body })
  }
  const list = await hiring.GET("/api/v1/hired-agents/{id}/goals", { params: { path, query: { limit: 200 } } })
  const goal = list.data?.items.find(({ frequency }) => frequency === "on_demand")
  const units: unknown = goal?.settings.units
  if (goal === undefined || units !== 2) throw new Error("the goal is not there")
  await hiring.POST("/api/v1/hired-agents/{id}/goals/{goal}/run", {
    params: { path: { ...path, goal: goal.goal_instance_id } },
    body: {},
  })
  const runs = await scheduler.GET("/api/v1/scheduler/runs", {
    params: { query: { goal_instance_id: goal.goal_instance_id, status: "completed", limit: 1 } },
  })
  const id = runs.data?.items[0]?.deliverable_id
  if (id === undefined || id === null) throw new Error("there is no draft yet")
  const reviewed = await deliverables.POST("/api/v1/deliverables/{id}/review", {
    params: { path: { id } },
    body: { decision: "approved", notes: "go" },
  })
  if (reviewed.data === undefined) throw new Error(reviewed.error.code)
  const { payload } = reviewed.data
  if (payload.type === "trading_intent_plan_v1" && payload.validation_errors.length > 0) throw new Error(payload.coin)
  const executed = await deliverables.POST("/api/v1/deliverables/{id}/execute", {
    params: { path: { id }, header: { "idempotency-key": crypto.randomUUID() } },
    body: { approval_id: reviewed.data.approval_id! },
  })
  return executed.data?.execution_status ?? [hourly, nameless, flat].join()
}
