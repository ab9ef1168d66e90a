/** Pure decisions on what time alone does to an engagement: its subscription's periods and end, its hire's trial. */
import { DateTime } from "effect"
import type { Decision } from "../Engagements/Policy.ts"
import type { Engagement, HireRow, SubscriptionRow } from "../Engagements/Rows.ts"
import { endsAt, passed } from "../Subscriptions/Policy.ts"

const isTrialOver = (hire: HireRow, now: DateTime.Utc): boolean =>
  hire.trial_status === "active" && hire.trial_end !== null && DateTime.isLessThanOrEqualTo(hire.trial_end, now)

/** A subscription that time ended before the trial was over does not convert it, though both are looked at later. */
const converts = (subscription: SubscriptionRow, trial_end: DateTime.Utc): boolean => {
  const end = endsAt(subscription)
  return subscription.status === "active" && (end === null || DateTime.isLessThan(trial_end, end))
}

/** What has fallen due of an engagement by now; nothing when nothing has (domain.md, "States"). */
export const elapse = ({ hire, subscription }: Engagement, now: DateTime.Utc): Decision => {
  const under = passed(subscription, now)
  const trial = hire !== undefined && isTrialOver(hire, now)
    ? {
      ...hire,
      trial_status: converts(subscription, hire.trial_end!)
        ? "ended_converted" as const
        : "ended_not_converted" as const,
    }
    : undefined
  return {
    ...under === subscription ? {} : { subscription: under },
    ...trial === undefined ? {} : { hire: trial },
  }
}

/** The instants at which time does something to them, of which some may be past. */
export const dueAt = (subscription: SubscriptionRow, hire: HireRow | undefined): ReadonlyArray<DateTime.Utc> => {
  const end = endsAt(subscription)
  return [
    ...end === null ? [] : [end],
    ...subscription.status === "active" ? [subscription.current_period_end] : [],
    ...hire?.trial_status === "active" && hire.trial_end !== null ? [hire.trial_end] : [],
  ]
}
