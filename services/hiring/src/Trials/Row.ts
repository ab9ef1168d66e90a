/** A row of `trials`. */
import { LeadTrialStatus } from "@stint/domain/hiring/Trials"
import { AgentTypeId, CustomerId, TrialId } from "@stint/domain/Ids"
import { InstantColumn } from "@stint/domain/Instants"
import { Schema } from "effect"

/** A lead trial; `customer_id` is the customer that began it, null when an operator did. */
export const TrialRow = Schema.Struct({
  trial_id: TrialId,
  agent_id: AgentTypeId,
  customer_name: Schema.String,
  customer_email: Schema.String,
  company: Schema.String,
  phone: Schema.NullOr(Schema.String),
  start_date: InstantColumn,
  end_date: InstantColumn,
  status: LeadTrialStatus,
  customer_id: Schema.NullOr(CustomerId),
  created_at: InstantColumn,
  updated_at: InstantColumn,
})
export type TrialRow = typeof TrialRow.Type
