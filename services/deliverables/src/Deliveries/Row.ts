/** A row of `executions` as its readers see it, and a line of `delivery_action_log`. */
import { DeliverableId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { InstantColumn } from "@stint/domain/Instants"
import { Schema } from "effect"
import { ExecutionRow } from "../Executions/Row.ts"

const { body: _, ...fields } = ExecutionRow.fields

/** An execution, without what it delivers, with the hire and the goal of its deliverable. */
export const DeliveryRow = Schema.Struct({
  ...fields,
  hired_instance_id: HiredInstanceId,
  goal_instance_id: GoalInstanceId,
  refusal: Schema.NullOr(Schema.String),
  gave_up_at: Schema.NullOr(InstantColumn),
  /** Whether an attempt is under way. */
  held: Schema.Boolean,
})
export type DeliveryRow = typeof DeliveryRow.Type

/** A retry, as it is asked for and kept. */
export const Retry = Schema.Struct({
  log_id: Schema.String,
  delivery_id: Schema.String,
  deliverable_id: DeliverableId,
  operator: Schema.String,
  role: Schema.String,
  reason: Schema.NullOr(Schema.String),
})
export type Retry = typeof Retry.Type
