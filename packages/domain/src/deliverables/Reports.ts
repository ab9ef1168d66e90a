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

/** The tokens that the calls of a model used, and what they cost. */
export const Tokens = Schema.Struct({
  in: Schema.Int,
  out: Schema.Int,
  /** Absent in answers of before. */
  cost: Schema.optionalKey(Schema.Finite),
}).annotate({ identifier: "Tokens" })
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

/** The month of a budget: a calendar month. */
const Month = Schema.String.annotate({ examples: ["2026-03"] })

/** What a hired agent's makers cost in this month, against its budget. */
export const Spending = Schema.Struct({
  month: Month.annotate({
    description: "The month in the zone of the agent's config (`timezone`), UTC where it has none",
  }),
  cost: Schema.Finite.annotate({
    description: "In the currency of the prices of STINT_MODELS; calls that have not ended count with their maximum",
  }),
  max_cost_per_month: Schema.NullOr(Schema.Finite).annotate({ description: "null: no limit" }),
  max_tokens_per_run: Schema.NullOr(Schema.Int).annotate({ description: "null: no limit" }),
}).annotate({ identifier: "Spending" })
export type Spending = typeof Spending.Type

/** What all makers cost in this month. */
export const SpendingOfAll = Schema.Struct({
  month: Month.annotate({ description: "The month in UTC; an agent's own month is one of its zone" }),
  cost: Schema.Finite,
  agents: Schema.Int.annotate({ description: "Agents whose makers were called" }),
  budget: Schema.Finite.annotate({
    description: "The sum of the budgets of those that have one, as of their last call",
  }),
  without_budget: Schema.Int.annotate({ description: "How many of them have no budget" }),
}).annotate({ identifier: "SpendingOfAll" })
export type SpendingOfAll = typeof SpendingOfAll.Type

/** Of how many drafts at most, and of how many days, the time to a decision is told. */
export const DECISION_TIME = { days: 7, drafts: 10_000 } as const

/** How soon people decide, over all customers. */
export const DecisionTime = Schema.Struct({
  since: Instant.annotate({
    description: "7 days ago; where more than 10,000 drafts were made since, when the oldest of the newest 10,000 was",
  }),
  drafts: Schema.Int.annotate({ description: "Drafts that were made since, deleted ones left out" }),
  decided: Schema.Int.annotate({ description: "Of these: on which a person decided" }),
  median_seconds_to_decision: Schema.NullOr(Schema.Finite).annotate({
    description: "From the draft to its first decision by a person, not by a mandate; null when there was none",
  }),
}).annotate({ identifier: "DecisionTime" })
export type DecisionTime = typeof DecisionTime.Type

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
    HttpApiEndpoint.get("spendingOfHire", "/hired-agents/:hire/spending", {
      params: { hire: HiredInstanceId },
      success: Spending,
      error: [DeliverablesHireNotFound, DeliverablesHireGone, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "What a hired agent costs this month")
      .annotate(
        OpenApi.Description,
        "For its customer, operators and viewers: what its models cost in this month, exactly as its budget counts it.",
      ),
    HttpApiEndpoint.get("spending", "/spending", { success: SpendingOfAll }).annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "What all makers cost this month")
      .annotate(
        OpenApi.Description,
        "For operators and viewers: the sum over all agents, against the sum of their budgets.",
      ),
    HttpApiEndpoint.get("decisionTime", "/deliverables/decision-time", { success: DecisionTime })
      .annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "How soon people decide")
      .annotate(
        OpenApi.Description,
        "For operators and viewers: of the drafts of the last 7 days, at most the newest 10,000, how many people decided on, and the " +
          "median time that it took.",
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
