/** Deliverables: the drafts of agents with their review and execution status (domain.md, "Drafts"). Reading and deleting them. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import {
  AgentTypeId,
  ApprovalId,
  CustomerId,
  DeliverableId,
  GoalInstanceId,
  GoalTemplateId,
  HiredInstanceId,
  MandateId,
} from "../Ids.ts"
import { DraftPayload } from "../Payload.ts"
import { CustomerNotFound, InvalidRequest, PreconditionFailed, problem, Unavailable } from "../Problem.ts"
import { ConditionalHeaders, Instant, listOf, pageQuery, tagged } from "../Protocol.ts"

/**
 * pending_review -> approved, rejected, in_revision (a person asked for changes) or expired (nobody decided in time; final, as
 * rejected is). in_revision -> pending_review with the maker's next revision; an edit or a withdrawal leads approved back to
 * pending_review (domain.md, "States").
 */
export const ReviewStatus = Schema.Literals(["pending_review", "approved", "rejected", "in_revision", "expired"])
export type ReviewStatus = typeof ReviewStatus.Type

/** not_executed -> executed, once. */
export const ExecutionStatus = Schema.Literals(["not_executed", "executed"])
export type ExecutionStatus = typeof ExecutionStatus.Type

/**
 * waiting: an attempt is under way or follows. delivered. failed: no attempt follows until a person asks for one. refused: it
 * may not be delivered, `reason` says why.
 */
export const DeliveryState = Schema.Literals(["waiting", "delivered", "failed", "refused"])
export type DeliveryState = typeof DeliveryState.Type

/** Why a delivery was refused. */
export const DeliveryRefusal = Schema.Literals([
  "subscription_canceled",
  "hire_deactivated",
  "hire_gone",
  "deliverable_deleted",
  "content_changed",
  "target_changed",
  "approval_expired",
  "approval_withdrawn",
])
export type DeliveryRefusal = typeof DeliveryRefusal.Type

/**
 * How the delivery of an execution stands. All its attempts have the same delivery id. `next_attempt_at` is null when no
 * attempt follows: it was delivered, or `last_error` says what to correct before it is executed again.
 */
export const Execution = Schema.Struct({
  delivery_id: Schema.String.annotate({ examples: ["DLV-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11"] }),
  /** Absent in answers of 0.2.0. */
  state: Schema.optionalKey(DeliveryState),
  /** Of a refused one, its code; else null. */
  reason: Schema.optionalKey(Schema.NullOr(DeliveryRefusal)),
  attempts: Schema.Int,
  last_error: Schema.NullOr(Schema.String),
  next_attempt_at: Schema.NullOr(Instant),
})
export type Execution = typeof Execution.Type

/**
 * A deliverable on the wire. `execution` is present once an execution was requested. `content_sha256`: of the payload's canonical
 * JSON (RFC 8785), by which an approval covers it; absent in answers to the scheduler and of 0.2.0.
 */
export class Deliverable extends Schema.Class<Deliverable>("Deliverable")({
  deliverable_id: DeliverableId,
  hired_instance_id: HiredInstanceId,
  goal_instance_id: GoalInstanceId,
  goal_template_id: GoalTemplateId,
  title: Schema.String,
  payload: DraftPayload,
  content_sha256: Schema.optionalKey(Schema.String),
  /** The number of the revision that `payload` is, from 1. As those that follow, absent in answers of 0.2.0. */
  revision: Schema.optionalKey(Schema.Int),
  /** Until when it can be decided on; null when it never expires. */
  expires_at: Schema.optionalKey(Schema.NullOr(Instant)),
  /** How many different people must approve it. */
  approvals_needed: Schema.optionalKey(Schema.Int),
  /** How many people approved this revision, and neither withdrew nor let it get too old. */
  approvals_given: Schema.optionalKey(Schema.Int),
  /** Until when an approved one may be executed; null when its approval never gets too old, or it is not approved. */
  approval_expires_at: Schema.optionalKey(Schema.NullOr(Instant)),
  /** The person or customer who wrote this revision; null when its maker did. */
  edited_by: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** The mandate that approved it; null when people did, or nobody has. */
  mandate_id: Schema.optionalKey(Schema.NullOr(MandateId)),
  review_status: ReviewStatus,
  review_notes: Schema.NullOr(Schema.String),
  approval_id: Schema.NullOr(ApprovalId),
  execution_status: ExecutionStatus,
  execution: Schema.optionalKey(Execution),
  executed_at: Schema.NullOr(Instant),
  created_at: Instant,
  updated_at: Instant,
}) {}

const notFound = { code: "deliverable_not_found", status: 404, title: "There is no such deliverable" } as const
/** 404, also for another customer's. */
export class DeliverableNotFound extends problem<DeliverableNotFound>()("DeliverableNotFound", notFound) {}

/** 410: it was deleted, or its hire is past its retention. Its approvals stay readable. */
export class DeliverableGone extends problem<DeliverableGone>()("DeliverableGone", {
  code: "deliverable_gone",
  status: 410,
  title: "That deliverable is gone",
}) {}

/** 409: the subscription is canceled: no reviews and no executions. */
export class SubscriptionEnded extends problem<SubscriptionEnded>()("SubscriptionEnded", {
  code: "subscription_not_active",
  status: 409,
  title: "The subscription has ended",
}) {}

/** 409: the hire is deactivated: no reviews and no executions. */
export class DeliverablesHireDeactivated extends problem<DeliverablesHireDeactivated>()("DeliverablesHireDeactivated", {
  code: "hire_deactivated",
  status: 409,
  title: "The hired agent is deactivated",
}) {}

