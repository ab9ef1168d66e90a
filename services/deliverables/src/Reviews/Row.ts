/** Rows of `approvals` as they are judged: each with whether it still counts, by the database's clock. */
import { Approval } from "@stint/domain/deliverables/Reviews"
import { Schema } from "effect"

/** A decision, and whether its approval has got too old. */
export const GivenRow = Schema.Struct({ ...Approval.fields, is_too_old: Schema.Boolean })
export type GivenRow = typeof GivenRow.Type
