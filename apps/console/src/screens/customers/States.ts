/** The states of subscriptions: their words, and what their colour means. */
import type { SubscriptionStatus } from "@stint/domain/hiring/SubscriptionStatus"
import type { Kind } from "../../ui/Tag.tsx"

export type { SubscriptionStatus }

/** Of each state. */
export const subscriptionStates: Readonly<Record<SubscriptionStatus, { readonly kind: Kind; readonly words: string }>> =
  {
    pending_payment: { kind: "wait", words: "waits for payment" },
    active: { kind: "ok", words: "active" },
    past_due: { kind: "bad", words: "past due" },
    canceled: { kind: "plain", words: "canceled" },
  }

/** The states, in their order. */
export const subscriptionStatuses = Object.keys(subscriptionStates) as ReadonlyArray<SubscriptionStatus>
