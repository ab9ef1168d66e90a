/** A row of `trial_deliverables`. */
import { TrialDeliverableId, TrialId } from "@stint/domain/Ids"
import { InstantColumn } from "@stint/domain/Instants"
import { Schema } from "effect"

/** The row; `file_size` in bytes. */
export const TrialDeliverableRow = Schema.Struct({
  trial_deliverable_id: TrialDeliverableId,
  trial_id: TrialId,
  file_name: Schema.String,
  file_path: Schema.String,
  file_size: Schema.NullOr(Schema.Int),
  mime_type: Schema.NullOr(Schema.String),
  description: Schema.NullOr(Schema.String),
  created_at: InstantColumn,
})
export type TrialDeliverableRow = typeof TrialDeliverableRow.Type
