/** Reviews: a customer's decision on a deliverable, and the approval that records it (domain.md, "Rules: review and execute"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Model } from "effect/schema"
import { Access, Needs } from "../Caller.ts"
import {
  Deliverable,
  DeliverableGone,
  DeliverableNotFound,
  DeliverablesHireDeactivated,
  readers,
  ReviewStatus,
  SubscriptionEnded,
} from "./Deliverables.ts"
import { AlreadyExecuted, ExecutionInProgress } from "./Executions.ts"
import { Sha256 } from "../Canonical.ts"
import { DeliveryTarget } from "../Definition/HireSettings.ts"
import { ApprovalId, CustomerId, DeliverableId, MandateId, NamedVersion } from "../Ids.ts"
import { AnyProblem, CustomerNotFound, InvalidRequest, PreconditionFailed, problem, Unavailable } from "../Problem.ts"
import { InstantField, NullableInstantField } from "../ModelFields.ts"
import { ConditionalHeaders, IdempotencyHeader, Instant, listOf, pageQuery, tagged, text } from "../Protocol.ts"

/** What a customer decides on a draft. `changes_requested`: the maker is to write the next revision by the notes. */
export const Decision = Schema.Literals(["approved", "rejected", "changes_requested"])
export type Decision = typeof Decision.Type

/**
 * One decision, kept for ever. `content_sha256`: of the canonical JSON (RFC 8785) of the content that was decided on. `target`:
 * where an approval lets it go; null of a rejection, and where a program of 0.2.0 approved: then the hire's target of the
 * execution counts. `decided_by`: the person, or the customer itself. `definition_version`: the hire's when it was approved; null
 * of other decisions and of 0.2.0. `expires_at`: until when an approval is good; null: it never gets too old.
 */
export class Approval extends Model.Class<Approval>("Approval")({
  approval_id: ApprovalId,
  deliverable_id: DeliverableId,
  customer_id: CustomerId,
  decision: Decision,
  notes: Schema.NullOr(Schema.String),
  content_sha256: Schema.String,
  target: Schema.NullOr(DeliveryTarget),
  revision: Schema.Int,
  decided_by: Schema.String,
  mandate_id: Schema.NullOr(MandateId),
  definition_version: Schema.NullOr(NamedVersion),
  expires_at: NullableInstantField,
  withdrawn_at: NullableInstantField,
  withdrawn_by: Schema.NullOr(Schema.String),
  created_at: InstantField,
}) {}

/** 409: a person decides on a revision once, and what is approved by enough or rejected is decided on. */
export class AlreadyReviewed extends problem<AlreadyReviewed>()("AlreadyReviewed", {
  code: "already_reviewed",
  status: 409,
  title: "That deliverable has been decided on",
}, { review_status: ReviewStatus }) {}

/** 409: nobody decided on it in time; that is final (the template's `expires_after_seconds`). */
export class DeliverableExpired extends problem<DeliverableExpired>()("DeliverableExpired", {
  code: "deliverable_expired",
  status: 409,
  title: "That deliverable has expired",
}, { expired_at: Instant }) {}

/** 409: its maker writes what a person asked for; the next revision can be decided on. */
export class InRevision extends problem<InRevision>()("InRevision", {
  code: "in_revision",
  status: 409,
  title: "The maker of that deliverable works on its next revision",
}, { since: Instant }) {}

/** 409: a draft with validation errors can be rejected, not approved. */
export class DraftInvalid extends problem<DraftInvalid>()("DraftInvalid", {
  code: "draft_invalid",
  status: 409,
  title: "A draft with validation errors can't be approved",
}, { validation_errors: Schema.Array(Schema.String) }) {}

/** 409: the content is not the one that the decision names. */
export class RevisionChanged extends problem<RevisionChanged>()("RevisionChanged", {
  code: "revision_changed",
  status: 409,
  title: "The content is not the one that was decided on",
}, { content_sha256: Schema.String, revision: Schema.Int }) {}

