/** All types of drafts: a union tagged by `type`, stored in the JSONB column `deliverables.payload` (domain.md, "Drafts"). */
import { Schema } from "effect"
import { GenericDeliverable } from "./agents/generic/Payload.ts"
import { StructuredDeliverable } from "./agents/structured/Payload.ts"
import { MarketingDraftBatch } from "./agents/marketing_healthcare/Payload.ts"
import {
  TradingClosePositionProposal,
  TradingGuardrailReport,
  TradingIntentPlan,
} from "./agents/trading_delta_futures/Payload.ts"

/** A draft. An agent type with a maker of its own adds its draft types here. */
export const DraftPayload = Schema.Union([
  MarketingDraftBatch,
  TradingIntentPlan,
  TradingClosePositionProposal,
  TradingGuardrailReport,
  GenericDeliverable,
  StructuredDeliverable,
]).annotate({ identifier: "DraftPayload" })
export type DraftPayload = typeof DraftPayload.Type

/** What executing the draft does to the world; undefined when it does nothing. */
export const intentAction = (payload: DraftPayload) => "intent_action" in payload ? payload.intent_action : undefined

/** The names of the checks that the draft failed. A draft that failed any can't be approved. */
export const validationErrors = (payload: DraftPayload): ReadonlyArray<string> =>
  "validation_errors" in payload ? payload.validation_errors : []
