/** What a goal did since when: a row each time that the feed changed it, so that a past instant can still be explained. */
import { Frequency } from "@stint/domain/Definition"
import { CustomerId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { JsonObject } from "@stint/domain/Protocol"
import { Schema } from "effect"
import { type GoalRow, type HireRow, Millis } from "../Model.ts"

/** What holds of a goal from an instant on, until its next row. */
export const HistoryRow = Schema.Struct({
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  customer_id: CustomerId,
  /** When hiring wrote the change, epoch ms; slots after it follow this row. */
  valid_from: Millis,
  frequency: Frequency,
  schedule: JsonObject,
  default_at: Schema.NullOr(Schema.String),
  /** The zone of its hire. */
  timezone: Schema.String,
  /** Whether it ran by itself: switched on, and its hire runnable. */
  runs: Schema.Boolean,
  /** Why it did not, in words for its user; null when it did. */
  reason: Schema.NullOr(Schema.String),
  deleted: Schema.Boolean,
})
export type HistoryRow = typeof HistoryRow.Type

/** The words for a goal that its customer stopped. */
export const SWITCHED_OFF = "the goal was switched off"
/** The words for a goal that is no more. */
export const DELETED = "the goal was deleted"

/** Why a goal does not run by itself; null when it does. */
export const restOf = (hire: HireRow, goal: GoalRow): string | null => {
  const reasons = [
    ...(goal.enabled ? [] : [SWITCHED_OFF]),
    ...(hire.runnable ? [] : [hire.reason ?? "the hired agent may not run"]),
  ]
  return reasons.length === 0 ? null : reasons.join("; ")
}

const { valid_from: _, ...said } = HistoryRow.fields
/** Whether two rows say the same, whenever they begin; the order of a schedule's keys says nothing. */
const sayTheSame = Schema.toEquivalence(Schema.Struct(said))

/** Rows of one page, after the latest that is known of each goal. Made in the order of the page. */
export const historian = (latest: Iterable<HistoryRow>) => {
  const last = new Map<string, HistoryRow>([...latest].map((row) => [row.goal_instance_id, row]))
  const rows: Array<HistoryRow> = []

  /** Keeps a row, unless it says nothing new. Later than the one before it, also when two came in one millisecond. */
  const keep = (row: HistoryRow) => {
    const before = last.get(row.goal_instance_id)
    if (before !== undefined && sayTheSame(before, row)) return
    const kept = before === undefined || before.valid_from < row.valid_from
      ? row
      : { ...row, valid_from: before.valid_from + 1 }
    last.set(row.goal_instance_id, kept)
    rows.push(kept)
  }

  return {
    rows,
    /** What the goal does from an instant on. */
    told: (hire: HireRow, goal: GoalRow, at: number) => {
      const { customer_id, default_at, frequency, goal_instance_id, hired_instance_id, schedule } = goal
      const reason = restOf(hire, goal)
      keep({
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
    },
    /** The goal is no more; of one that was never known there is nothing to say. */
    ended: (goal_instance_id: GoalInstanceId, at: number) => {
      const before = last.get(goal_instance_id)
      if (before !== undefined) keep({ ...before, valid_from: at, runs: false, reason: DELETED, deleted: true })
    },
  }
}
