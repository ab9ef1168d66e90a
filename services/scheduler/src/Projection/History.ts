/** Pure: the versions of goals over time, as changes of hiring's feed make them. */
import type { GoalInstanceId } from "@stint/domain/Ids"
import { Schema } from "effect"
import { type Cancellation, type GoalRow, GoalVersion, type HireRow } from "../Model.ts"
import { byGoal } from "../Timeline/Repo.ts"

/** Why a goal that its customer disabled does not run. */
export const goalDisabled: Cancellation = { code: "goal_disabled", words: "the goal was switched off" }
/** Why a deleted goal does not run. */
export const goalDeleted: Cancellation = { code: "goal_deleted", words: "the goal was deleted" }

/** Why the goals of a hire that is not runnable don't run, in hiring's words. */
export const notRunnable = ({ reason }: Pick<HireRow, "reason">): Cancellation => ({
  code: "hire_not_runnable",
  words: reason ?? "the hired agent may not run",
})

/** Why the schedule of a goal makes no runs; null when it does. */
export const stoppedBecause = (hire: HireRow, goal: GoalRow): string | null => {
  const reasons = [
    ...(goal.enabled ? [] : [goalDisabled.words]),
    ...(hire.runnable ? [] : [notRunnable(hire).words]),
  ]
  return reasons.length === 0 ? null : reasons.join("; ")
}

const { valid_from: _, ...content } = GoalVersion.fields
/** Whether two versions differ in nothing but their beginning; the order of a schedule's keys does not count. */
const areEqual = Schema.toEquivalence(Schema.Struct(content))

/** A version that a change began. */
export interface Begun {
  /** What held until then; undefined for the first version. */
  readonly before: GoalVersion | undefined
  readonly version: GoalVersion
  /** The versions until then, the oldest first, as far as they are known. */
  readonly earlier: ReadonlyArray<GoalVersion>
}

/** Collects the new versions that a page of the feed makes, given the known versions of each goal, the oldest first. */
export class Versions {
  /** The new versions, in the order of the changes. */
  readonly made: Array<GoalVersion> = []
  readonly #known: Map<string, Array<GoalVersion>>

  constructor(known: ReadonlyArray<GoalVersion>) {
    this.#known = byGoal(known)
  }

  /** The versions of a goal so far, the oldest first. */
  of(goal_instance_id: string): ReadonlyArray<GoalVersion> {
    return this.#known.get(goal_instance_id) ?? []
  }

  /** A goal or its hire was written at an instant (epoch ms); the version that it begins, if anything of it differs. */
  changed(hire: HireRow, goal: GoalRow, at: number): Begun | undefined {
    const { customer_id, default_at, frequency, goal_instance_id, hired_instance_id, schedule } = goal
    const reason = stoppedBecause(hire, goal)
    return this.#add({
      goal_instance_id,
      hired_instance_id,
      customer_id,
      valid_from: at,
      frequency,
      schedule,
      default_at,
      timezone: hire.timezone,
      runs: reason === null,
      reason,
      deleted: false,
    })
  }

  /** A goal was deleted; of one that was never known there is no version. */
  deleted(goal_instance_id: GoalInstanceId, at: number): Begun | undefined {
    const before = this.of(goal_instance_id).at(-1)
    return before === undefined
      ? undefined
      : this.#add({ ...before, valid_from: at, runs: false, reason: goalDeleted.words, deleted: true })
  }

  /** Adds a version unless it equals the one before. It begins after that one, also when both came in one millisecond. */
  #add(version: GoalVersion): Begun | undefined {
    const earlier = this.of(version.goal_instance_id)
    const before = earlier.at(-1)
    if (before !== undefined && areEqual(before, version)) return undefined
    const added = before === undefined || before.valid_from < version.valid_from
      ? version
      : { ...version, valid_from: before.valid_from + 1 }
    this.#known.set(version.goal_instance_id, [...earlier, added])
    this.made.push(added)
    return { before, version: added, earlier }
  }
}
