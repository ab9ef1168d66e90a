/** Pure decisions on what is due by time alone: a subscription's period or end, the end of a hire's trial. */
import { DateTime } from "effect"
import type { Decision } from "../Engagements/Amendment.ts"
import type { Engagement, HireRow, SubscriptionRow } from "../Engagements/Row.ts"
import { caughtUp, endsAt } from "../Subscriptions/Policy.ts"

const isTrialOver = (hire: HireRow, now: DateTime.Utc): boolean =>
  hire.trial_status === "active" && hire.trial_end !== null && DateTime.isLessThanOrEqualTo(hire.trial_end, now)

/** A trial converts unless the subscription ended before it, even when both are only looked at later. */
const converts = (subscription: SubscriptionRow, trial_end: DateTime.Utc): boolean => {
  const end = endsAt(subscription)
  return subscription.status === "active" && (end === null || DateTime.isLessThan(trial_end, end))
}

/** What is due of an engagement by now (domain.md, "States"); empty when nothing is. */
export const due = ({ hire, subscription }: Engagement, now: DateTime.Utc): Decision => {
  const current = caughtUp(subscription, now)
  const trial = hire !== undefined && isTrialOver(hire, now)
    ? {
      ...hire,
      trial_status: converts(subscription, hire.trial_end!)
        ? "ended_converted" as const
        : "ended_not_converted" as const,
    }
    : undefined
  return {
    ...current === subscription ? {} : { subscription: current },
    ...trial === undefined ? {} : { hire: trial },
  }
}
