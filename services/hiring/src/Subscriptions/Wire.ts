/** A subscription as its readers get it. */
import { Subscription } from "@stint/domain/hiring/Subscriptions"
import { encoded } from "@stint/edge/Replies"
import type { SubscriptionRow } from "../Engagements/Row.ts"

/** Leaves out what only the rules read. */
export const subscriptionOnWire = (
  { anchor_at: _, past_due_since: __, version: ___, ...subscription }: SubscriptionRow,
) => subscription

const textOf = encoded(Subscription.json)

/** The answer to who subscribed. */
export const subscribed = (subscription: SubscriptionRow) => ({
  status: 201,
  location: `/api/v1/subscriptions/${subscription.subscription_id}`,
  body: textOf(subscriptionOnWire(subscription)),
})
