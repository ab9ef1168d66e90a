/** Pure: what a page of hiring's feed changes in the projection and in the queue (design.md, "A run, from tick to draft"). */
import type { Change, GoalChange, HireChange, RunRequested } from "@stint/domain/hiring/Feed"
import type { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { DateTime } from "effect"
import type { NewActionRow } from "../ActionLog/Row.ts"
import type { Cancellation, GoalRow, GoalVersion, HireRow } from "../Model.ts"
import { isNamed, type Segment, timelineOf } from "../Timeline.ts"
import { type Begun, goalDeleted, goalDisabled, notRunnable, Versions } from "./History.ts"
import { beginning, type Dropped, revisionOf, type Standing } from "./Standing.ts"

/** Which runs are cancelled: all live ones of a hire or goal, or `only` scheduled ones that were never claimed. */
export interface Cancel {
  readonly of: { readonly goal_instance_id: GoalInstanceId } | { readonly hired_instance_id: HiredInstanceId }
  readonly only?: "unclaimed_slots"
  readonly why: Cancellation
}

/** A goal that makes other slots than before. */
export interface Revised {
  readonly goal_instance_id: GoalInstanceId
  /** The slots after it are other ones, epoch ms. */
  readonly since: number
  /** What it does from now on, and what it did. */
  readonly segments: ReadonlyArray<Segment>
}

/** A slot after the beginning of an edit that was decided or dropped before the edit was read. */
export interface LateSlot {
  readonly goal_instance_id: string
  /** Epoch milliseconds. */
  readonly slot: number
  /** Its run; null of a slot that an edit dropped. */
  readonly scheduled_run_id: string | null
  /** `waits`: never claimed; `cancelled`: by a stop that a later change took back; `dropped`: by an earlier edit. */
  readonly kind: "waits" | "cancelled" | "dropped"
}

/** What applying a page does, in this order. */
export interface ProjectionPlan {
  readonly hires: ReadonlyArray<HireRow>
  readonly goals: ReadonlyArray<GoalRow>
  readonly deleted: ReadonlyArray<GoalInstanceId>
  /** Slots that are dropped before they were decided. */
  readonly dropped: ReadonlyArray<Dropped>
  /** Edited goals: what was decided after the edit's instant is looked at again. */
  readonly revised: ReadonlyArray<Revised>
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

/**
 * Those of a page that may change nothing which slots and history hang on: each the only change of an enabled goal, whose hire
 * the page does not change.
 */
export const renewals = (changes: ReadonlyArray<Change>): ReadonlyArray<GoalChange> => {
  const hires = new Set<string>()
  const times = new Map<string, number>()
  for (const change of changes) {
    if (change.type === "hire") hires.add(change.hired_instance_id)
    if (change.type === "goal") times.set(change.goal_instance_id, (times.get(change.goal_instance_id) ?? 0) + 1)
  }
  return changes.filter((change): change is GoalChange =>
    change.type === "goal" && change.enabled && !change.deleted && times.get(change.goal_instance_id) === 1 &&
    !hires.has(change.hired_instance_id)
  )
}

/**
 * What becomes of late slots: runs that are removed, since the edit dropped their slots or makes them again; what that drops;
 * and the dropped slots that are to run after all.
 */
export const judgeLate = (revised: ReadonlyArray<Revised>, late: ReadonlyArray<LateSlot>) => {
  const segments = new Map<string, ReadonlyArray<Segment>>(revised.map((one) => [one.goal_instance_id, one.segments]))
  const named = (one: LateSlot) => isNamed(segments.get(one.goal_instance_id) ?? [], one.slot)
  const unmade = late.filter((one) => one.kind === "waits" && !named(one))
  const again = late.filter((one) => one.kind !== "waits" && named(one))
  return {
    remove: [...unmade, ...again].flatMap(({ scheduled_run_id }) => scheduled_run_id ?? []),
    dropped: unmade.map(({ goal_instance_id, slot }): Dropped => ({
      goal_instance_id,
      from_slot: slot,
      to_slot: slot,
      reason_code: "schedule_changed",
      reason: "its schedule was changed before it had begun",
    })),
    undropped: again.filter((one) => one.kind === "dropped"),
  }
}

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

/** What is projected of the hires and goals that a page touches, with the versions that its undecided slots follow. */
export interface Projected {
  readonly hires: ReadonlyArray<HireRow>
  readonly goals: ReadonlyArray<GoalRow>
  readonly history: ReadonlyArray<GoalVersion>
  /** Epoch ms; no slot after it is decided. */
  readonly now: number
}

const undecided = { next_slot: null, due_at: null, decided_until: null, replan_until: null }

const standingOf = ({ decided_until, due_at, next_slot, replan_until }: GoalRow) => ({
  next_slot,
  due_at,
  decided_until,
  replan_until,
})

/** Folds the changes of a page, in their order, over what is projected. */
class Fold {
  readonly #versions: Versions
  readonly #hires: Map<string, HireRow>
  readonly #goals: Map<string, GoalRow>
  readonly #changedHires = new Set<string>()
  readonly #changedGoals = new Set<string>()
  readonly #deleted = new Set<GoalInstanceId>()
  readonly #dropped: Array<Dropped> = []
  readonly #revised = new Map<GoalInstanceId, number>()
  readonly #now: number
  readonly #cancels: Array<Cancel> = []
  readonly #requested: Array<RunRequested> = []

  constructor({ goals, hires, history, now }: Projected) {
    this.#now = now
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
      // a slot that an edit drops and a later one of the page names again was never dropped
      dropped: this.#dropped.filter(({ from_slot, goal_instance_id, reason_code }) =>
        reason_code !== "schedule_changed" || !isNamed(this.#timeline(goal_instance_id), from_slot)
      ),
      revised: [...this.#revised].filter(([id]) => !this.#deleted.has(id)).map(([goal_instance_id, since]) => ({
        goal_instance_id,
        since,
        segments: this.#timeline(goal_instance_id),
      })),
      cancels: this.#cancels,
      runs: this.#requested,
      history: this.#versions.made,
    }
  }

  #timeline(goal_instance_id: string): ReadonlyArray<Segment> {
    return timelineOf(this.#versions.of(goal_instance_id))
  }

  /** What a goal has of its slots after a version began, if one did. */
  #revise(old: GoalRow, begun: Begun | undefined, enabled: boolean): Standing {
    if (begun === undefined) return standingOf(old)
    const { dropped, since, standing } = revisionOf(old, begun, enabled, this.#now)
    this.#dropped.push(...dropped)
    const { goal_instance_id } = old
    if (since !== undefined) {
      this.#revised.set(goal_instance_id, Math.min(since, this.#revised.get(goal_instance_id) ?? Infinity))
    }
    return standing
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
    for (const goal of [...this.#goals.values()].filter((goal) => goal.hired_instance_id === hired_instance_id)) {
      // a version of a goal can't begin before the goal was written
      const begun = this.#versions.changed(hire, goal, Math.max(at, goal.changed_at))
      if (begun !== undefined) this.#put({ ...goal, ...this.#revise(goal, begun, goal.enabled) })
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
      ...(old === undefined ? undecided : standingOf(old)),
    }
    // whether the hire was runnable before `hire.changed_at` is not known
    const begun = this.#versions.changed(hire, goal, Math.max(at, hire.changed_at))
    this.#put({
      ...goal,
      ...(old === undefined
        ? beginning(this.#versions.of(goal_instance_id).slice(-1), at)
        : this.#revise(old, begun, enabled)),
    })
    this.#deleted.delete(goal_instance_id)
    if (!enabled) this.#cancels.push({ of: { goal_instance_id }, only: "unclaimed_slots", why: goalDisabled })
  }

  #delete(goal_instance_id: GoalInstanceId, at: number): void {
    const old = this.#goals.get(goal_instance_id)
    const begun = this.#versions.deleted(goal_instance_id, at)
    if (old !== undefined) this.#revise(old, begun, old.enabled)
    this.#goals.delete(goal_instance_id)
    this.#changedGoals.delete(goal_instance_id)
    this.#deleted.add(goal_instance_id)
    this.#cancels.push({ of: { goal_instance_id }, why: goalDeleted })
  }
}

/** The plan of a page. Older versions than the projected ones are ignored. */
export const planChanges = (changes: ReadonlyArray<Change>, projected: Projected): ProjectionPlan => {
  const fold = new Fold(projected)
  for (const change of changes) fold.add(change)
  return fold.plan()
}

/** What the deletion of goals at an instant (epoch ms) records: their last versions, and the slots that it drops. */
export const endOf = (goals: ReadonlyArray<GoalRow>, history: ReadonlyArray<GoalVersion>, now: number) => {
  const versions = new Versions(history)
  const dropped = goals.flatMap((goal) => {
    const begun = versions.deleted(goal.goal_instance_id, now)
    return begun === undefined ? [] : revisionOf(goal, begun, goal.enabled, now).dropped
  })
  return { dropped, made: versions.made }
}
