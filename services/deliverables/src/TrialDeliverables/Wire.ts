/** A trial deliverable on the wire. */
import type { TrialDeliverable } from "@stint/domain/deliverables/TrialDeliverables"
import type { TrialDeliverableRow } from "./Row.ts"

/** A row on the wire: without the keys that are null. */
export const toTrialDeliverable = (row: TrialDeliverableRow): TrialDeliverable => {
  const { description, file_size, mime_type, ...rest } = row
  return {
    ...rest,
    ...file_size === null ? {} : { file_size },
    ...mime_type === null ? {} : { mime_type },
    ...description === null ? {} : { description },
  }
}