/** How many revisions by its maker a deliverable may have. */
export const MOST_BY_MAKER = 10

/** How many revisions a deliverable may have in all. */
export const MOST_REVISIONS = 100

/** 409: it has as many revisions as it may have. */
export class TooManyRevisions extends problem<TooManyRevisions>()("TooManyRevisions", {
  code: "too_many_revisions",
  status: 409,
  title: "That deliverable has as many revisions as it may have",
}, { most: Schema.Int }) {}

/** 409: its maker can't be asked for changes now: the goal, its template or the hire is not what it was, or may not run. */
export class ChangesImpossible extends problem<ChangesImpossible>()("ChangesImpossible", {
  code: "changes_impossible",
  status: 409,
  title: "The maker of that deliverable can't be asked for changes",
}) {}

/** 409: only approvals that still count can be withdrawn. */
export class NotWithdrawable extends problem<NotWithdrawable>()("NotWithdrawable", {
  code: "not_withdrawable",
  status: 409,
  title: "That approval can't be withdrawn",
}) {}

/** 409: the author of the current revision may not be one of those who approve it (the template's `separate_editor`). */
export class SeparateEditor extends problem<SeparateEditor>()("SeparateEditor", {
  code: "separate_editor",
  status: 409,
  title: "Who wrote a revision can't approve it",
}) {}

/** The most decisions of one request (api.md). */
const MOST_DECISIONS = 200

/** What somebody sees: neither a blank nor a character without a look. */
const seen = /[^\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u

/** A request for changes says what is to change. */
export const notesOfChanges = Schema.makeFilter((
  { decision, notes }: { readonly decision: Decision; readonly notes?: string },
) =>
  decision !== "changes_requested" || seen.test(notes ?? "") ||
  { path: ["notes"], issue: "is required: it tells the maker what to change" }
)

/** The number of the revision that was shown. */
const revision = Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MOST_REVISIONS })))

/** One decision of many; `content_sha256` is that of the content that was shown, `revision` its number. */
export const DecisionItem = Schema.Struct({
  deliverable_id: DeliverableId,
  decision: Decision,
  content_sha256: Sha256,
  revision,
  notes: Schema.optionalKey(text(4000)),
}).check(notesOfChanges)
export type DecisionItem = typeof DecisionItem.Type

/** What came of it: the deliverable, or the problem that a single review would have answered with. */
export const DecisionAnswer = Schema.Struct({
  deliverable_id: DeliverableId,
  deliverable: Schema.optionalKey(Deliverable),
  problem: Schema.optionalKey(AnyProblem),
})
export type DecisionAnswer = typeof DecisionAnswer.Type

/** 404, also for another customer's. */
export class ApprovalNotFound extends problem<ApprovalNotFound>()("ApprovalNotFound", {
  code: "approval_not_found",
  status: 404,
  title: "There is no such approval",
}) {}

const params = { id: DeliverableId }

/** What a review may be refused with. */
export const reviewProblems = [
  DeliverableNotFound,
  DeliverableGone,
  PreconditionFailed,
  SubscriptionEnded,
  DeliverablesHireDeactivated,
  RevisionChanged,
  InRevision,
  DeliverableExpired,
  TooManyRevisions,
  ChangesImpossible,
  SeparateEditor,
  AlreadyReviewed,
  // a draft that needs no review may be executed before it is reviewed
  AlreadyExecuted,
  ExecutionInProgress,
  DraftInvalid,
  Unavailable,
] as const

