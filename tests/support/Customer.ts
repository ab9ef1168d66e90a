/** A customer's way through hiring, as tests need it again and again. */
import type { Answer, Send } from "./Service.ts"
import { patiently } from "./Until.ts"

/** Sends a request to hiring. */
export type CallHiring = (method: string, path: string, send?: Send) => Promise<Answer>

/** A config of each shipped type that is complete. */
export const configs = {
  "marketing.healthcare.v1": {
    nickname: "Mia",
    theme: "default",
    primary_language: "en",
    timezone: "Asia/Kolkata",
    brand_name: "Smile Dental",
    offerings_services: ["cleaning", "implants"],
    location: "Pune",
    platforms_enabled: ["instagram", "x"],
    platform_credentials: { instagram: "cred-1", x: "cred-2" },
  },
  "trading.delta_futures.v1": {
    nickname: "Tara",
    theme: "dark",
    timezone: "Asia/Kolkata",
    exchange_provider: "delta_exchange_india",
    credential_ref: "cred-3",
    allowed_coins: ["BTC", "ETH"],
    default_coin: "BTC",
    risk_limits: { max_units_per_order: 5 },
  },
} as const

const ok = async (what: string, ask: () => Promise<Answer>) => {
  const answer = await patiently(ask)
  if (answer.status >= 300) throw new Error(`${what}: ${answer.status} ${JSON.stringify(answer.json)}`)
  return answer.json
}

/** Subscribes, activates, hires, configures and finalizes; the hire. A type that does not ship needs its config. */
export const hireAgent = async (
  call: CallHiring,
  customer: string,
  agent_id: string,
  settings: Record<string, unknown> = {},
  config: Record<string, unknown> = configs[agent_id as keyof typeof configs],
) => {
  const as = `customer:${customer}` as const
  const { subscription_id } = await ok(
    "subscribe",
    () => call("POST", "/api/v1/subscriptions", { as, body: { agent_id, customer_id: customer, duration: "monthly" } }),
  )
  await ok(
    "activate",
    () => call("POST", `/api/v1/subscriptions/${subscription_id}/activate`, { as: "operator:olga" }),
  )
  const hire = await ok(
    "draft",
    () => call("PUT", "/api/v1/hired-agents/draft", { as, body: { subscription_id, agent_id, config, settings } }),
  )
  return await ok("finalize", () => call("POST", `/api/v1/hired-agents/${hire.hired_instance_id}/finalize`, { as }))
}

/** Sets a goal; the goal. */
export const setGoal = async (call: CallHiring, customer: string, hire: string, body: Record<string, unknown>) =>
  await ok("goal", () => call("PUT", `/api/v1/hired-agents/${hire}/goals`, { as: `customer:${customer}`, body }))