/** 404 of a list under a hire, also for another customer's hire. */
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

const params = { id: DeliverableId }
const review_status = Schema.optionalKey(ReviewStatus)

/** The roles that read deliverables: customers their own, operators and viewers all. */
export const readers = ["customer", "operator", "viewer"] as const

/** Drafts that expire within this time count as expiring, in seconds. */
export const EXPIRING_SECONDS = 24 * 3600

/** Where counts stop: as many as this are so many or more, so that a count of very many costs no more than one of a few. */
export const MOST_COUNTED = 10_000

/**
 * How many deliverables wait for what; 10,000 stands for as many or more. `in_revision`: their makers work on what was asked for. `expiring`: those of
 * `pending_review` that expire within 24 hours. `approved_waiting`: approved, and nobody asked for their execution yet.
 * `delivery_failed`: executions that failed and are not tried again until a person asks for it.
 */
export const DeliverableCounts = Schema.Struct({
  pending_review: Schema.Int,
  in_revision: Schema.Int,
  expiring: Schema.Int,
  approved_waiting: Schema.Int,
  delivery_failed: Schema.Int,
})
export type DeliverableCounts = typeof DeliverableCounts.Type

/** Among how many of a list's newest deliverables a text is searched for. */
export const SEARCHED = 1_000

/** A text that is searched for. */
export const SearchText = Schema.Trimmed.check(Schema.isBetweenLength(2, 100)).annotate({ examples: ["toothache"] })

/** Endpoints that read and delete deliverables. */
export class DeliverablesGroup extends HttpApiGroup.make("deliverables")
  .annotate(OpenApi.Title, "Deliverables")
  .annotate(OpenApi.Description, "The drafts of agents, with their review and execution status.")
  .add(
    HttpApiEndpoint.get("inbox", "/deliverables", {
      query: {
        customer_id: Schema.optionalKey(CustomerId),
        agent_id: Schema.optionalKey(AgentTypeId),
        goal_instance_id: Schema.optionalKey(GoalInstanceId),
        hired_instance_id: Schema.optionalKey(HiredInstanceId),
        review_status,
        execution_status: Schema.optionalKey(ExecutionStatus),
        /** A text that its title, or a text of its payload, has in any case. */
        search: Schema.optionalKey(SearchText),
        /** Made from this instant on. */
        from: Schema.optionalKey(Instant),
        /** Made before this instant. */
        to: Schema.optionalKey(Instant),
        /** true: only drafts that wait for a decision and expire within 24 hours. */
        expiring: Schema.optionalKey(Schema.Literal("true")),
        /**
         * created (newest first, the default) or expiry: what waits for a decision of one customer, what expires first, then what never
         * expires, oldest first.
         */
        order: Schema.optionalKey(Schema.Literals(["created", "expiry"])),
        ...pageQuery,
      },
      success: listOf(Deliverable),
      error: [CustomerNotFound, InvalidRequest, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List deliverables")
      .annotate(
        OpenApi.Description,
        "The inbox, newest first: a customer lists its own, operators and viewers any customer's, or all without " +
          "`customer_id`; by agent type, goal, hired agent, review and execution status, and when they were made, in [from, to). " +
          `\`search\` finds a text in titles and payloads, among the newest ${SEARCHED} that the rest of the filter lets through. ` +
          "`expiring` and `order=expiry` list what waits for a decision: with another `review_status` they are 400, and so is " +
          "`order=expiry` without a customer, or with a `search` or an `execution_status`. Drafts that were made by 0.2.0 are in no list by `agent_id`.",
      ),
    HttpApiEndpoint.get("counts", "/deliverables/counts", {
      query: { customer_id: Schema.optionalKey(CustomerId) },
      success: DeliverableCounts,
      error: [CustomerNotFound, InvalidRequest, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "Count what waits for a person")
      .annotate(
        OpenApi.Description,
        "Drafts that wait for a review, approvals that wait to be executed, and deliveries that failed for good: a customer's " +
          "own; for operators and viewers any customer's, or all without `customer_id`. A count stops at 10,000: that many or more.",
      ),
    HttpApiEndpoint.get("get", "/deliverables/:id", {
      params,
      headers: Schema.Struct(ConditionalHeaders),
      success: Deliverable,
      error: [DeliverableNotFound, DeliverableGone, Unavailable],
    }).annotate(Access, readers).annotateMerge(tagged)
      .annotate(OpenApi.Summary, "Get a deliverable")
      .annotate(
        OpenApi.Description,
        "For its customer, operators and viewers; 410 deliverable_gone once it is deleted or past its retention.",
      ),
    HttpApiEndpoint.get("byHire", "/hired-agents/:hire/deliverables", {
      params: { hire: HiredInstanceId },
      query: { review_status, ...pageQuery },
      success: listOf(Deliverable),
      error: [DeliverablesHireNotFound, DeliverablesHireGone, InvalidRequest, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List the deliverables of a hired agent")
      .annotate(OpenApi.Description, "For its customer, operators and viewers; `review_status` filters."),
    HttpApiEndpoint.delete("remove", "/deliverables/:id", {
      params,
      headers: Schema.Struct(ConditionalHeaders),
      success: Schema.Struct({ deleted: Schema.Boolean, deliverable_id: DeliverableId }),
      error: [DeliverableNotFound, DeliverableGone, PreconditionFailed, Unavailable],
    }).annotate(Access, ["customer"]).annotateMerge(tagged)
      .annotate(OpenApi.Summary, "Delete a deliverable")
      .annotate(OpenApi.Description, "Its customer only. From then on it is 410; its approvals stay readable."),
  ) {}
