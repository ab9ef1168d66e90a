/** Where executions are delivered: the interface of a target. */
import type { ExecutionSettings } from "@stint/domain/Definition/HireSettings"
import { type DateTime, type Effect, Schema } from "effect"
import type { ExecutionRow } from "./Row.ts"

/** What is delivered. Every attempt has the same delivery id; `attempts` counts this one. */
export type Delivery = Pick<
  ExecutionRow,
  "delivery_id" | "deliverable_id" | "approval_id" | "content_sha256" | "body" | "attempts"
>

/** A failed attempt. `why` is shown to the customer; `permanent`: another attempt would fail the same way. */
export class DeliveryError extends Schema.TaggedError<DeliveryError>()("DeliveryError", {
  why: Schema.String,
  permanent: Schema.Boolean,
}) {}

/** A target. */
export interface Target {
  /** Delivers, and succeeds with the time of delivery. A repeat has the same delivery id, so that it can be recognised. */
  deliver(delivery: Delivery, settings: ExecutionSettings): Effect.Effect<DateTime.Utc, DeliveryError>
}
