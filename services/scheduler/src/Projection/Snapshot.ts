/**
 * Pure: a snapshot is what is. It overwrites what is projected, also where hiring's row has an older version: hiring was restored
 * to an earlier moment. Nobody knows since when such a row holds, so it holds from now on.
 */
import type { Change, GoalChange, HireChange } from "@stint/domain/hiring/Feed"
import { JsonObject } from "@stint/domain/Protocol"
import { DateTime, Schema } from "effect"
import type { GoalRow, HireRow } from "../Model.ts"
import type { Projected } from "./Plan.ts"

/** The changes of a page of a snapshot, what is projected so that all of them apply, and how many rows went back. */
export interface Overwriting {
  readonly changes: ReadonlyArray<Change>
  readonly projected: Projected
  readonly wentBack: number
}

const isSameSchedule = Schema.toEquivalence(JsonObject)

const isSameHire = (row: HireRow, change: HireChange) =>
  row.customer_id === change.customer_id && row.agent_id === change.agent_id && row.timezone === change.timezone &&
  row.runnable === change.runnable && row.reason === change.reason

const isSameGoal = (row: GoalRow, change: GoalChange) =>
  row.hired_instance_id === change.hired_instance_id && row.enabled === change.enabled &&
  row.frequency === change.frequency && row.default_at === change.default_at &&
  isSameSchedule(row.schedule, change.schedule)

/** Makes a page of a snapshot apply, whatever its versions. */
export const overwriting = (changes: ReadonlyArray<Change>, projected: Projected): Overwriting => {
  const hires = new Map(projected.hires.map((hire) => [hire.hired_instance_id, hire]))
  const goals = new Map(projected.goals.map((goal) => [goal.goal_instance_id, goal]))
  const deleted = new Set(projected.history.filter((version) => version.deleted).map((one) => one.goal_instance_id))
  const changed_at = DateTime.makeUnsafe(projected.now)
  let wentBack = 0

  const applied = changes.map((change): Change => {
    if (change.type === "hire") {
      const row = hires.get(change.hired_instance_id)
      if (row === undefined || row.version < change.version) return change
      if (row.version === change.version && isSameHire(row, change)) return change
      hires.set(row.hired_instance_id, { ...row, version: change.version - 1 })
    } else if (change.type === "goal") {
      const row = goals.get(change.goal_instance_id)
      if (row === undefined && !deleted.has(change.goal_instance_id)) return change
      if (row !== undefined) {
        if (row.version < change.version) return change
        if (row.version === change.version && isSameGoal(row, change)) return change
        goals.set(row.goal_instance_id, { ...row, version: change.version - 1 })
      }
    } else return change
    wentBack++
    return { ...change, changed_at }
  })
  return {
    changes: applied,
    projected: { ...projected, hires: [...hires.values()], goals: [...goals.values()] },
    wentBack,
  }
}
