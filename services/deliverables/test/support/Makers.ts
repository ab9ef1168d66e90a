/** Drafts made by the makers alone, and configs of the shipped agent types. */
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import type { JsonObject } from "@stint/domain/Protocol"
import { make } from "../../src/Makers.ts"

/** A day, in milliseconds. */
export const day = 86_400_000

/** A slot: 2025-11-17T09:40:00Z, in milliseconds since the epoch. */
export const slot = 1_763_372_400_000

/** The draft of a template with this config and these settings. */
export const draft = (
  definition: AgentTypeDefinition,
  goal_template_id: string,
  config: JsonObject,
  settings: JsonObject = {},
  at = slot,
) =>
  make({
    definition,
    hire: { hired_instance_id: HiredInstanceId.make("HAI-1"), config },
    goal: { goal_instance_id: GoalInstanceId.make("GOI-1"), goal_template_id, settings },
    slot: at,
  })

/** A config of the marketing agent. */
export const marketingConfig = {
  nickname: "Asha",
  theme: "dark",
  primary_language: "en",
  timezone: "Asia/Kolkata",
  brand_name: "Sunrise Clinic",
  offerings_services: ["dental check-ups", "root canal care"],
  location: "Pune",
  platforms_enabled: ["x", "instagram", "youtube"],
  platform_credentials: { x: "cred/x", instagram: "cred/ig", youtube: "cred/yt" },
}

/** A config of the trading agent. */
export const tradingConfig = {
  nickname: "Desk",
  theme: "light",
  timezone: "UTC",
  exchange_provider: "delta_exchange_india",
  credential_ref: "cred/delta",
  allowed_coins: ["eth ", "BTC", "btc"],
  default_coin: "BTC",
  risk_limits: { max_units_per_order: 10, max_notional_inr: 50000 },
}
