/** An execution as it is kept: the intent, and how its delivery goes. */
import { ExecutionSettings } from "@stint/domain/Definition/HireSettings"
import { ApprovalId, DeliverableId } from "@stint/domain/Ids"
import { Schema } from "effect"
import { ExecutionState } from "../Deliverables/Row.ts"

/** The row. `fence` is the number of its last claim; only who holds that one may write what came of it. */
export const ExecutionRow = Schema.Struct({
  delivery_id: Schema.String,
  deliverable_id: DeliverableId,
  approval_id: Schema.NullOr(ApprovalId),
  target: ExecutionSettings,
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
