/** Deliverables: what is asked for, what was drafted, and why it can't be had (domain.md, "Drafts"). */
import { Schema } from "effect"
import { ReviewStatus } from "./Approvals.ts"
import { Execution, ExecutionStatus } from "./Executions.ts"
import { ApprovalId, DeliverableId, GoalInstanceId, GoalTemplateId, HiredInstanceId } from "../Ids.ts"
import { DraftPayload } from "../Payload.ts"
import { AnyProblem, problem } from "../Problem.ts"
import { Instant } from "../Protocol.ts"

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
