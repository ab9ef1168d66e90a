/** Every draft that there is, by `type`: the JSONB column `deliverables.payload` (domain.md, "Drafts"). */
import { Schema } from "effect"
import { GenericDeliverable } from "./agents/generic/Payload.ts"
import { MarketingDraftBatch } from "./agents/marketing_healthcare/Payload.ts"
import {
  TradingClosePositionProposal,
  TradingGuardrailReport,
  TradingIntentPlan,
} from "./agents/trading_delta_futures/Payload.ts"

/** A draft. An agent type with a maker of its own adds its members here. */
export const DraftPayload = Schema.Union([
  MarketingDraftBatch,
  TradingIntentPlan,
  TradingClosePositionProposal,
  TradingGuardrailReport,
  GenericDeliverable,
]).annotate({ identifier: "DraftPayload" })
export type DraftPayload = typeof DraftPayload.Type

/** What executing the draft would do to the world; undefined: nothing. */
export const intentAction = (payload: DraftPayload) => "intent_action" in payload ? payload.intent_action : undefined

/** Why the draft can't be approved: the names of its failed checks. Empty for a sound one. */
export const validationErrors = (payload: DraftPayload): ReadonlyArray<string> =>
  "validation_errors" in payload ? payload.validation_errors : []
