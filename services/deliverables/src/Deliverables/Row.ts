/** A row of `deliverables`, joined with its approval and its execution. `review_status` is derived (Repo/Rows.ts). */
import {
  DeliveryRefusal,
  type DeliveryState,
  ExecutionStatus,
  ReviewStatus,
} from "@stint/domain/deliverables/Deliverables"
import { ApprovalRules } from "@stint/domain/Definition/Approval"
import { ApprovalId, CustomerId, DeliverableId, GoalInstanceId, HiredInstanceId, MandateId } from "@stint/domain/Ids"
import { DraftPayload } from "@stint/domain/Payload"
import { InstantColumn } from "@stint/domain/Instants"
import { Schema } from "effect"

/** pending -> delivered, or failed when no further attempt follows; failed -> pending when it is executed again. */
export const ExecutionState = Schema.Literals(["pending", "delivered", "failed"])
export type ExecutionState = typeof ExecutionState.Type

const instant = InstantColumn

const isRefusal = Schema.is(DeliveryRefusal)

/** The state of a delivery on the wire, and the code of its refusal. */
export const standingOf = (
  state: ExecutionState,
  refusal: string | null,
): { readonly state: DeliveryState; readonly reason: DeliveryRefusal | null } =>
  state === "failed"
    ? isRefusal(refusal) ? { state: "refused", reason: refusal } : { state: "failed", reason: null }
    : { state: state === "pending" ? "waiting" : "delivered", reason: null }

/** The row. `payload` is not decoded, since an execution compares the stored content, not what a schema reads of it. */
export const DeliverableRow = Schema.Struct({
  deliverable_id: DeliverableId,
  hired_instance_id: HiredInstanceId,
  goal_instance_id: GoalInstanceId,
  goal_template_id: Schema.String,
  title: Schema.String,
  payload: Schema.Json,
  /** Derived, by the database's clock (Repo/Rows.ts). */
  review_status: ReviewStatus,
  review_notes: Schema.NullOr(Schema.String),
  approval_id: Schema.NullOr(ApprovalId),
  execution_status: ExecutionStatus,
  executed_at: Schema.NullOr(instant),
  created_at: instant,
  updated_at: instant,
  idempotency_key: Schema.String,
  customer_id: CustomerId,
  scheduled_time: instant,
  approval_required: Schema.Boolean,
  deleted_at: Schema.NullOr(instant),
  /** How often it was written. */
  version: Schema.Int,
  /** Whether its execution is pending: until that ends, nothing else may be decided about the deliverable. */
  executing: Schema.Boolean,
  /** The number of the revision that `payload` is. */
  revision: Schema.Int,
  /** Who wrote it; null: its maker. */
  edited_by: Schema.NullOr(Schema.String),
  /** Since when its maker makes the next one; null while it does not. */
  revising_since: Schema.NullOr(instant),
  /** Until when it can be decided on; null: it never expires. */
  expires_at: Schema.NullOr(instant),
  /** What its template asks of approvals; null: one person's. */
  approval_rules: Schema.NullOr(ApprovalRules),
  /** How many people's approvals of this revision count now. */
  approvals_given: Schema.Int,
  // of its approval; null when it is not approved
  mandate_id: Schema.NullOr(MandateId),
  approval_expires_at: Schema.NullOr(instant),
  // of its execution; null when none was requested
  delivery_id: Schema.NullOr(Schema.String),
  execution_state: Schema.NullOr(ExecutionState),
  requested_by: Schema.NullOr(Schema.String),
  attempts: Schema.NullOr(Schema.Int),
  last_error: Schema.NullOr(Schema.String),
  next_attempt_at: Schema.NullOr(instant),
  refusal: Schema.NullOr(Schema.String),
})
export type DeliverableRow = typeof DeliverableRow.Type

const isDraft = Schema.is(DraftPayload)

/** A row whose payload is a draft, for a list or a batch that shows it: one that is none is set aside there. */
export const ShownRow = DeliverableRow.check(
  Schema.makeFilter(({ payload }: { readonly payload: unknown }) => isDraft(payload) || "its payload is no draft"),
)
