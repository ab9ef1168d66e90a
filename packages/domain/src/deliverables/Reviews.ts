/** Decisions on a deliverable, and the approvals that keep them (domain.md, "Rules: review and execute"). */
import { Schema } from "effect"
import { Model } from "effect/schema"
import { ApprovalId, CustomerId, DeliverableId } from "../Ids.ts"
import { problem } from "../Problem.ts"
import { InstantField } from "../Protocol.ts"

/** pending_review -> approved or rejected, once. */
export const ReviewStatus = Schema.Literals(["pending_review", "approved", "rejected"])
export type ReviewStatus = typeof ReviewStatus.Type

/** What a person decides. */
export const Decision = Schema.Literals(["approved", "rejected"])
export type Decision = typeof Decision.Type

/** One decision, kept for ever: of content, by the SHA-256 of its canonical JSON (RFC 8785). */
export class Approval extends Model.Class<Approval>("Approval")({
  approval_id: ApprovalId,
  deliverable_id: DeliverableId,
  customer_id: CustomerId,
  decision: Decision,
  notes: Schema.NullOr(Schema.String),
  content_sha256: Schema.String,
  created_at: InstantField,
}) {}

/** 409: a deliverable is decided on once. */
export class AlreadyReviewed extends problem<AlreadyReviewed>()("AlreadyReviewed", {
  code: "already_reviewed",
  status: 409,
  title: "That deliverable has been decided on",
}, { review_status: ReviewStatus }) {}

/** 409: a draft with validation errors can be rejected, not approved. */
export class DraftInvalid extends problem<DraftInvalid>()("DraftInvalid", {
  code: "draft_invalid",
  status: 409,
  title: "A draft with validation errors can't be approved",
}, { validation_errors: Schema.Array(Schema.String) }) {}

/** 404. */
export class ApprovalNotFound extends problem<ApprovalNotFound>()("ApprovalNotFound", {
  code: "approval_not_found",
  status: 404,
  title: "There is no such approval",
}) {}
