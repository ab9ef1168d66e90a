/** Pure: what a page of hiring's feed changes in the projection and in the queue (design.md, "A run, from tick to draft"). */
import type { Change, GoalChange, HireChange, RunRequested } from "@stint/domain/hiring/Feed"
import type { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { DateTime } from "effect"
import type { AuditLine } from "../Audit/Repo.ts"
import { type Next, nextOf } from "../Engine/Plan.ts"
import type { Cancellation, GoalRow, HireRow } from "../Model.ts"
import { DELETED, historian, type HistoryRow, SWITCHED_OFF } from "./History.ts"

/** Which runs are cancelled: all live ones of a hire or goal, or only what is scheduled and not yet claimed. */
export interface Cancel {
  readonly of: { readonly goal_instance_id: GoalInstanceId } | { readonly hired_instance_id: HiredInstanceId }
  readonly which: "all" | "unclaimed_slots"
  readonly why: Cancellation
}

/** What applying a page does, in this order. */
export interface ProjectionPlan {
  readonly hires: ReadonlyArray<HireRow>
  readonly goals: ReadonlyArray<GoalRow>
  readonly deleted: ReadonlyArray<GoalInstanceId>
  /** Edited goals: their slots that have not begun are dropped, as if never made; manual runs stay. */
  readonly dropped: ReadonlyArray<GoalInstanceId>
  readonly cancels: ReadonlyArray<Cancel>
  readonly runs: ReadonlyArray<RunRequested>
  /** What the goals do from now on, where it is not what they did; in order. */
  readonly history: ReadonlyArray<HistoryRow>
}

/** The hires and goals that a page of changes touches; all goals of `ofHires`. */
export const touched = (changes: ReadonlyArray<Change>) => ({
  hires: [...new Set(changes.flatMap((c) => c.type === "subscription" ? [] : [c.hired_instance_id]))],
  ofHires: [...new Set(changes.flatMap((c) => c.type === "hire" ? [c.hired_instance_id] : []))],
  goals: [...new Set(changes.flatMap((c) => c.type === "goal" || c.type === "run" ? [c.goal_instance_id] : []))],
})

/** The goals whose runs a plan ends or drops. */
export const disturbed = (plan: ProjectionPlan, ended: ReadonlyArray<string>) => [
  ...new Set([...plan.dropped, ...ended]),
]

/** The line of a dead letter that ends with its goal. */
export const closedWithGoal = (
  log_id: string,
  letter: { readonly dlq_id: string; readonly goal_instance_id: string },
): AuditLine => ({
  log_id,
  action: "dlq_discard",
  operator: "system",
  goal_instance_id: letter.goal_instance_id,
  reason: DELETED,
  action_metadata: { dlq_ids: [letter.dlq_id] },
})

const never: Next = { next_slot: null, due_at: null }

/** A schedule that can't be evaluated (a zone that this runtime does not know) has no slot; the feed goes on. */
const nextOrNever = (goal: GoalRow, timezone: string, after: number): Next => {
  try {
    return nextOf(goal, timezone, after)
  } catch {
    return never
  }
}

const runs = (hire: HireRow, goal: GoalRow) => hire.runnable && goal.enabled

/**
 * Folds a page over what is projected of the hires and goals that it touches, and over the latest row of each goal's
 * history. Older versions are ignored.
 */
export const planChanges = (
  changes: ReadonlyArray<Change>,
  current: {
    readonly hires: ReadonlyArray<HireRow>
    readonly goals: ReadonlyArray<GoalRow>
    readonly history: ReadonlyArray<HistoryRow>
  },
): ProjectionPlan => {
  const history = historian(current.history)
  const hires = new Map<string, HireRow>(current.hires.map((hire) => [hire.hired_instance_id, hire]))
  const goals = new Map<string, GoalRow>(current.goals.map((goal) => [goal.goal_instance_id, goal]))
  const changedHires = new Set<string>()
  const changedGoals = new Set<string>()
  const deleted = new Set<GoalInstanceId>()
  const dropped = new Set<GoalInstanceId>()
  const cancels: Array<Cancel> = []
  const requested: Array<RunRequested> = []

  const put = (goal: GoalRow) => {
    goals.set(goal.goal_instance_id, goal)
    changedGoals.add(goal.goal_instance_id)
  }

  const onHire = (change: HireChange) => {
    const old = hires.get(change.hired_instance_id)
    if (old !== undefined && old.version >= change.version) return
    const at = DateTime.toEpochMillis(change.changed_at)
    const { subscription_id: _, type: __, ...fields } = change
    const hire: HireRow = { ...fields, changed_at: at }
    hires.set(hire.hired_instance_id, hire)
    changedHires.add(hire.hired_instance_id)
    if (!hire.runnable) {
      cancels.push({
        of: { hired_instance_id: hire.hired_instance_id },
        which: "all",
        why: { code: "hire_not_runnable", words: hire.reason ?? "the hired agent may not run" },
      })
    }
    for (const goal of goals.values()) {
      // not before the goal itself was as it is
      if (goal.hired_instance_id === hire.hired_instance_id) history.told(hire, goal, Math.max(at, goal.changed_at))
    }
    const same = old !== undefined && old.runnable === hire.runnable && old.timezone === hire.timezone
    if (same) return
    for (const goal of goals.values()) {
      if (goal.hired_instance_id !== hire.hired_instance_id) continue
      put({ ...goal, ...(runs(hire, goal) ? nextOrNever(goal, hire.timezone, at) : never) })
      dropped.add(goal.goal_instance_id)
    }
  }

  const onGoal = (change: GoalChange) => {
    const old = goals.get(change.goal_instance_id)
    if (old !== undefined && old.version >= change.version) return
    if (change.deleted) {
      goals.delete(change.goal_instance_id)
      changedGoals.delete(change.goal_instance_id)
      deleted.add(change.goal_instance_id)
      cancels.push({
        of: { goal_instance_id: change.goal_instance_id },
        which: "all",
        why: { code: "goal_deleted", words: DELETED },
      })
      history.ended(change.goal_instance_id, DateTime.toEpochMillis(change.changed_at))
      return
    }
    const hire = hires.get(change.hired_instance_id)
    // hiring tells a hire before its goals; without it there is nothing to attach the goal to
    if (hire === undefined) return
    const at = DateTime.toEpochMillis(change.changed_at)
    const goal: GoalRow = {
      goal_instance_id: change.goal_instance_id,
      hired_instance_id: change.hired_instance_id,
      customer_id: hire.customer_id,
      version: change.version,
      changed_at: at,
      enabled: change.enabled,
      frequency: change.frequency,
      schedule: change.schedule,
      default_at: change.default_at,
      ...never,
    }
    put({ ...goal, ...(runs(hire, goal) ? nextOrNever(goal, hire.timezone, at) : never) })
    // whether its hire could run before `hire.changed_at` is not known
    history.told(hire, goal, Math.max(at, hire.changed_at))
    deleted.delete(change.goal_instance_id)
    if (old !== undefined) dropped.add(change.goal_instance_id)
    if (!change.enabled) {
      cancels.push({
        of: { goal_instance_id: change.goal_instance_id },
        which: "unclaimed_slots",
        why: { code: "goal_disabled", words: SWITCHED_OFF },
      })
    }
  }

  for (const change of changes) {
    if (change.type === "hire") onHire(change)
    else if (change.type === "goal") onGoal(change)
    else if (change.type === "run") requested.push(change)
  }
  return {
    hires: [...changedHires].map((id) => hires.get(id)!),
    goals: [...changedGoals].map((id) => goals.get(id)!),
    deleted: [...deleted],
    dropped: [...dropped].filter((id) => !deleted.has(id)),
    cancels,
    runs: requested,
    history: history.rows,
  }
}
