/** Deliveries: what became of executions, for their customers and for operators (docs/webhooks.md). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Access, Needs } from "../Caller.ts"
import { DeliveryTarget } from "../Definition/HireSettings.ts"
import { DeliveryRefusal, DeliveryState, readers } from "./Deliverables.ts"
import { ApprovalId, CustomerId, DeliverableId, GoalInstanceId, HiredInstanceId } from "../Ids.ts"
import { CustomerNotFound, InvalidRequest, problem, Unavailable } from "../Problem.ts"
import { IdempotencyHeader, Instant, listOf, pageQuery, text } from "../Protocol.ts"

/** The id of a delivery: the `webhook-id` of all its attempts, and the same when it is made again from the same run and content. */
export const DeliveryId = Schema.String.check(Schema.isMaxLength(128, { message: "must have at most 128 characters" }))
  .annotate({ description: "A delivery", examples: ["DLV-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11"] })

/** A delivery on the wire. `target` is null when the stored one can't be read. */
export class Delivery extends Schema.Class<Delivery>("Delivery")({
  delivery_id: DeliveryId,
  deliverable_id: DeliverableId,
  customer_id: CustomerId,
  hired_instance_id: HiredInstanceId,
  goal_instance_id: GoalInstanceId,
  approval_id: Schema.NullOr(ApprovalId),
  target: Schema.NullOr(DeliveryTarget),
  content_sha256: Schema.String,
  state: DeliveryState,
  reason: Schema.NullOr(DeliveryRefusal),
  attempts: Schema.Int,
  last_error: Schema.NullOr(Schema.String),
  next_attempt_at: Schema.NullOr(Instant),
  /** When it was executed, or tried again by a person, last: three days after it is given up. */
  armed_at: Instant,
  /** When it ended undelivered; null while it has not. */
  gave_up_at: Schema.NullOr(Instant),
  delivered_at: Schema.NullOr(Instant),
  created_at: Instant,
}) {}

/** 404, also for another customer's. */
export class DeliveryNotFound extends problem<DeliveryNotFound>()("DeliveryNotFound", {
  code: "delivery_not_found",
  status: 404,
  title: "There is no such delivery",
}) {}

/** 409: it is delivered, refused, or an attempt is under way. */
export class DeliveryNotRetryable extends problem<DeliveryNotRetryable>()("DeliveryNotRetryable", {
  code: "delivery_not_retryable",
  status: 409,
  title: "That delivery can't be tried again",
}, { state: DeliveryState, reason: Schema.NullOr(DeliveryRefusal) }) {}

const params = { id: DeliveryId }

/** Endpoints of deliveries. */
export class DeliveriesGroup extends HttpApiGroup.make("deliveries")
  .annotate(OpenApi.Title, "Deliveries")
  .annotate(
    OpenApi.Description,
    "What became of executions: which wait, which failed for good, and the retry of those.",
  )
  .add(
    HttpApiEndpoint.get("list", "/deliveries", {
      query: {
        customer_id: Schema.optionalKey(CustomerId),
        state: Schema.optionalKey(DeliveryState),
        ...pageQuery,
      },
      success: listOf(Delivery),
      error: [CustomerNotFound, InvalidRequest, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List deliveries")
      .annotate(
        OpenApi.Description,
        "Newest first. A customer lists its own; operators and viewers those of `customer_id`, or of all. `state` " +
          "filters: `failed` are those that no attempt follows until a person asks for one.",
      ),
    HttpApiEndpoint.get("get", "/deliveries/:id", {
      params,
      success: Delivery,
      error: [DeliveryNotFound, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "Get a delivery")
      .annotate(OpenApi.Description, "For its customer, operators and viewers."),
    HttpApiEndpoint.post("retry", "/deliveries/:id/retry", {
      params,
      headers: IdempotencyHeader,
      payload: Schema.Struct({ reason: Schema.optionalKey(text(1000)) }),
      success: Delivery.pipe(HttpApiSchema.status(202)),
      error: [DeliveryNotFound, DeliveryNotRetryable, InvalidRequest, Unavailable],
    }).annotate(Access, ["customer", "operator"]).annotate(Needs, "reviewer")
      .annotate(OpenApi.Summary, "Try a delivery again")
      .annotate(
        OpenApi.Description,
        "One that failed, or that waits for its next attempt, is tried at once, under the same id, and then for three " +
          "days more. By its customer, or by an operator: it delivers what its customer approved, to where it was " +
          "approved, or is refused. Who asked is kept in an audit log.",
      ),
  ) {}
