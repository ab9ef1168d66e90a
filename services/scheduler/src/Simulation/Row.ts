/** The row of a stored goal, as a simulation reads it. */
import { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { Schema } from "effect"
import { GoalRow } from "../Model.ts"

/** A goal that runs by its schedule, with the zone of its hire. */
export const ScheduledGoal = Schema.Struct({
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  frequency: GoalRow.fields.frequency,
  schedule: GoalRow.fields.schedule,
  default_at: GoalRow.fields.default_at,
  timezone: Schema.String,
})
export type ScheduledGoal = typeof ScheduledGoal.Type
