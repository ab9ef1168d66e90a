/** Pure: what a page of hiring's feed changes in the projection and in the queue (design.md, "A run, from tick to draft"). */
import type { Change, GoalChange, HireChange, RunRequested } from "@stint/domain/hiring/Feed"
import type { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { DateTime } from "effect"
import type { NewActionRow } from "../ActionLog/Row.ts"
import { type Next, nextOf } from "../Engine/Plan.ts"
import type { Cancellation, GoalRow, HireRow } from "../Model.ts"
import { goalDeleted, goalDisabled, notRunnable, Versions } from "./History.ts"
import type { GoalVersion } from "./Row.ts"

/** Which runs are cancelled: all live ones of a hire or goal, or `only` scheduled ones that were never claimed. */
export interface Cancel {
  readonly of: { readonly goal_instance_id: GoalInstanceId } | { readonly hired_instance_id: HiredInstanceId }
  readonly only?: "unclaimed_slots"
  readonly why: Cancellation
}

/** What applying a page does, in this order. */
export interface ProjectionPlan {
  readonly hires: ReadonlyArray<HireRow>
  readonly goals: ReadonlyArray<GoalRow>
  readonly deleted: ReadonlyArray<GoalInstanceId>
  /** Edited goals: their slots ahead are dropped, as if never made; manual runs stay. */
  readonly dropped: ReadonlyArray<GoalInstanceId>
  readonly cancels: ReadonlyArray<Cancel>
  readonly runs: ReadonlyArray<RunRequested>
  /** The new versions of goals, in order. */
  readonly history: ReadonlyArray<GoalVersion>
}

/** The hires and goals that a page of changes touches; all goals of `ofHires`. */
export const touched = (changes: ReadonlyArray<Change>) => ({
  hires: [...new Set(changes.flatMap((c) => c.type === "subscription" ? [] : [c.hired_instance_id]))],
  ofHires: [...new Set(changes.flatMap((c) => c.type === "hire" ? [c.hired_instance_id] : []))],
  goals: [...new Set(changes.flatMap((c) => c.type === "goal" || c.type === "run" ? [c.goal_instance_id] : []))],
})

/** The goals whose runs a plan ends or drops: their next serial run may have to be released. */
export const disturbed = (plan: ProjectionPlan, ended: ReadonlyArray<string>) => [
  ...new Set([...plan.dropped, ...ended]),
]

/** The line of a dead letter that is discarded with its goal. */
export const closedWithGoal = (
  log_id: string,
  deadLetter: { readonly dlq_id: string; readonly goal_instance_id: string },
): NewActionRow => ({
  log_id,
  action: "dlq_discard",
  operator: "system",
  goal_instance_id: deadLetter.goal_instance_id,
  reason: goalDeleted.words,
  action_metadata: { dlq_ids: [deadLetter.dlq_id] },
})

const never: Next = { next_slot: null, due_at: null }

/** When a goal falls due next. A schedule that can't be evaluated (a zone that this runtime does not know) never does. */
const nextSlotOf = (hire: HireRow, goal: GoalRow, after: number): Next => {
  if (!hire.runnable || !goal.enabled) return never
  try {
    return nextOf(goal, hire.timezone, after)
  } catch {
    return never
  }
}

/** What is projected of the hires and goals that a page touches, with the latest version of each goal. */
export interface Projected {
  readonly hires: ReadonlyArray<HireRow>
  readonly goals: ReadonlyArray<GoalRow>
  readonly history: ReadonlyArray<GoalVersion>
}

/** Folds the changes of a page, in their order, over what is projected. */
class Fold {
  readonly #versions: Versions
  readonly #hires: Map<string, HireRow>
  readonly #goals: Map<string, GoalRow>
  readonly #changedHires = new Set<string>()
  readonly #changedGoals = new Set<string>()
  readonly #deleted = new Set<GoalInstanceId>()
  readonly #dropped = new Set<GoalInstanceId>()
  readonly #cancels: Array<Cancel> = []
  readonly #requested: Array<RunRequested> = []

  constructor({ goals, hires, history }: Projected) {
    this.#versions = new Versions(history)
    this.#hires = new Map(hires.map((hire) => [hire.hired_instance_id, hire]))
    this.#goals = new Map(goals.map((goal) => [goal.goal_instance_id, goal]))
  }

  add(change: Change): void {
    if (change.type === "hire") this.#hire(change)
    else if (change.type === "goal") this.#goal(change)
    else if (change.type === "run") this.#requested.push(change)
  }

  plan(): ProjectionPlan {
    return {
      hires: [...this.#changedHires].map((id) => this.#hires.get(id)!),
      goals: [...this.#changedGoals].map((id) => this.#goals.get(id)!),
      deleted: [...this.#deleted],
      dropped: [...this.#dropped].filter((id) => !this.#deleted.has(id)),
      cancels: this.#cancels,
      runs: this.#requested,
      history: this.#versions.made,
    }
  }

  #put(goal: GoalRow): void {
    this.#goals.set(goal.goal_instance_id, goal)
    this.#changedGoals.add(goal.goal_instance_id)
  }

  #hire(change: HireChange): void {
    const old = this.#hires.get(change.hired_instance_id)
    if (old !== undefined && old.version >= change.version) return
    const at = DateTime.toEpochMillis(change.changed_at)
    const { subscription_id: _, type: __, ...fields } = change
    const hire: HireRow = { ...fields, changed_at: at }
    const { hired_instance_id } = hire
    this.#hires.set(hired_instance_id, hire)
    this.#changedHires.add(hired_instance_id)
    if (!hire.runnable) this.#cancels.push({ of: { hired_instance_id }, why: notRunnable(hire) })
    const goals = [...this.#goals.values()].filter((goal) => goal.hired_instance_id === hired_instance_id)
    // a version of a goal can't begin before the goal was written
    for (const goal of goals) this.#versions.changed(hire, goal, Math.max(at, goal.changed_at))
    if (old !== undefined && old.runnable === hire.runnable && old.timezone === hire.timezone) return
    for (const goal of goals) {
      this.#put({ ...goal, ...nextSlotOf(hire, goal, at) })
      this.#dropped.add(goal.goal_instance_id)
    }
  }

  #goal(change: GoalChange): void {
    const { goal_instance_id } = change
    const old = this.#goals.get(goal_instance_id)
    if (old !== undefined && old.version >= change.version) return
    const at = DateTime.toEpochMillis(change.changed_at)
    if (change.deleted) return this.#delete(goal_instance_id, at)
    const hire = this.#hires.get(change.hired_instance_id)
    // the feed has a hire before its goals; a goal of an unknown hire can't be projected
    if (hire === undefined) return
    const { default_at, enabled, frequency, hired_instance_id, schedule, version } = change
    const goal: GoalRow = {
      goal_instance_id,
      hired_instance_id,
      customer_id: hire.customer_id,
      version,
      changed_at: at,
      enabled,
      frequency,
      schedule,
      default_at,
      ...never,
    }
    this.#put({ ...goal, ...nextSlotOf(hire, goal, at) })
    // whether the hire was runnable before `hire.changed_at` is not known
    this.#versions.changed(hire, goal, Math.max(at, hire.changed_at))
    this.#deleted.delete(goal_instance_id)
    if (old !== undefined) this.#dropped.add(goal_instance_id)
    if (!enabled) this.#cancels.push({ of: { goal_instance_id }, only: "unclaimed_slots", why: goalDisabled })
  }

  #delete(goal_instance_id: GoalInstanceId, at: number): void {
    this.#goals.delete(goal_instance_id)
    this.#changedGoals.delete(goal_instance_id)
    this.#deleted.add(goal_instance_id)
    this.#cancels.push({ of: { goal_instance_id }, why: goalDeleted })
    this.#versions.deleted(goal_instance_id, at)
  }
}

/** The plan of a page. Older versions than the projected ones are ignored. */
export const planChanges = (changes: ReadonlyArray<Change>, projected: Projected): ProjectionPlan => {
  const fold = new Fold(projected)
  for (const change of changes) fold.add(change)
  return fold.plan()
}
