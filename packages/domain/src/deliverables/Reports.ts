/** What a hired agent, or all of a customer's, did in a period: from records, exact (api.md, "report"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { CustomerId, HiredInstanceId } from "../Ids.ts"
import { CustomerNotFound, InvalidRequest, Unavailable } from "../Problem.ts"
import { Instant } from "../Protocol.ts"
import { RunCounts } from "../RunCounts.ts"
import { DeliverablesHireGone, DeliverablesHireNotFound, readers } from "./Deliverables.ts"

/** How long a period may be, in days, and how long it is when nothing is said. */
export const REPORT_DAYS = { most: 366, usual: 30 } as const

/** The tokens that the calls of a model used. */
export const Tokens = Schema.Struct({ in: Schema.Int, out: Schema.Int }).annotate({ identifier: "Tokens" })
export type Tokens = typeof Tokens.Type

/**
 * A report. Runs are those whose slots lie in the period, drafts those that were made in it, decisions those on these drafts,
 * tokens and cost those of the calls of makers that began in it.
 */
export const Report = Schema.Struct({
  from: Instant,
  to: Instant,
  runs: RunCounts,
  runs_since: Instant.annotate({ description: "Runs are kept for 30 days: those before this instant are not counted" }),
  drafts: Schema.Int.annotate({ description: "Drafts that were made, deleted ones included" }),
  approved: Schema.Int,
  approved_by_mandate: Schema.optionalKey(Schema.Int.annotate({ description: "Of those approved: by a mandate" })),
  rejected: Schema.Int,
  approval_rate: Schema.NullOr(Schema.Finite).annotate({
    description: "Approved of those that were decided, 0 to 1; null when none was",
  }),
  median_seconds_to_decision: Schema.NullOr(Schema.Finite).annotate({
    description: "From the draft to its first decision; of an even number the mean of the middle two",
  }),
  tokens: Schema.Record(Schema.String, Tokens).annotate({ description: "By the model's id at its provider" }),
  calls_unknown: Schema.Int.annotate({
    description:
      "Calls of makers of which it is not known how they ended, or not yet: they count in cost with their maximum",
  }),
  cost: Schema.Finite.annotate({ description: "In the currency of the prices of STINT_MODELS, with six decimals" }),
  cost_per_approved: Schema.NullOr(Schema.Finite).annotate({
    description: "Cost by approved draft, to the nearest millionth; null when none was approved",
  }),
}).annotate({ identifier: "Report" })
export type Report = typeof Report.Type

const query = {
  /** Its first instant; 30 days before its end unless given. */
  from: Schema.optionalKey(Instant),
  /** Its end, which is not part of it; now unless given. */
  to: Schema.optionalKey(Instant),
}

/** Endpoints of reports. */
export class ReportsGroup extends HttpApiGroup.make("reports")
  .annotate(OpenApi.Title, "Reports")
  .annotate(OpenApi.Description, "What agents did in a period.")
  .add(
    HttpApiEndpoint.get("ofHire", "/hired-agents/:hire/report", {
      params: { hire: HiredInstanceId },
      query,
      success: Report,
      error: [DeliverablesHireNotFound, DeliverablesHireGone, InvalidRequest, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "Report on a hired agent")
      .annotate(
        OpenApi.Description,
        "For its customer, operators and viewers: runs by outcome, drafts, how many were approved and how soon, in " +
          "[from, to), at most 366 days; the last 30 days unless given.",
      ),
    HttpApiEndpoint.get("ofCustomer", "/customers/:customer/report", {
      params: { customer: CustomerId },
      query,
      success: Report,
      error: [CustomerNotFound, InvalidRequest, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "Report on a customer's agents")
      .annotate(
        OpenApi.Description,
        "As the report on a hired agent, of all that the customer hired, ended ones included.",
      ),
  ) {}
