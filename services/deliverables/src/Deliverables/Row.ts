/** A deliverable as it is kept, with what is known of its execution; and what of it is shown. */
import { ReviewStatus } from "@stint/domain/deliverables/Approvals"
import { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { ExecutionStatus } from "@stint/domain/deliverables/Executions"
import { ApprovalId, CustomerId, DeliverableId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { DraftPayload } from "@stint/domain/Payload"
import { Schema } from "effect"

/** pending -> delivered, or failed when no attempt can help; failed -> pending when it is asked for again. */
export const ExecutionState = Schema.Literals(["pending", "delivered", "failed"])
export type ExecutionState = typeof ExecutionState.Type

const instant = Schema.DateTimeUtcFromDate

/** The row. `payload` is as it is stored, not decoded: an execution compares what is there, not what can be read of it. */
export const DeliverableRow = Schema.Struct({
  deliverable_id: DeliverableId,
  hired_instance_id: HiredInstanceId,
  goal_instance_id: GoalInstanceId,
  goal_template_id: Schema.String,
  title: Schema.String,
  payload: Schema.Json,
  review_status: ReviewStatus,
  review_notes: Schema.NullOr(Schema.String),
  approval_id: Schema.NullOr(ApprovalId),
  execution_status: ExecutionStatus,
  executed_at: Schema.NullOr(instant),
  created_at: instant,
  updated_at: instant,
  idempotency_key: Schema.String,
  customer_id: CustomerId,
  scheduled_time: instant,
  approval_required: Schema.Boolean,
  deleted_at: Schema.NullOr(instant),
  executing: Schema.Boolean,
  // of its execution, once one was asked for
  delivery_id: Schema.NullOr(Schema.String),
  execution_state: Schema.NullOr(ExecutionState),
  requested_by: Schema.NullOr(Schema.String),
  attempts: Schema.NullOr(Schema.Int),
  last_error: Schema.NullOr(Schema.String),
  next_attempt_at: Schema.NullOr(instant),
})
export type DeliverableRow = typeof DeliverableRow.Type

/** The execution of a row, as it is shown; undefined while none was asked for. */
export const executionOf = (row: DeliverableRow) =>
  row.delivery_id === null ? undefined : {
    delivery_id: row.delivery_id,
    attempts: row.attempts ?? 0,
    last_error: row.last_error,
    next_attempt_at: row.next_attempt_at,
  }

const decodePayload = Schema.decodeUnknownSync(DraftPayload)

/** What a caller sees of a row. A payload that is no draft is a defect: only drafts are stored. */
export const toDeliverable = (row: DeliverableRow): Deliverable => {
  const execution = executionOf(row)
  return Deliverable.make({
    deliverable_id: row.deliverable_id,
    hired_instance_id: row.hired_instance_id,
    goal_instance_id: row.goal_instance_id,
    goal_template_id: row.goal_template_id,
    title: row.title,
    payload: decodePayload(row.payload),
    review_status: row.review_status,
    review_notes: row.review_notes,
    approval_id: row.approval_id,
    execution_status: row.execution_status,
    executed_at: row.executed_at,
    ...(execution === undefined ? {} : { execution }),
    created_at: row.created_at,
    updated_at: row.updated_at,
  }, { disableChecks: true })
}
