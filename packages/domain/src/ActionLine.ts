/** A line of an action log, the same for every service (domain.md, "Audit"). */
import { type DateTime, Schema } from "effect"
import { GoalInstanceId, LogId, Subject } from "./Ids.ts"
import { Instant, JsonObject } from "./Protocol.ts"

/** A line of an action log. */
export const ActionLine = Schema.Struct({
  log_id: LogId,
  // Not the list of actions: a newer version, which runs beside this one for a while, may know more
  action: Schema.String.annotate({ description: "What was done", examples: ["activate", "publish"] }),
  operator: Subject.annotate({ description: "The subject of who did it; `system` for what the system does itself" }),
  timestamp: Instant,
  goal_instance_id: Schema.NullOr(GoalInstanceId),
  reason: Schema.NullOr(Schema.String),
  action_metadata: JsonObject.annotate({ description: "What it was done to: ids, and what differs afterwards" }),
})
export type ActionLine = typeof ActionLine.Type

/** A line to be written; the database says when. */
export interface NewActionLine {
  readonly log_id: string
  readonly action: string
  readonly operator: string
  readonly goal_instance_id?: string
  readonly action_metadata: JsonObject
}

/** A line as it is stored at an instant. */
export const lineAt = (line: NewActionLine, timestamp: DateTime.Utc): ActionLine =>
  ({ goal_instance_id: null, ...line, reason: null, timestamp }) as ActionLine
