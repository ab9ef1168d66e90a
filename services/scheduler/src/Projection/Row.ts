/** The versions of a goal over time: a row each time that hiring's feed changed it, so that past instants can be explained. */
import { Frequency } from "@stint/domain/Definition"
import { CustomerId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { JsonObject } from "@stint/domain/Protocol"
import { Schema } from "effect"
import { Millis } from "../Model.ts"

/** A row of `goal_history`: what held of a goal from an instant until its next row. */
export const GoalVersion = Schema.Struct({
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  customer_id: CustomerId,
  /** When hiring wrote the change, epoch ms; slots after it follow this version. */
  valid_from: Millis,
  frequency: Frequency,
  schedule: JsonObject,
  default_at: Schema.NullOr(Schema.String),
  /** The zone of its hire. */
  timezone: Schema.String,
  /** Whether its schedule made runs: the goal was enabled and its hire runnable. */
  runs: Schema.Boolean,
  /** Why it did not, for its user; null when it did. */
  reason: Schema.NullOr(Schema.String),
  deleted: Schema.Boolean,
})
export type GoalVersion = typeof GoalVersion.Type
