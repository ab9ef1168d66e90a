/** Pure decisions on engagements: who may run, when a trial starts, and what the feed tells of a write. */
import type { Change, GoalChange, HireChange, RunRequested, SubscriptionChange } from "@stint/domain/hiring/Feed"
import type { SubscriptionStatus } from "@stint/domain/hiring/Subscriptions"
import { DateTime } from "effect"
import type { Engagement, GoalRow, HireRow, SubscriptionRow, SubscriptionState } from "./Rows.ts"

/** How long a trial lasts (domain.md, "States"). */
export const TRIAL_DAYS = 7
/** How long a hire can be read after its subscription's end (domain.md, "States"). */
export const RETENTION_DAYS = 30

/** What to write of an engagement; what is absent stays as it is. */
export interface Decision {
  readonly subscription?: SubscriptionRow
  readonly hire?: HireRow
  /** Goals to make or to change. */
  readonly goals?: ReadonlyArray<GoalRow>
  readonly removed?: GoalRow
  readonly run?: RunRequested
}

/** A decision with all that follows from it: what is stored, and what the feed tells. */
export interface Amendment {
  readonly subscription?: SubscriptionRow
  readonly hire?: HireRow
  readonly goals: ReadonlyArray<GoalRow>
  readonly removed?: GoalRow
  /** A run whose slot its goal is to remember; that is no write of the goal, so neither version nor feed tell of it. */
  readonly run?: RunRequested
  readonly changes: ReadonlyArray<Change>
}

const waits: Record<Exclude<SubscriptionStatus, "active">, string> = {
  pending_payment: "The subscription awaits its payment",
  past_due: "The subscription is past due",
  canceled: "The subscription is canceled",
}

/** Why a hire can't run now, in words for its user; null when it can (domain.md, "States": runnable). */
export const notRunnable = (subscription: SubscriptionState, hire: HireRow): string | null => {
  if (!hire.active) return "The hired agent is deactivated"
  if (subscription.status !== "active") return waits[subscription.status]
  if (!hire.configured) return "The hired agent is not configured: its missing fields say what is needed"
  if (hire.finalized_at === null) return "The hired agent is not finalized"
  return null
}

/** Until when a hire can be read; null while its subscription has not ended. */
export const retentionEnd = ({ ended_at }: SubscriptionState): DateTime.Utc | null =>
  ended_at === null ? null : DateTime.add(ended_at, { days: RETENTION_DAYS })

/** Whether that time is over. */
export const isGone = (subscription: SubscriptionState, now: DateTime.Utc): boolean => {
  const end = retentionEnd(subscription)
  return end !== null && DateTime.isGreaterThanOrEqualTo(now, end)
}

/** A trial starts once, when the hire is runnable and has a goal, whichever came last. */
const withTrial = (subscription: SubscriptionState, hire: HireRow, now: DateTime.Utc): HireRow =>
  hire.trial_status === "not_started" && hire.goals_completed && notRunnable(subscription, hire) === null
    ? { ...hire, trial_status: "active", trial_start: now, trial_end: DateTime.add(now, { days: TRIAL_DAYS }) }
    : hire

/** What the feed tells of a hire. */
export const hireChange = (subscription: SubscriptionState, hire: HireRow): HireChange => {
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

/** What the feed tells of a goal. */
export const goalChange = (goal: GoalRow, deleted = false): GoalChange => ({
  type: "goal",
  goal_instance_id: goal.goal_instance_id,
  hired_instance_id: goal.hired_instance_id,
  version: goal.version,
  changed_at: goal.updated_at,
  deleted,
  enabled: goal.enabled,
  frequency: goal.frequency,
  // Goals are stored once their settings are valid, so `schedule` is an object or absent
  schedule: (goal.settings.schedule ?? {}) as GoalChange["schedule"],
  default_at: goal.default_at,
})

/** What the feed tells of a subscription. */
export const subscriptionChange = (subscription: SubscriptionRow): SubscriptionChange => ({
  type: "subscription",
  subscription_id: subscription.subscription_id,
  customer_id: subscription.customer_id,
  status: subscription.status,
  version: subscription.version,
})

const hasGoals = (before: Engagement, decision: Decision): boolean => {
  if (decision.removed !== undefined) return before.otherGoals
  return (decision.goals ?? []).length > 0 || (before.hire?.goals_completed ?? false)
}

const tells = (one: HireChange, other: HireChange) => one.timezone !== other.timezone || one.reason !== other.reason

/**
 * The one place that draws the consequences of a write, so that none can forget them: versions, `goals_completed`, the
 * trial, and the feed's rows, a hire before its goals. A subscription's change of state tells its hire anew.
 */
export const settle = (before: Engagement, decision: Decision, now: DateTime.Utc): Amendment => {
  const subscription = decision.subscription === undefined
    ? undefined
    : { ...decision.subscription, version: before.subscription.version + 1, updated_at: now }
  const stateChanged = subscription !== undefined && subscription.status !== before.subscription.status
  const changes: Array<Change> = stateChanged ? [subscriptionChange(subscription)] : []
  const under = subscription ?? before.subscription

  let hire: HireRow | undefined
  const decided = decision.hire ?? before.hire
  if (decided !== undefined) {
    const whole = withTrial(under, { ...decided, goals_completed: hasGoals(before, decision) }, now)
    const written = decision.hire !== undefined || stateChanged ||
      whole.goals_completed !== decided.goals_completed || whole.trial_status !== decided.trial_status
    if (written) {
      hire = { ...whole, version: (before.hire?.version ?? 0) + 1, updated_at: now }
      const told = hireChange(under, hire)
      if (stateChanged || before.hire === undefined || tells(told, hireChange(before.subscription, before.hire))) {
        changes.push(told)
      }
    }
  }

  const goals = decision.goals ?? []
  changes.push(...goals.map((goal) => goalChange(goal)))
  if (decision.removed !== undefined) {
    changes.push(goalChange({ ...decision.removed, version: decision.removed.version + 1, updated_at: now }, true))
  }
  if (decision.run !== undefined) changes.push(decision.run)
  return {
    ...(subscription === undefined ? {} : { subscription }),
    ...(hire === undefined ? {} : { hire }),
    goals,
    ...(decision.removed === undefined ? {} : { removed: decision.removed }),
    ...(decision.run === undefined ? {} : { run: decision.run }),
    changes,
  }
}
