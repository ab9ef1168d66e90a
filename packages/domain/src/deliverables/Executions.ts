/** The execution of an approved deliverable: once, and of what was approved (domain.md, "Rules: review and execute"). */
import { Schema } from "effect"
import { ReviewStatus } from "./Approvals.ts"
import { problem } from "../Problem.ts"
import { Instant } from "../Protocol.ts"

/** not_executed -> executed, once. */
export const ExecutionStatus = Schema.Literals(["not_executed", "executed"])
export type ExecutionStatus = typeof ExecutionStatus.Type

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
