/** A row of `executions`: the intent to deliver, and how its delivery stands. */
import { ApprovalId, DeliverableId } from "@stint/domain/Ids"
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
  next_attempt_at: Schema.NullOr(Schema.DateTimeUtcFromDate),
  locked_until: Schema.NullOr(Schema.DateTimeUtcFromDate),
  fence: Schema.BigInt,
  created_at: Schema.DateTimeUtcFromDate,
  delivered_at: Schema.NullOr(Schema.DateTimeUtcFromDate),
})
export type ExecutionRow = typeof ExecutionRow.Type