/** Endpoints that review deliverables and read the decisions. */
export class ReviewsGroup extends HttpApiGroup.make("reviews")
  .annotate(OpenApi.Title, "Reviews")
  .annotate(OpenApi.Description, "Decisions of customers on drafts, kept for ever.")
  .add(
    HttpApiEndpoint.post("review", "/deliverables/:id/review", {
      params,
      headers: Schema.Struct({ ...IdempotencyHeader.fields, ...ConditionalHeaders }),
      payload: Schema.Struct({
        decision: Decision,
        notes: Schema.optionalKey(text(4000)),
        /** Of the content that was shown; without it the decision is on whatever the content is. */
        content_sha256: Schema.optionalKey(Sha256),
        revision,
      }).check(notesOfChanges),
      success: Deliverable,
      error: [...reviewProblems],
    }).annotate(Access, ["customer"]).annotate(Needs, "reviewer").annotateMerge(tagged)
      .annotate(OpenApi.Summary, "Approve or reject a deliverable, or ask for changes")
      .annotate(
        OpenApi.Description,
        "Its customer only, or a person of it who has the duty reviewer, once a person and revision: a second decision is 409 already_reviewed. " +
          "A decision on a revision or hash that is not the current one is 409 revision_changed with the current one. " +
          "changes_requested needs notes: the maker writes the next revision from the hire and the goal as they now are, at most ten in " +
          "all, and meanwhile it is in_revision; where it can't, it waits for a decision again, and review_notes says why. A builtin of a " +
          "type that is deterministic reads no notes: it makes of the same config and settings the same. A draft with validation errors " +
          "can be rejected, not approved (409 draft_invalid). The approval covers this content, by its SHA-256, and the " +
          "hire's target with its url and secret's name; once these changed it can be decided on again. " +
          "Safe to repeat under the same Idempotency-Key.",
      ),
    HttpApiEndpoint.post("decide", "/deliverables/decisions", {
      headers: IdempotencyHeader,
      payload: Schema.Struct({ items: Schema.Array(DecisionItem).check(Schema.isBetweenLength(1, MOST_DECISIONS)) }),
      success: Schema.Struct({ items: Schema.Array(DecisionAnswer) }),
      error: Unavailable,
    }).annotate(Access, ["customer"]).annotate(Needs, "reviewer")
      .annotate(OpenApi.Summary, "Decide on many deliverables")
      .annotate(
        OpenApi.Description,
        "Their customer only, up to 200 at once, each with the SHA-256 of the content that was shown. Each has its own " +
          "answer, in the order of the request: the deliverable, or the problem of a single review; one that is refused " +
          "keeps no other back. Safe to repeat under the same Idempotency-Key.",
      ),
    HttpApiEndpoint.get("ofDeliverable", "/deliverables/:id/approvals", {
      params,
      query: pageQuery,
      success: listOf(Approval.json),
      error: [DeliverableNotFound, InvalidRequest],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List the decisions on a deliverable")
      .annotate(OpenApi.Description, "For its customer, operators and viewers."),
    HttpApiEndpoint.get("get", "/approvals/:id", {
      params: { id: ApprovalId },
      success: Approval.json,
      error: ApprovalNotFound,
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "Get a decision")
      .annotate(OpenApi.Description, "An approval or a rejection, for its customer, operators and viewers."),
    HttpApiEndpoint.post("withdraw", "/approvals/:id/withdraw", {
      params: { id: ApprovalId },
      headers: IdempotencyHeader,
      payload: Schema.Struct({ reason: Schema.optionalKey(text(1000)) }),
      success: Approval.json,
      error: [
        ApprovalNotFound,
        NotWithdrawable,
        AlreadyExecuted,
        ExecutionInProgress,
        Unavailable,
      ],
    }).annotate(Access, ["customer"]).annotate(Needs, "reviewer")
      .annotate(OpenApi.Summary, "Withdraw an approval")
      .annotate(
        OpenApi.Description,
        "Its customer only, or a person of it who has the duty reviewer, until an execution begins: the deliverable waits for " +
          "a decision again. Safe to repeat under the same Idempotency-Key.",
      ),
    HttpApiEndpoint.get("ofCustomer", "/approvals", {
      query: { customer_id: CustomerId, mandate_id: Schema.optionalKey(MandateId), ...pageQuery },
      success: listOf(Approval.json),
      error: [CustomerNotFound, InvalidRequest],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List a customer's decisions")
      .annotate(
        OpenApi.Description,
        "A customer lists its own, operators and viewers any customer's; with mandate_id those that this mandate gave.",
      ),
  ) {}
