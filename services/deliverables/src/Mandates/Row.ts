/** Rows of mandates and of the queue of drafts that they may cover. */
import { MandateAction, Per } from "@stint/domain/deliverables/Mandates"
import { Rules } from "@stint/domain/deliverables/Mandates/Rules"
import { ExecutionStatus } from "@stint/domain/deliverables/Deliverables"
import {
  ApprovalId,
  CustomerId,
  DeliverableId,
  GoalInstanceId,
  GoalTemplateId,
  HiredInstanceId,
  MandateId,
} from "@stint/domain/Ids"
import { InstantColumn } from "@stint/domain/Instants"
import { Schema } from "effect"

/** A row of `mandates`, with the database's time. */
export const MandateRow = Schema.Struct({
  mandate_id: MandateId,
  customer_id: CustomerId,
  hired_instance_id: HiredInstanceId,
  goal_instance_id: Schema.NullOr(GoalInstanceId),
  goal_template_id: Schema.NullOr(GoalTemplateId),
  rules: Rules,
  max_uses: Schema.Int,
  per: Per,
  timezone: Schema.String,
  valid_until: InstantColumn,
  action: MandateAction,
  signed_by: Schema.String,
  created_at: InstantColumn,
  revoked_at: Schema.NullOr(InstantColumn),
  revoked_by: Schema.NullOr(Schema.String),
  revoke_reason: Schema.NullOr(Schema.String),
  now: InstantColumn,
})
export type MandateRow = typeof MandateRow.Type

/** What a rule may say of an approval, as the draft keeps it (domain.md, "Expiry and quorum"). */
const KeptRules = Schema.NullOr(Schema.Struct({
  mandates: Schema.optionalKey(Schema.Boolean),
  valid_for_seconds: Schema.optionalKey(Schema.Int),
}))

/** A draft as a mandate looks at it. `payload` is not decoded: rules and hash are of the stored content. */
export const DraftRow = Schema.Struct({
  deliverable_id: DeliverableId,
  customer_id: CustomerId,
  hired_instance_id: HiredInstanceId,
  goal_instance_id: GoalInstanceId,
  goal_template_id: Schema.String,
  payload: Schema.Json,
  approval_rules: KeptRules,
})
export type DraftRow = typeof DraftRow.Type

/** A row of the queue that this replica holds, with its draft. */
export const QueuedRow = Schema.Struct({
  ...DraftRow.fields,
  /** The revision that was queued. */
  revision: Schema.Int,
  queued_at: InstantColumn,
  /** The approval under which it is to be executed. */
  approval_id: Schema.NullOr(ApprovalId),
  /** Who signed the mandate of that approval. */
  decided_by: Schema.NullOr(Schema.String),
  /** Whether the revision is the current one, by its maker, and waits for a decision. */
  waits: Schema.Boolean,
  /** How often the draft was written. */
  version: Schema.Int,
  execution_status: ExecutionStatus,
  executing: Schema.Boolean,
  /** How long it has been in the queue. */
  seconds: Schema.Finite,
})
export type QueuedRow = typeof QueuedRow.Type

/** The key of a row of the queue. */
export const Queued = Schema.Struct({ deliverable_id: DeliverableId, revision: Schema.Int })
export type Queued = typeof Queued.Type
