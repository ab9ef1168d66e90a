/** What the feed says of a row. */
import type { GoalChange, HireChange, SubscriptionChange } from "@stint/domain/hiring/Feed"
import { notRunnable } from "./Policy.ts"
import type { GoalRow, GoalState, HireState, SubscriptionRow, SubscriptionState } from "./Row.ts"

/** A hire's entry in the feed. */
export const hireChange = (subscription: SubscriptionState, hire: HireState): HireChange => {
  const reason = notRunnable(subscription, hire)
  return {
    type: "hire",
    hired_instance_id: hire.hired_instance_id,
    customer_id: hire.customer_id,
    agent_id: hire.agent_id,
    subscription_id: hire.subscription_id,
    version: hire.version,
    changed_at: hire.updated_at,
    timezone: hire.timezone,
    runnable: reason === null,
    reason,
  }
}

/** What the feed says of a stored goal: its settings are valid, so `schedule` is an object or absent. */
export const goalState = ({ settings, ...goal }: GoalRow): GoalState => ({
  ...goal,
  schedule: (settings.schedule ?? {}) as GoalState["schedule"],
})

/** A goal's entry in the feed. */
export const goalChange = (goal: GoalState, deleted = false): GoalChange => ({
  type: "goal",
  goal_instance_id: goal.goal_instance_id,
  hired_instance_id: goal.hired_instance_id,
  version: goal.version,
  changed_at: goal.updated_at,
  deleted,
  enabled: goal.enabled,
  frequency: goal.frequency,
  schedule: goal.schedule,
  default_at: goal.default_at,
})

/** A subscription's entry in the feed. */
export const subscriptionChange = (subscription: SubscriptionRow): SubscriptionChange => ({
  type: "subscription",
  subscription_id: subscription.subscription_id,
  customer_id: subscription.customer_id,
  status: subscription.status,
  version: subscription.version,
})
