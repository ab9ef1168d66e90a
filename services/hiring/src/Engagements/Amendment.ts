/**
 * What a write of an engagement stores: a decision and all that follows from it (versions, `goals_completed`, the start of
 * the trial, the feed's changes). Every write goes through here, so that none forgets a consequence.
 */
import type { NewActionLine } from "@stint/domain/ActionLine"
import type { Change, RunRequested } from "@stint/domain/hiring/Feed"
import { DateTime } from "effect"
import { goalChange, goalState, hireChange, subscriptionChange } from "./Changes.ts"
import { notRunnable, TRIAL_DAYS } from "./Policy.ts"
import type { Engagement, GoalRow, HireRow, SubscriptionRow, SubscriptionState } from "./Row.ts"

/** What a rule decides to write; what is absent stays as it is. */
export interface Decision {
  readonly subscription?: SubscriptionRow
  readonly hire?: HireRow
  /** Goals to add or to change. */
  readonly goals?: ReadonlyArray<GoalRow>
  readonly removed?: GoalRow
  readonly run?: RunRequested
  /** The line of the action log, where an operator does it. */
  readonly line?: NewActionLine
}

/** What is stored, and what the feed says of it. */
export interface Amendment {
  readonly subscription?: SubscriptionRow
  readonly hire?: HireRow
  readonly goals: ReadonlyArray<GoalRow>
  readonly removed?: GoalRow
  /** A run whose slot the goal keeps. That is no write of the goal: neither its version nor the feed changes by it. */
  readonly run?: RunRequested
  /** It commits with what it records. */
  readonly line?: NewActionLine
  readonly changes: ReadonlyArray<Change>
}

/** The trial starts once, when the hire is runnable and has a goal (domain.md, "States"). */
const withTrial = (subscription: SubscriptionState, hire: HireRow, now: DateTime.Utc): HireRow =>
  hire.trial_status === "not_started" && hire.goals_completed && notRunnable(subscription, hire) === null
    ? { ...hire, trial_status: "active", trial_start: now, trial_end: DateTime.add(now, { days: TRIAL_DAYS }) }
    : hire

const hasGoals = (before: Engagement, decision: Decision): boolean => {
  if (decision.removed !== undefined) return before.otherGoals
  return (decision.goals ?? []).length > 0 || (before.hire?.goals_completed ?? false)
}

/** The hire's row after the decision, and its change; nothing when it is not written. */
const hireAfter = (before: Engagement, decision: Decision, now: DateTime.Utc) => {
  const decided = decision.hire ?? before.hire
  if (decided === undefined) return undefined
  const under = decision.subscription ?? before.subscription
  const stateChanged = under.status !== before.subscription.status
  const next = withTrial(under, { ...decided, goals_completed: hasGoals(before, decision) }, now)
  const isWritten = decision.hire !== undefined || stateChanged ||
    next.goals_completed !== decided.goals_completed || next.trial_status !== decided.trial_status
  if (!isWritten) return undefined
  const hire: HireRow = { ...next, version: (before.hire?.version ?? 0) + 1, updated_at: now }
  return { hire, changes: [hireChange(under, hire)] }
}

/** The amendment of a decision. In the feed a subscription precedes its hire, and a hire its goals. */
export const amendmentOf = (before: Engagement, decision: Decision, now: DateTime.Utc): Amendment => {
  const { goals = [], line, removed, run } = decision
  const subscription = decision.subscription &&
    { ...decision.subscription, version: before.subscription.version + 1, updated_at: now }
  const written = hireAfter(before, decision, now)
  const changes: ReadonlyArray<Change> = [
    ...subscription !== undefined && subscription.status !== before.subscription.status
      ? [subscriptionChange(subscription)]
      : [],
    ...written?.changes ?? [],
    ...goals.map((goal) => goalChange(goalState(goal))),
    ...removed === undefined
      ? []
      : [goalChange(goalState({ ...removed, version: removed.version + 1, updated_at: now }), true)],
    ...run === undefined ? [] : [run],
  ]
  return {
    ...subscription === undefined ? {} : { subscription },
    ...written === undefined ? {} : { hire: written.hire },
    goals,
    ...removed === undefined ? {} : { removed },
    ...run === undefined ? {} : { run },
    ...line === undefined ? {} : { line },
    changes,
  }
}

/** The engagement once the amendment is stored; of its goals those that were written. */
export const after = (before: Engagement, { goals, hire, subscription }: Amendment): Engagement => ({
  subscription: subscription ?? before.subscription,
  hire: hire ?? before.hire,
  goals,
  otherGoals: before.otherGoals,
})
