/** The contract of deliverables: drafts, the decision on them, their execution (domain.md, "Rules: review and execute"). */
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { AlreadyReviewed, Approval, ApprovalNotFound, Decision, DraftInvalid, ReviewStatus } from "./Approvals.ts"
import { Access, Authorization } from "../Caller.ts"
import {
  BatchAnswer,
  BatchItem,
  Deliverable,
  DeliverableGone,
  DeliverableNotFound,
  DeliverablesHireGone,
  DeliverablesHireNotFound,
  DraftImpossible,
  DraftKeyMismatch,
  DraftRequest,
  RunGoalNotFound,
  RunNotRunnable,
  SubscriptionEnded,
} from "./Deliverables.ts"
import {
  AlreadyExecuted,
  ApprovalInvalid,
  ApprovalRequired,
  ContentChanged,
  ExecutionInProgress,
  NotApproved,
} from "./Executions.ts"
import { ApprovalId, CustomerId, DeliverableId, HiredInstanceId } from "../Ids.ts"
import { CustomerNotFound, InvalidRequest, Unavailable } from "../Problem.ts"
import {
  BodyLimits,
  created,
  Idempotency,
  IdempotencyHeader,
  KeepsReplies,
  listOf,
  Page,
  RequestProblems,
  RequiredIdempotencyHeader,
  strict,
  text,
} from "../Protocol.ts"
import { TrialDeliverablesGroup } from "./TrialDeliverables.ts"

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
