/** Drafts of the trading agent. Each is a pure function of config and settings; making one places no order. */
import { Schema } from "effect"
import { actingDraftFields, draftFields } from "../../Draft.ts"

const exchange = { exchange_provider: Schema.String, credential_ref: Schema.String }

/** The checks of an order, in the order in which `validation_errors` names the failed ones. */
export const tradingChecks = ["coin_allowed", "side_valid", "units_positive", "within_max_units"] as const

/** The name of a check. */
export const TradingCheck = Schema.Literals(tradingChecks)
export type TradingCheck = typeof TradingCheck.Type

/** A proposed order, checked against the hire's limits. One with validation errors can be rejected, not approved. */
export const TradingIntentPlan = Schema.Struct({
  ...actingDraftFields("trading_intent_plan_v1", "place_order"),
  ...exchange,
  coin: Schema.String.annotate({ description: "Upper case" }),
  side: Schema.String.annotate({ description: "buy or sell, when side_valid" }),
  units: Schema.Finite,
  checks: Schema.Struct({
    coin_allowed: Schema.Boolean,
    side_valid: Schema.Boolean,
    units_positive: Schema.Boolean,
    within_max_units: Schema.Boolean,
    max_units_per_order: Schema.Finite.annotate({ description: "The limit that within_max_units was checked against" }),
  }),
  validation_errors: Schema.Array(TradingCheck),
}).annotate({ identifier: "TradingIntentPlan" })
export type TradingIntentPlan = typeof TradingIntentPlan.Type

/** A proposal to close the open positions, at a local time of the hire's zone. */
export const TradingClosePositionProposal = Schema.Struct({
  ...actingDraftFields("trading_close_position_proposal_v1", "close_position"),
  ...exchange,
  window_local_time: Schema.String,
}).annotate({ identifier: "TradingClosePositionProposal" })
export type TradingClosePositionProposal = typeof TradingClosePositionProposal.Type

/** What the hire may trade, and how much. Executing it does nothing to the world. */
export const TradingGuardrailReport = Schema.Struct({
  ...draftFields("trading_guardrail_report_v1"),
  snapshot: Schema.Struct({
    ...exchange,
    allowed_coins: Schema.Array(Schema.String).annotate({ description: "Upper case, sorted, each once" }),
    default_coin: Schema.String,
    risk_limits: Schema.Struct({
      max_units_per_order: Schema.Finite,
      max_notional_inr: Schema.optionalKey(Schema.Finite),
    }),
  }),
}).annotate({ identifier: "TradingGuardrailReport" })
export type TradingGuardrailReport = typeof TradingGuardrailReport.Type
