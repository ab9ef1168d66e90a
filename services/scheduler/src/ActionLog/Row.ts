/** Rows of `scheduler_action_log`; instants are epoch milliseconds. */
import { Action } from "@stint/domain/scheduler/ActionLog"
import { GoalInstanceId, Subject } from "@stint/domain/Ids"
import { JsonObject } from "@stint/domain/Protocol"
import { Schema } from "effect"
import { Millis } from "../Model.ts"

/** A line to be written; the database says when. */
export const NewActionRow = Schema.Struct({
  log_id: Schema.String,
  action: Action,
  /** The subject of who did it; `system` for what the system does itself. */
  operator: Schema.String,
  goal_instance_id: Schema.NullOr(Schema.String),
  reason: Schema.NullOr(Schema.String),
  action_metadata: JsonObject,
})
export type NewActionRow = typeof NewActionRow.Type

/** A line as it is listed: what could not be shown is not read. */
export const ActionRow = Schema.Struct({
  ...NewActionRow.fields,
  operator: Subject,
  goal_instance_id: Schema.NullOr(GoalInstanceId),
  timestamp: Millis,
})
export type ActionRow = typeof ActionRow.Type
