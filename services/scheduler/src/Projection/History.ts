/** Pure: the versions of goals over time, as changes of hiring's feed make them. */
import type { GoalInstanceId } from "@stint/domain/Ids"
import { Schema } from "effect"
import type { Cancellation, GoalRow, HireRow } from "../Model.ts"
import { GoalVersion } from "./Row.ts"

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

/** Collects the new versions that a page of the feed makes, given the latest known version of each goal. */
export class Versions {
  /** The new versions, in the order of the changes. */
  readonly made: Array<GoalVersion> = []
  readonly #latest: Map<string, GoalVersion>

  constructor(latest: Iterable<GoalVersion>) {
    this.#latest = new Map([...latest].map((version) => [version.goal_instance_id, version]))
  }

  /** A goal or its hire was written at an instant (epoch ms). */
  changed(hire: HireRow, goal: GoalRow, at: number): void {
    const { customer_id, default_at, frequency, goal_instance_id, hired_instance_id, schedule } = goal
    const reason = stoppedBecause(hire, goal)
    this.#add({
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
  deleted(goal_instance_id: GoalInstanceId, at: number): void {
    const before = this.#latest.get(goal_instance_id)
    if (before !== undefined) {
      this.#add({ ...before, valid_from: at, runs: false, reason: goalDeleted.words, deleted: true })
    }
  }

  /** Adds a version unless it equals the one before. It begins after that one, also when both came in one millisecond. */
  #add(version: GoalVersion): void {
    const before = this.#latest.get(version.goal_instance_id)
    if (before !== undefined && areEqual(before, version)) return
    const added = before === undefined || before.valid_from < version.valid_from
      ? version
      : { ...version, valid_from: before.valid_from + 1 }
    this.#latest.set(version.goal_instance_id, added)
    this.made.push(added)
  }
}
