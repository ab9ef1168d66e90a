/** The trials of hired agents: how each stands, and their ends (domain.md, "States"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { TrialStatus } from "./Hires.ts"
import { CustomerId, HiredInstanceId, SubscriptionId } from "../Ids.ts"
import { CustomerNotFound } from "../Problem.ts"
import { IdempotencyHeader, Instant, NoFields, Page } from "../Protocol.ts"

/** How the trial of a hire stands, with what it waits for while it has not started. */
export const HireTrial = Schema.Struct({
  subscription_id: SubscriptionId,
  hired_instance_id: HiredInstanceId,
  trial_status: TrialStatus,
  trial_start: Schema.NullOr(Instant),
  trial_end: Schema.NullOr(Instant),
  configured: Schema.Boolean,
  goals_completed: Schema.Boolean,
}).annotate({ identifier: "HireTrial" })
export type HireTrial = typeof HireTrial.Type

/** Endpoints of the trials of hires. */
export class TrialStatusGroup extends HttpApiGroup.make("trialStatus")
  .annotate(OpenApi.Title, "Trial status")
  .annotate(OpenApi.Description, "How the seven-day trial of each hired agent stands.")
  .add(
    // By trial_end; those that have not started come last. Without a customer_id: a customer its own, others all
    HttpApiEndpoint.get("list", "/trial-status", {
      query: { customer_id: Schema.optionalKey(CustomerId), ...Page },
      success: Schema.Struct({ trials: Schema.Array(HireTrial), next_cursor: Schema.NullOr(Schema.String) }),
      error: CustomerNotFound,
    }).annotate(Access, ["customer", "operator", "viewer"])
      .annotate(OpenApi.Summary, "List the trials of hired agents")
      .annotate(
        OpenApi.Description,
        "By trial_end, those that have not started last. A customer sees its own; operators and viewers all, " +
          "or those of `customer_id`.",
      ),
    // Does at once what the service does by itself in time; the trials that this call ended
    HttpApiEndpoint.post("process", "/hired-agents/process-trial-end", {
      headers: IdempotencyHeader,
      payload: NoFields,
      success: Schema.Struct({ processed: Schema.Array(HireTrial) }),
    }).annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "End the trials that are due")
      .annotate(
        OpenApi.Description,
        "Operators only. Does at once what the service does by itself in time, and answers with the trials " +
          "that this call ended.",
      ),
  ) {}
