/** Where an execution goes: the port behind which its targets are. */
import type { ExecutionSettings, ExecutionTarget } from "@stint/domain/Definition/HireSettings"
import { Context, type DateTime, type Effect, Schema } from "effect"
import type { ExecutionRow } from "../Executions/Row.ts"

/** What is delivered. The delivery id is the same in every attempt; `attempts` counts this one. */
export type Delivery = Pick<
  ExecutionRow,
  "delivery_id" | "deliverable_id" | "approval_id" | "content_sha256" | "body" | "attempts"
>

/** An attempt that failed: why, in words for the customer, and whether another one can help. */
export class DeliveryError extends Schema.TaggedError<DeliveryError>()("DeliveryError", {
  why: Schema.String,
  permanent: Schema.Boolean,
}) {}

/** One kind of target. */
export interface Target {
  /** Delivers once more, under the same delivery id: the receiver can tell a repetition. When it was there. */
  deliver(delivery: Delivery, settings: ExecutionSettings): Effect.Effect<DateTime.Utc, DeliveryError>
}

/** The targets by their names in `settings.execution.target`. */
export class Targets extends Context.Service<Targets, Record<ExecutionTarget, Target>>()("deliverables/Targets") {}
