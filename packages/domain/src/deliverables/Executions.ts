/** Executing an approved deliverable: once, and only the content that was approved (domain.md, "Rules: review and execute"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Access, Needs } from "../Caller.ts"
import {
  Deliverable,
  DeliverableGone,
  DeliverableNotFound,
  DeliverablesHireDeactivated,
  Execution,
  ReviewStatus,
  SubscriptionEnded,
} from "./Deliverables.ts"
import { DeliverableId } from "../Ids.ts"
import { InvalidRequest, PreconditionFailed, problem, Unavailable } from "../Problem.ts"
import {
  ConditionalHeaders,
  Instant,
  InterimReplies,
  RequiredIdempotencyHeader,
  tagged,
  WaitsForOthers,
} from "../Protocol.ts"

/** 409: a deliverable is executed once. */
export class AlreadyExecuted extends problem<AlreadyExecuted>()("AlreadyExecuted", {
  code: "already_executed",
  status: 409,
  title: "That deliverable has been executed",
}) {}

/** 409: only approved content is executed. */
export class NotApproved extends problem<NotApproved>()("NotApproved", {
  code: "not_approved",
  status: 409,
  title: "That deliverable is not approved",
}, { review_status: ReviewStatus }) {}

/** 403: a draft that acts on the world needs its approval named. */
export class ApprovalRequired extends problem<ApprovalRequired>()("ApprovalRequired", {
  code: "approval_required",
  status: 403,
  title: "The approval_id is needed",
}) {}

/** 403: the approval_id is not the one of this deliverable's approval. */
export class ApprovalInvalid extends problem<ApprovalInvalid>()("ApprovalInvalid", {
  code: "approval_invalid",
  status: 403,
  title: "The approval_id is not of this deliverable",
}) {}

/** 409: content, revision or the hire's definition version is not what was approved. Nothing is executed. */
export class ContentChanged extends problem<ContentChanged>()("ContentChanged", {
  code: "content_changed",
  status: 409,
  title: "The content is not what was approved",
}, { changed: Schema.Array(Schema.Literals(["payload", "revision", "definition_version"])) }) {}

/** 409: the approval is older than the template lets it be (`valid_for_seconds`). It can be given again. */
export class ApprovalExpired extends problem<ApprovalExpired>()("ApprovalExpired", {
  code: "approval_expired",
  status: 409,
  title: "The approval is too old",
}, { expired_at: Instant }) {}

/** 409: the hire's target, its url or its secret's name is not what was approved. Nothing is executed. */
export class TargetChanged extends problem<TargetChanged>()("TargetChanged", {
  code: "target_changed",
  status: 409,
  title: "The target is not what was approved",
}, { changed: Schema.Array(Schema.Literals(["target", "url", "secret_ref"])) }) {}

/** 409: an attempt to deliver is under way, or the next one is waiting for its time. */
export class ExecutionInProgress extends problem<ExecutionInProgress>()("ExecutionInProgress", {
  code: "execution_in_progress",
  status: 409,
  title: "The execution is in progress",
}, { execution: Execution }) {}

/** The 202 of an execution whose delivery will be retried; `location` is where its state can be read. */
const accepted = HttpApiSchema.WithHeaders(Deliverable.pipe(HttpApiSchema.status(202)), { location: Schema.String })

/** The endpoint that executes deliverables. */
export class ExecutionsGroup extends HttpApiGroup.make("executions")
  .annotate(OpenApi.Title, "Executions")
  .annotate(OpenApi.Description, "Delivery of approved deliverables to the target of their hire.")
  .add(
    HttpApiEndpoint.post("execute", "/deliverables/:id/execute", {
      params: { id: DeliverableId },
      headers: Schema.Struct({ ...RequiredIdempotencyHeader.fields, ...ConditionalHeaders }),
      payload: Schema.Struct({
        approval_id: Schema.optionalKey(
          // any text: an ill-formed one is 403 approval_invalid, not 400
          Schema.String.annotate({ examples: ["APR-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11"] }),
        ),
      }),
      success: [Deliverable, accepted],
      error: [
        DeliverableNotFound,
        DeliverableGone,
        PreconditionFailed,
        SubscriptionEnded,
        DeliverablesHireDeactivated,
        AlreadyExecuted,
        NotApproved,
        ApprovalRequired,
        ApprovalInvalid,
        ContentChanged,
        TargetChanged,
        ApprovalExpired,
        ExecutionInProgress,
        InvalidRequest,
        Unavailable,
      ],
    }).annotate(Access, ["customer"]).annotate(Needs, "reviewer").annotateMerge(tagged).annotate(InterimReplies, true)
      .annotate(WaitsForOthers, true)
      .annotate(OpenApi.Summary, "Execute a deliverable")
      .annotate(
        OpenApi.Description,
        "Its customer only, once, under a required Idempotency-Key. What acts on the world needs its " +
          "`approval_id` (403). 200 when it was delivered, 202 while delivery is retried (meanwhile 409 " +
          "execution_in_progress under another key); 409 content_changed or target_changed when content or target is " +
          "not what was approved.",
      ),
  ) {}
