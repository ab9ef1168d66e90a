/** Lead trials: someone tries an agent type before there is a subscription (domain.md, "States"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access, Callers } from "../Caller.ts"
import { Email, filled, Phone } from "../Contact.ts"
import { AgentTypeId, CustomerId, TrialId } from "../Ids.ts"
import { problem, QuotaExceeded, Unavailable } from "../Problem.ts"
import { created, IdempotencyHeader, Instant, KeptWithWork, listOf, pageQuery } from "../Protocol.ts"
import { AgentTypeUnknown } from "./Subscriptions.ts"

/** active -> converted, cancelled or expired, which are final. */
export const LeadTrialStatus = Schema.Literals(["active", "converted", "cancelled", "expired"])
export type LeadTrialStatus = typeof LeadTrialStatus.Type

/** The states in which a trial ends. */
export const LeadTrialEnd = Schema.Literals(["converted", "cancelled", "expired"])
export type LeadTrialEnd = typeof LeadTrialEnd.Type

/** A trial to begin. */
export const NewTrial = Schema.Struct({
  agent_id: AgentTypeId,
  customer_name: filled(200),
  customer_email: Email,
  company: filled(200),
  phone: Schema.optionalKey(Phone),
})
export type NewTrial = typeof NewTrial.Type

/**
 * A trial on the wire: seven days from its start. Only services get `customer_id`, by which they decide who may see what
 * belongs to the trial; it is null where an operator began it.
 */
export const Trial = Schema.Struct({
  trial_id: TrialId,
  ...NewTrial.fields,
  start_date: Instant,
  end_date: Instant,
  status: LeadTrialStatus,
  customer_id: Schema.optionalKey(Schema.NullOr(CustomerId)),
  created_at: Instant,
  updated_at: Instant,
}).annotate({ identifier: "Trial" })
export type Trial = typeof Trial.Type

/** 404, also for another customer's. */
export class TrialNotFound extends problem<TrialNotFound>()("TrialNotFound", {
  code: "trial_not_found",
  status: 404,
  title: "There is no such trial",
}) {}

/** 409: an ended trial cannot be ended again. */
export class TrialEnded extends problem<TrialEnded>()("TrialEnded", {
  code: "trial_ended",
  status: 409,
  title: "The trial has ended",
}, { trial_status: LeadTrialStatus }) {}

const params = { id: TrialId }
const readers = ["customer", "operator", "viewer"] as const
const writers = ["customer", "operator"] as const

/** Endpoints of lead trials. */
export class TrialsGroup extends HttpApiGroup.make("trials")
  .annotate(OpenApi.Title, "Trials")
  .annotate(OpenApi.Description, "Someone tries an agent type for seven days before there is a subscription.")
  .add(
    HttpApiEndpoint.post("create", "/", {
      headers: IdempotencyHeader,
      payload: NewTrial,
      success: created(Trial),
      error: [AgentTypeUnknown, QuotaExceeded, Unavailable],
    }).annotate(Access, writers).annotate(KeptWithWork, true)
      .annotate(OpenApi.Summary, "Begin a trial")
      .annotate(
        OpenApi.Description,
        "Customers and operators; seven days from now, for an agent type of the catalog. Safe to repeat under " +
          "the same Idempotency-Key.",
      ),
    HttpApiEndpoint.get("list", "/", {
      query: { status: Schema.optionalKey(LeadTrialStatus), ...pageQuery },
      success: listOf(Trial),
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List trials")
      .annotate(
        OpenApi.Description,
        "A customer sees those that it began, operators and viewers all; `status` narrows it.",
      ),
    HttpApiEndpoint.get("get", "/:id", { params, success: Trial, error: TrialNotFound }).annotate(Access, [
      ...readers,
      "service",
    ]).annotate(Callers, ["deliverables"])
      .annotate(OpenApi.Summary, "Get a trial")
      .annotate(OpenApi.Description, "A customer gets those that it began; operators, viewers and services any."),
    HttpApiEndpoint.patch("end", "/:id", {
      params,
      payload: Schema.Struct({ status: LeadTrialEnd }),
      success: Trial,
      error: [TrialNotFound, TrialEnded],
    }).annotate(Access, writers)
      .annotate(OpenApi.Summary, "End a trial")
      .annotate(
        OpenApi.Description,
        "Customers (those that they began) and operators. A trial ends once, as converted, cancelled or " +
          "expired; 409 trial_ended after that.",
      ),
    HttpApiEndpoint.delete("remove", "/:id", {
      params,
      success: Schema.Struct({ deleted: Schema.Boolean, trial_id: TrialId }),
      error: TrialNotFound,
    }).annotate(Access, writers)
      .annotate(OpenApi.Summary, "Delete a trial")
      .annotate(OpenApi.Description, "Customers (those that they began) and operators; ended or not."),
  )
  .prefix("/trials") {}
