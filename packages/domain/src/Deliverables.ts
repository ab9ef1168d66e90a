/** Deliverables: drafts, the decision on them, their execution (domain.md, "Rules: review and execute"). */
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Model } from "effect/schema"
import { Access, Authorization } from "./Caller.ts"
import { ApprovalId, CustomerId, DeliverableId, GoalInstanceId, GoalTemplateId, HiredInstanceId } from "./Ids.ts"
import { DraftPayload } from "./Payload.ts"
import { AnyProblem, CustomerNotFound, InvalidRequest, problem, Unavailable } from "./Problem.ts"
import {
  BodyLimits,
  created,
  Idempotency,
  IdempotencyHeader,
  Instant,
  InstantField,
  KeepsReplies,
  listOf,
  Page,
  RequestProblems,
  RequiredIdempotencyHeader,
  strict,
  text,
} from "./Protocol.ts"
import { TrialDeliverablesGroup } from "./TrialDeliverables.ts"

/** pending_review -> approved or rejected, once. */
export const ReviewStatus = Schema.Literals(["pending_review", "approved", "rejected"])
export type ReviewStatus = typeof ReviewStatus.Type

/** not_executed -> executed, once. */
export const ExecutionStatus = Schema.Literals(["not_executed", "executed"])
export type ExecutionStatus = typeof ExecutionStatus.Type

/** What a person decides. */
export const Decision = Schema.Literals(["approved", "rejected"])
export type Decision = typeof Decision.Type

/**
 * An execution that is under way or done: one delivery id for all its attempts. Without a `next_attempt_at` no attempt
 * comes any more: it was delivered, or `last_error` says what has to be mended before it is asked for again.
 */
export const Execution = Schema.Struct({
  delivery_id: Schema.String.annotate({ examples: ["01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11"] }),
  attempts: Schema.Int,
  last_error: Schema.NullOr(Schema.String),
  next_attempt_at: Schema.NullOr(Instant),
})
export type Execution = typeof Execution.Type

/** A deliverable on the wire. `execution` is there once an execution was asked for. */
export class Deliverable extends Schema.Class<Deliverable>("Deliverable")({
  deliverable_id: DeliverableId,
  hired_instance_id: HiredInstanceId,
  goal_instance_id: GoalInstanceId,
  goal_template_id: GoalTemplateId,
  title: Schema.String,
  payload: DraftPayload,
  review_status: ReviewStatus,
  review_notes: Schema.NullOr(Schema.String),
  approval_id: Schema.NullOr(ApprovalId),
  execution_status: ExecutionStatus,
  execution: Schema.optionalKey(Execution),
  executed_at: Schema.NullOr(Instant),
  created_at: Instant,
  updated_at: Instant,
}) {}

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

/** What the scheduler asks for: the draft of one slot of one goal. */
export const DraftRequest = Schema.Struct({
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  scheduled_time: Instant,
})
export type DraftRequest = typeof DraftRequest.Type

/** One of a batch, with the run's own key. */
export const BatchItem = Schema.Struct({
  idempotency_key: Schema.String.check(Schema.isPattern(/^[\x21-\x7e]{1,255}$/)),
  ...DraftRequest.fields,
})
export type BatchItem = typeof BatchItem.Type

/** The answer for one of a batch: the deliverable, or the problem that a single call would have answered with. */
export const BatchAnswer = Schema.Struct({
  idempotency_key: Schema.String,
  deliverable: Schema.optionalKey(Deliverable),
  problem: Schema.optionalKey(AnyProblem),
})
export type BatchAnswer = typeof BatchAnswer.Type

const notFound = { code: "deliverable_not_found", status: 404, title: "There is no such deliverable" } as const
/** 404, also for another customer's. */
export class DeliverableNotFound extends problem<DeliverableNotFound>()("DeliverableNotFound", notFound) {}

/** 410: deleted, or its hire is past its retention. Its approvals stay. */
export class DeliverableGone extends problem<DeliverableGone>()("DeliverableGone", {
  code: "deliverable_gone",
  status: 410,
  title: "That deliverable is gone",
}) {}

/** 404 and 409 of the run's goal or hire: the run is cancelled, there is nothing to dead-letter. */
export class RunGoalNotFound extends problem<RunGoalNotFound>()("RunGoalNotFound", {
  code: "goal_not_found",
  status: 404,
  title: "There is no such goal",
}) {}

/** 409: hiring says that the hire may not run. */
export class RunNotRunnable extends problem<RunNotRunnable>()("RunNotRunnable", {
  code: "hire_not_runnable",
  status: 409,
  title: "The hired agent can't run now",
}) {}

/** 422: no draft can be made of this goal as it is configured. */
export class DraftImpossible extends problem<DraftImpossible>()("DraftImpossible", {
  code: "draft_impossible",
  status: 422,
  title: "No draft can be made of this goal",
}) {}

