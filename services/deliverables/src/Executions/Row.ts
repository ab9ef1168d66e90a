/** A row of `executions`: the intent to deliver, and how its delivery stands. */
import { ApprovalId, CustomerId, DeliverableId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { Decision } from "@stint/domain/deliverables/Reviews"
import { InstantColumn } from "@stint/domain/Instants"
import { Schema } from "effect"
import { ExecutionState } from "../Deliverables/Row.ts"

/** The row. Who claims it gets the next fence; only the holder of the current fence may write the outcome. */
export const ExecutionRow = Schema.Struct({
  delivery_id: Schema.String,
  deliverable_id: DeliverableId,
  approval_id: Schema.NullOr(ApprovalId),
  /** The hire's `settings.execution`. Not decoded: a row whose target can't be read must not fail the claim of others. */
  target: Schema.Json,
  /** What is delivered, byte for byte: the canonical JSON of the payload. */
  body: Schema.String,
  content_sha256: Schema.String,
  state: ExecutionState,
  requested_by: Schema.String,
  attempts: Schema.Int,
  last_error: Schema.NullOr(Schema.String),
  next_attempt_at: Schema.NullOr(InstantColumn),
  locked_until: Schema.NullOr(InstantColumn),
  fence: Schema.BigInt,
  created_at: InstantColumn,
  delivered_at: Schema.NullOr(InstantColumn),
  customer_id: CustomerId,
  /** When it was executed or tried again by a person last, and how many attempts it had before. */
  armed_at: InstantColumn,
  armed_attempts: Schema.Int,
})
export type ExecutionRow = typeof ExecutionRow.Type

/** A claimed row, with the deliverable and the approval that it is held to. */
export const ClaimedRow = Schema.Struct({
  ...ExecutionRow.fields,
  /** Of the run that its draft is of. */
  idempotency_key: Schema.String,
  hired_instance_id: HiredInstanceId,
  goal_instance_id: GoalInstanceId,
  payload: Schema.Json,
  /** The number of the revision that `payload` is. */
  revision: Schema.Int,
  approval_required: Schema.Boolean,
  /** The approval that the deliverable names. */
  named_approval_id: Schema.NullOr(ApprovalId),
  /** The approval that it was executed under; null when it needed none. Its target is not decoded, like that of the row. */
  approved: Schema.NullOr(Schema.Struct({
    deliverable_id: DeliverableId,
    customer_id: CustomerId,
    decision: Decision,
    content_sha256: Schema.String,
    target: Schema.NullOr(Schema.Json),
  })),
})
export type ClaimedRow = typeof ClaimedRow.Type
