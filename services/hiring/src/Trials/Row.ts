/** A row of `trials`. */
import { LeadTrialStatus } from "@stint/domain/hiring/Trials"
import { AgentTypeId, CustomerId, TrialId } from "@stint/domain/Ids"
import { Schema } from "effect"

/** A lead trial; `customer_id` is the customer that began it, null when an operator did. */
export const TrialRow = Schema.Struct({
  trial_id: TrialId,
  agent_id: AgentTypeId,
  customer_name: Schema.String,
  customer_email: Schema.String,
  company: Schema.String,
  phone: Schema.NullOr(Schema.String),
  start_date: Schema.DateTimeUtcFromDate,
  end_date: Schema.DateTimeUtcFromDate,
  status: LeadTrialStatus,
  customer_id: Schema.NullOr(CustomerId),
  created_at: Schema.DateTimeUtcFromDate,
  updated_at: Schema.DateTimeUtcFromDate,
})
export type TrialRow = typeof TrialRow.Type