/** 422: the run's key stands for another goal or slot. */
export class DraftKeyMismatch extends problem<DraftKeyMismatch>()("DraftKeyMismatch", {
  code: "idempotency_mismatch",
  status: 422,
  title: "This key stands for another run",
}) {}

/** 409: the subscription is canceled: no reviews and no executions. */
export class SubscriptionEnded extends problem<SubscriptionEnded>()("SubscriptionEnded", {
  code: "subscription_not_active",
  status: 409,
  title: "The subscription has ended",
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

/** 409: executed once. */
export class AlreadyExecuted extends problem<AlreadyExecuted>()("AlreadyExecuted", {
  code: "already_executed",
  status: 409,
  title: "That deliverable has been executed",
}) {}

/** 409: only what was approved is executed. */
export class NotApproved extends problem<NotApproved>()("NotApproved", {
  code: "not_approved",
  status: 409,
  title: "That deliverable is not approved",
}, { review_status: ReviewStatus }) {}

/** 403: an intent that acts on the world needs its approval named. */
export class ApprovalRequired extends problem<ApprovalRequired>()("ApprovalRequired", {
  code: "approval_required",
  status: 403,
  title: "The approval_id is needed",
}) {}

/** 403: not the approval of this deliverable. */
export class ApprovalInvalid extends problem<ApprovalInvalid>()("ApprovalInvalid", {
  code: "approval_invalid",
  status: 403,
  title: "That is not the approval of this deliverable",
}) {}

/** 409: the stored content is not what was approved. Nothing is executed. */
export class ContentChanged extends problem<ContentChanged>()("ContentChanged", {
  code: "content_changed",
  status: 409,
  title: "The content is not what was approved",
}) {}

/** 409: the execution is being delivered or waits for its next attempt. */
export class ExecutionInProgress extends problem<ExecutionInProgress>()("ExecutionInProgress", {
  code: "execution_in_progress",
  status: 409,
  title: "The execution is in progress",
}, { execution: Execution }) {}

/** 404. */
export class ApprovalNotFound extends problem<ApprovalNotFound>()("ApprovalNotFound", {
  code: "approval_not_found",
  status: 404,
  title: "There is no such approval",
}) {}

/** 404 of a list under a hire. */
export class DeliverablesHireNotFound extends problem<DeliverablesHireNotFound>()("DeliverablesHireNotFound", {
  code: "hire_not_found",
  status: 404,
  title: "There is no such hired agent",
}) {}

/** 410 of a list under a hire. */
export class DeliverablesHireGone extends problem<DeliverablesHireGone>()("DeliverablesHireGone", {
  code: "hire_gone",
  status: 410,
  title: "That hired agent is past its retention",
}) {}

/** The 202 of an execution that is still being delivered: where to see how it goes. */
const queued = HttpApiSchema.WithHeaders(Deliverable.pipe(HttpApiSchema.status(202)), { location: Schema.String })

const params = { id: DeliverableId }
const readers = ["customer", "operator", "viewer"] as const
const review_status = Schema.optionalKey(ReviewStatus)

/** Endpoints of deliverables and approvals. */
export class DeliverablesGroup extends HttpApiGroup.make("deliverables")
  .annotate(OpenApi.Title, "Deliverables")
  .annotate(OpenApi.Description, "What agents drafted, who decided on it, and what was executed.")
  .add(
    HttpApiEndpoint.post("create", "/deliverables", {
      headers: RequiredIdempotencyHeader,
      payload: DraftRequest,
      success: created(Deliverable),
      error: [RunGoalNotFound, RunNotRunnable, DraftImpossible, DraftKeyMismatch, InvalidRequest, Unavailable],
    }).annotate(Access, ["service"]).annotate(KeepsReplies, true)
      .annotate(OpenApi.Summary, "Make the draft of a run")
      .annotate(
        OpenApi.Description,
        "Services only. The Idempotency-Key is required and is the run's own: the same key gives the same " +
          "deliverable for ever, another goal or slot under it is 422.",
      ),
    HttpApiEndpoint.post("createBatch", "/deliverables/batch", {
      payload: Schema.Struct({
        items: Schema.Array(BatchItem).check(Schema.isBetweenLength(1, 1000)),
      }),
      success: Schema.Struct({ items: Schema.Array(BatchAnswer) }),
      error: Unavailable,
    }).annotate(Access, ["service"])
      .annotate(OpenApi.Summary, "Make the drafts of many runs")
      .annotate(
        OpenApi.Description,
        "Services only, up to 1000 at once. No header key: each item brings its run's, and has its own " +
          "answer, a deliverable or a problem.",
      ),
    HttpApiEndpoint.get("inbox", "/deliverables", {
      query: { customer_id: CustomerId, review_status, ...Page },
      success: listOf(Deliverable),
      error: [CustomerNotFound, InvalidRequest, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List a customer's deliverables")
      .annotate(
        OpenApi.Description,
        "The inbox: a customer lists its own, operators and viewers any customer's; `review_status` narrows " +
          "it to what waits for a decision.",
      ),
    HttpApiEndpoint.get("get", "/deliverables/:id", {
      params,
      success: Deliverable,
      error: [DeliverableNotFound, DeliverableGone, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "Get a deliverable")
      .annotate(
        OpenApi.Description,
        "For its customer, operators and viewers; 410 deliverable_gone once it is deleted or past its retention.",
      ),
    HttpApiEndpoint.get("byHire", "/hired-agents/:hire/deliverables", {
      params: { hire: HiredInstanceId },
      query: { review_status, ...Page },
      success: listOf(Deliverable),
      error: [DeliverablesHireNotFound, DeliverablesHireGone, InvalidRequest, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List the deliverables of a hired agent")
      .annotate(OpenApi.Description, "For its customer, operators and viewers; `review_status` narrows it."),
    HttpApiEndpoint.post("review", "/deliverables/:id/review", {
      params,
      headers: IdempotencyHeader,
      payload: Schema.Struct({ decision: Decision, notes: Schema.optionalKey(text(4000)) }),
      success: Deliverable,
      error: [
        DeliverableNotFound,
        DeliverableGone,
        SubscriptionEnded,
        AlreadyReviewed,
        // a draft that needs no review can be on its way already
        AlreadyExecuted,
        ExecutionInProgress,
        DraftInvalid,
        Unavailable,
      ],
    }).annotate(Access, ["customer"])
      .annotate(OpenApi.Summary, "Approve or reject a deliverable")
      .annotate(
        OpenApi.Description,
        "Its customer only, once: a second decision is 409 already_reviewed. A draft with validation errors " +
          "can be rejected, not approved (409 draft_invalid). The approval is of this content, by its SHA-256. " +
          "Safe to repeat under the same Idempotency-Key.",
      ),
    HttpApiEndpoint.post("execute", "/deliverables/:id/execute", {
      params,
      headers: RequiredIdempotencyHeader,
      payload: Schema.Struct({
        approval_id: Schema.optionalKey(
          // any text: an ill-formed one is 403 approval_invalid, not 400
          Schema.String.annotate({ examples: ["APR-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11"] }),
        ),
      }),
      success: [Deliverable, queued],
      error: [
        DeliverableNotFound,
        DeliverableGone,
        SubscriptionEnded,
        AlreadyExecuted,
        NotApproved,
        ApprovalRequired,
        ApprovalInvalid,
        ContentChanged,
        ExecutionInProgress,
        InvalidRequest,
        Unavailable,
      ],
    }).annotate(Access, ["customer"])
      .annotate(OpenApi.Summary, "Execute a deliverable")
      .annotate(
        OpenApi.Description,
        "Its customer only, once, under a required Idempotency-Key. What acts on the world needs its " +
          "`approval_id` (403). 200 when it was delivered, 202 while delivery is tried again (meanwhile 409 " +
          "execution_in_progress); 409 content_changed when it is not what was approved.",
      ),
    HttpApiEndpoint.delete("remove", "/deliverables/:id", {
      params,
      success: Schema.Struct({ deleted: Schema.Boolean, deliverable_id: DeliverableId }),
      error: [DeliverableNotFound, DeliverableGone, Unavailable],
    }).annotate(Access, ["customer"])
      .annotate(OpenApi.Summary, "Delete a deliverable")
      .annotate(OpenApi.Description, "Its customer only. It is shown no more (410); its approvals stay."),
    HttpApiEndpoint.get("approvals", "/deliverables/:id/approvals", {
      params,
      query: Page,
      success: listOf(Approval.json),
      error: [DeliverableNotFound, InvalidRequest],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List the decisions on a deliverable")
      .annotate(OpenApi.Description, "For its customer, operators and viewers."),
    HttpApiEndpoint.get("approval", "/approvals/:id", {
      params: { id: ApprovalId },
      success: Approval.json,
      error: ApprovalNotFound,
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "Get a decision")
      .annotate(OpenApi.Description, "An approval or a rejection, for its customer, operators and viewers."),
    HttpApiEndpoint.get("approvalsOf", "/approvals", {
      query: { customer_id: CustomerId, ...Page },
      success: listOf(Approval.json),
      error: [CustomerNotFound, InvalidRequest],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List a customer's decisions")
      .annotate(OpenApi.Description, "A customer lists its own, operators and viewers any customer's."),
  ) {}

/** Deliverables: what an agent drafted, who decided on it, and what was executed; and what was made in trials. */
export class DeliverablesApi extends HttpApi.make("deliverables")
  .add(DeliverablesGroup, TrialDeliverablesGroup)
  .prefix("/api/v1")
  .middleware(Idempotency)
  .middleware(BodyLimits)
  .middleware(Authorization)
  .middleware(RequestProblems)
  .annotateMerge(strict)
  .annotateMerge(
    OpenApi.annotations({ title: "Stint deliverables", version: "1", description: "Drafts, approvals, executions." }),
  ) {}
