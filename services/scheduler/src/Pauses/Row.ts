/** The row of a pause. */
import { SchedulerStatus } from "@stint/domain/scheduler/Pauses"
import { Schema } from "effect"
import { Millis } from "../Model.ts"

/** A row of `scheduler_state`: a scope that is paused, or was. Instants are epoch milliseconds. */
export const StateRow = Schema.Struct({
  state_id: Schema.String,
  status: SchedulerStatus,
  paused_at: Schema.NullOr(Millis),
  paused_by: Schema.NullOr(Schema.String),
  paused_reason: Schema.NullOr(Schema.String),
  resumed_at: Schema.NullOr(Millis),
  resumed_by: Schema.NullOr(Schema.String),
  updated_at: Millis,
})
export type StateRow = typeof StateRow.Type
