/** A subscription as its readers get it. */
import type { SubscriptionRow } from "../Engagements/Row.ts"

/** Leaves out what only the rules read. */
export const subscriptionOnWire = (
  { anchor_at: _, past_due_since: __, version: ___, ...subscription }: SubscriptionRow,
) => subscription
