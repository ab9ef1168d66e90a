/** What the sample customer hires: a dental clinic's marketing agent, and a trading agent that may only draft. */
import {
  dailyMicroPost,
  marketingHealthcare,
  monthlyCampaignPack,
  weeklyMultichannelBatch,
} from "@stint/domain/agents/marketing_healthcare/Definition"
import {
  closePositionReminder,
  guardrailReport,
  tradeIntentDraft,
  tradingDeltaFutures,
} from "@stint/domain/agents/trading_delta_futures/Definition"

/** A goal to set; `now` has it run at once as well. */
export interface SampleGoal {
  readonly name: string
  readonly now: boolean
  readonly draft: {
    readonly goal_template_id: string
    readonly frequency: "daily" | "weekly" | "monthly" | "on_demand" | "cron"
    readonly settings: Readonly<Record<string, unknown>>
  }
}

/** An agent to hire. */
export interface SampleAgent {
  readonly name: string
  readonly agentId: string
  readonly config: Readonly<Record<string, unknown>>
  readonly goals: ReadonlyArray<SampleGoal>
}

/** The record of the sample customer. */
export const sampleRecord = {
  full_name: "Dr. Meera Kulkarni",
  email: "meera@koregaon-dental.example",
  phone: "+91 98200 00042",
  business_name: "Koregaon Dental Studio",
  business_industry: "dentistry",
  business_address: "Koregaon Park, Pune",
  preferred_contact_method: "email",
  consent: true,
} as const

const marketing = (cron: string): SampleAgent => ({
  name: "marketing",
  agentId: marketingHealthcare,
  config: {
    nickname: "Asha from marketing",
    theme: "light",
    primary_language: "en",
    timezone: "Asia/Kolkata",
    brand_name: "Koregaon Dental Studio",
    offerings_services: ["dental check-ups", "root canal treatment", "clear aligners"],
    location: "Koregaon Park, Pune",
    platforms_enabled: ["instagram", "facebook", "whatsapp"],
    platform_credentials: {
      instagram: "vault:koregaon/instagram",
      facebook: "vault:koregaon/facebook",
      whatsapp: "vault:koregaon/whatsapp",
    },
    posting_identity: "Dr. Kulkarni's team",
  },
  goals: [
    {
      name: "week",
      now: true,
      draft: {
        goal_template_id: weeklyMultichannelBatch,
        frequency: "weekly",
        settings: {
          topics: ["gum health in the monsoon"],
          posts_per_platform: 1,
          schedule: { weekday: "monday", at: "10:00" },
        },
      },
    },
    {
      name: "post",
      now: false,
      draft: {
        goal_template_id: dailyMicroPost,
        frequency: "cron",
        settings: { topic: "brushing before bed", schedule: { cron } },
      },
    },
    {
      name: "month",
      now: false,
      draft: {
        goal_template_id: monthlyCampaignPack,
        frequency: "monthly",
        settings: { theme: "a check-up for the whole family", schedule: { day_of_month: 1, at: "09:30" } },
      },
    },
  ],
})

const trading = (cron: string): SampleAgent => ({
  name: "trading",
  agentId: tradingDeltaFutures,
  config: {
    nickname: "Night desk",
    theme: "dark",
    timezone: "Asia/Kolkata",
    exchange_provider: "delta_exchange_india",
    credential_ref: "vault:koregaon/delta",
    allowed_coins: ["BTC", "ETH"],
    default_coin: "BTC",
    risk_limits: { max_units_per_order: 5, max_notional_inr: 250_000 },
  },
  goals: [
    {
      name: "order",
      now: true,
      draft: {
        goal_template_id: tradeIntentDraft,
        frequency: "on_demand",
        settings: { coin: "BTC", side: "buy", units: 2 },
      },
    },
    {
      name: "guardrails",
      now: false,
      draft: { goal_template_id: guardrailReport, frequency: "cron", settings: { schedule: { cron } } },
    },
    {
      name: "close",
      now: false,
      draft: {
        goal_template_id: closePositionReminder,
        frequency: "daily",
        settings: { window_local_time: "15:20" },
      },
    },
  ],
})

/** The agents; their cron goals run by this rule, in the zone of `zone`. */
export const sampleAgents = (cron: string): ReadonlyArray<SampleAgent> => [marketing(cron), trading(cron)]

/** The zone that the sample's cron rule is read in. */
export const zone = "Asia/Kolkata"
