/** The trials of hired agents: their state, and ending those that are due (domain.md, "States"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { TrialStatus } from "./Hires.ts"
import { CustomerId, HiredInstanceId, SubscriptionId } from "../Ids.ts"
import { CustomerNotFound } from "../Problem.ts"
import { IdempotencyHeader, Instant, NoFields, pageQuery } from "../Protocol.ts"

/** The trial of a hire; `configured` and `goals_completed` say what one that has not started waits for. */
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
  .annotate(OpenApi.Description, "The state of the seven-day trial of each hired agent.")
  .add(
    HttpApiEndpoint.get("list", "/trial-status", {
      query: { customer_id: Schema.optionalKey(CustomerId), ...pageQuery },
      success: Schema.Struct({ trials: Schema.Array(HireTrial), next_cursor: Schema.NullOr(Schema.String) }),
      error: CustomerNotFound,
    }).annotate(Access, ["customer", "operator", "viewer"])
      .annotate(OpenApi.Summary, "List the trials of hired agents")
      .annotate(
        OpenApi.Description,
        "By trial_end, those that have not started last. A customer sees its own; operators and viewers all, " +
          "or those of `customer_id`.",
      ),
    HttpApiEndpoint.post("process", "/hired-agents/process-trial-end", {
      headers: IdempotencyHeader,
      payload: NoFields,
      success: Schema.Struct({ processed: Schema.Array(HireTrial) }),
    }).annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "End the trials that are due")
      .annotate(
        OpenApi.Description,
        "Operators only. Ends at once what the service ends by itself when it is due, and answers with the " +
          "trials that this call ended.",
      ),
  ) {}
