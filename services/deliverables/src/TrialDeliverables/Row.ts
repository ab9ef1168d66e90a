/** A deliverable of a trial as it is kept, and what of it is shown. */
import { TrialDeliverableId, TrialId } from "@stint/domain/Ids"
import type { TrialDeliverable } from "@stint/domain/deliverables/TrialDeliverables"
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
  created_at: Schema.DateTimeUtcFromDate,
})
export type TrialDeliverableRow = typeof TrialDeliverableRow.Type

/** What a caller sees: what was not said is left out. */
export const toTrialDeliverable = (row: TrialDeliverableRow): TrialDeliverable => {
  const { description, file_size, mime_type, ...said } = row
  return {
    ...said,
    ...file_size === null ? {} : { file_size },
    ...mime_type === null ? {} : { mime_type },
    ...description === null ? {} : { description },
  }
}
