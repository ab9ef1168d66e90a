/** Trials of the lead-generation kind: someone tries an agent type before there is a subscription (domain.md, "States"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Access } from "./Caller.ts"
import { Email, filled, Phone } from "./Contact.ts"
import { AgentTypeId, CustomerId, TrialId } from "./Ids.ts"
import { problem, Unavailable } from "./Problem.ts"
import { created, IdempotencyHeader, Instant, listOf, Page } from "./Protocol.ts"
import { AgentTypeUnknown } from "./Subscriptions.ts"

/** active -> converted, cancelled or expired, each of which is final. */
export const LeadTrialStatus = Schema.Literals(["active", "converted", "cancelled", "expired"])
export type LeadTrialStatus = typeof LeadTrialStatus.Type

/** How a trial ends. */
export const LeadTrialEnd = Schema.Literals(["converted", "cancelled", "expired"])
export type LeadTrialEnd = typeof LeadTrialEnd.Type

/** What begins a trial. */
export const NewTrial = Schema.Struct({
  agent_id: AgentTypeId,
  customer_name: filled(200),
  customer_email: Email,
  company: filled(200),
  phone: Schema.optionalKey(Phone),
})
export type NewTrial = typeof NewTrial.Type

/**
 * A trial on the wire: seven days from its start. `customer_id` is told to services alone, which decide by it who else may
 * see what belongs to the trial; it is null where an operator began it.
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

/** 409: a trial that has ended stays as it ended. */
export class TrialEnded extends problem<TrialEnded>()("TrialEnded", {
  code: "trial_ended",
  status: 409,
  title: "The trial has ended",
}, { trial_status: LeadTrialStatus }) {}

const params = { id: TrialId }
const readers = ["customer", "operator", "viewer"] as const
const writers = ["customer", "operator"] as const

/** Endpoints of trials. A customer has those that it began; operators and viewers see all. */
export class TrialsGroup extends HttpApiGroup.make("trials")
  .add(
    HttpApiEndpoint.post("create", "/", {
      headers: IdempotencyHeader,
      payload: NewTrial,
      success: created(Trial),
      error: [AgentTypeUnknown, Unavailable],
    }).annotate(Access, writers),
    HttpApiEndpoint.get("list", "/", {
      query: { status: Schema.optionalKey(LeadTrialStatus), ...Page },
      success: listOf(Trial),
    }).annotate(Access, readers),
    HttpApiEndpoint.get("get", "/:id", { params, success: Trial, error: TrialNotFound }).annotate(Access, [
      ...readers,
      "service",
    ]),
    HttpApiEndpoint.patch("end", "/:id", {
      params,
      payload: Schema.Struct({ status: LeadTrialEnd }),
      success: Trial,
      error: [TrialNotFound, TrialEnded],
    }).annotate(Access, writers),
    HttpApiEndpoint.delete("remove", "/:id", {
      params,
      success: Schema.Struct({ deleted: Schema.Boolean, trial_id: TrialId }),
      error: TrialNotFound,
    }).annotate(Access, writers),
  )
  .prefix("/trials") {}
