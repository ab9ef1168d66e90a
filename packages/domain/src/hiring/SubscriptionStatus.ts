/** The states of a subscription (domain.md, "States"). */
import { Schema } from "effect"

/** pending_payment -> active <-> past_due; each of them -> canceled, which is final. */
export const SubscriptionStatus = Schema.Literals(["pending_payment", "active", "past_due", "canceled"])
export type SubscriptionStatus = typeof SubscriptionStatus.Type
