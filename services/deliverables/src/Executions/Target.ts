/** Where executions are delivered: the interface of a target. */
import type { DeliveryTarget } from "@stint/domain/Definition/HireSettings"
import { type DateTime, type Effect, Schema } from "effect"
import type { ClaimedRow } from "./Row.ts"

/** What is delivered. Every attempt has the same delivery id and the same bytes. */
export type Delivery = Pick<
  ClaimedRow,
  | "delivery_id"
  | "deliverable_id"
  | "customer_id"
  | "hired_instance_id"
  | "goal_instance_id"
  | "approval_id"
  | "revision"
  | "content_sha256"
  | "body"
  | "created_at"
>

/**
 * A failed attempt. `why` is shown to the customer; `permanent`: another attempt would fail the same way; `retryAfter`: the
 * receiver asks to wait so many milliseconds.
 */
export class DeliveryError extends Schema.TaggedError<DeliveryError>()("DeliveryError", {
  why: Schema.String,
  permanent: Schema.Boolean,
  retryAfter: Schema.optionalKey(Schema.Number),
}) {}

/** A target. */
export interface Target {
  /** Delivers, and succeeds with the time of delivery. A repeat has the same delivery id, so that it can be recognised. */
  deliver(delivery: Delivery, target: DeliveryTarget): Effect.Effect<DateTime.Utc, DeliveryError>
}
