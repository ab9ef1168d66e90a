/** A customer's way through hiring, as tests need it again and again. */
import type { Answer, Send } from "./Service.ts"

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

const ok = (answer: Answer, what: string) => {
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
  const subscription = ok(
    await call("POST", "/api/v1/subscriptions", { as, body: { agent_id, customer_id: customer, duration: "monthly" } }),
    "subscribe",
  )
  ok(
    await call("POST", `/api/v1/subscriptions/${subscription.subscription_id}/activate`, { as: "operator:olga" }),
    "activate",
  )
  const hire = ok(
    await call("PUT", "/api/v1/hired-agents/draft", {
      as,
      body: { subscription_id: subscription.subscription_id, agent_id, config, settings },
    }),
    "draft",
  )
  return ok(await call("POST", `/api/v1/hired-agents/${hire.hired_instance_id}/finalize`, { as }), "finalize")
}

/** Sets a goal; the goal. */
export const setGoal = async (call: CallHiring, customer: string, hire: string, body: Record<string, unknown>) =>
  ok(await call("PUT", `/api/v1/hired-agents/${hire}/goals`, { as: `customer:${customer}`, body }), "goal")
