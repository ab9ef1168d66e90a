/** Hired agents: an agent type, configured, under a subscription (domain.md, "States" and "Rules: hires and goals"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { documentFaults, own } from "../Documents.ts"
import { AgentTypeId, CustomerId, HiredInstanceId, NamedVersion, SubscriptionId } from "../Ids.ts"
import {
  CustomerNotFound,
  faultFields,
  InvalidRequest,
  PreconditionFailed,
  problem,
  QuotaExceeded,
  Unavailable,
} from "../Problem.ts"
import {
  ConditionalHeaders,
  created,
  IdempotencyHeader,
  Instant,
  JsonObject,
  JudgedFirst,
  listOf,
  NoFields,
  pageQuery,
  tagged,
} from "../Protocol.ts"
import { AgentTypeUnknown, SubscriptionNotActive, SubscriptionNotFound } from "./Subscriptions.ts"
import { SubscriptionStatus } from "./SubscriptionStatus.ts"

/** not_started -> active -> ended_converted or ended_not_converted; a finished one never restarts. */
export const TrialStatus = Schema.Literals(["not_started", "active", "ended_converted", "ended_not_converted"])
export type TrialStatus = typeof TrialStatus.Type

/** A hired agent on the wire. `configured`, `missing` and `goals_completed` are computed, never sent by a client. */
export class Hire extends Schema.Class<Hire>("Hire")({
  hired_instance_id: HiredInstanceId,
  subscription_id: SubscriptionId,
  agent_id: AgentTypeId,
  definition_version: NamedVersion,
  customer_id: CustomerId,
  config: JsonObject,
  settings: JsonObject,
  configured: Schema.Boolean,
  /** At most 50 of what is absent or not valid; `errors_omitted` counts the others. */
  missing: faultFields.errors,
  errors_omitted: faultFields.errors_omitted,
  goals_completed: Schema.Boolean,
  active: Schema.Boolean,
  finalized_at: Schema.NullOr(Instant),
  trial_status: TrialStatus,
  trial_start: Schema.NullOr(Instant),
  trial_end: Schema.NullOr(Instant),
  subscription_status: SubscriptionStatus,
  subscription_ended_at: Schema.NullOr(Instant),
  retention_expires_at: Schema.NullOr(Instant),
  created_at: Instant,
  updated_at: Instant,
}) {}

/** A draft: upsert by `subscription_id`. A config or settings sent replaces the stored one; one left out keeps it. */
export const HireDraft = Schema.Struct({
  subscription_id: SubscriptionId,
  agent_id: AgentTypeId,
  definition_version: Schema.optionalKey(NamedVersion),
  config: Schema.optionalKey(JsonObject),
  settings: Schema.optionalKey(JsonObject),
})
export type HireDraft = typeof HireDraft.Type

/** 404, also for another customer's. */
export class HireNotFound extends problem<HireNotFound>()("HireNotFound", {
  code: "hire_not_found",
  status: 404,
  title: "There is no such hired agent",
}) {}

/** 410: a hire cannot be read any more, thirty days after its subscription ended. */
export class HireGone extends problem<HireGone>()("HireGone", {
  code: "hire_gone",
  status: 410,
  title: "That hired agent is past its retention",
}) {}

/** 409: a deactivated hire cannot be written or finalized. */
export class HireDeactivated extends problem<HireDeactivated>()("HireDeactivated", {
  code: "hire_deactivated",
  status: 409,
  title: "The hired agent is deactivated",
}) {}

/** 409: a required field is absent or a value is not valid; `missing` names each, and nothing was changed. */
export class HireNotConfigured extends problem<HireNotConfigured>()("HireNotConfigured", {
  code: "hire_not_configured",
  status: 409,
  title: "The hired agent is not configured",
}, { missing: faultFields.errors, errors_omitted: faultFields.errors_omitted }) {}

/** 409: a goal of the hire is not valid under the definition version that was asked for. */
export class GoalsDoNotHold extends problem<GoalsDoNotHold>()("GoalsDoNotHold", {
  code: "goals_do_not_hold",
  status: 409,
  title: "The goals are not valid under that definition",
}, faultFields) {}

/** 409: the subscription is for another agent type. A subscription keeps its agent type, and so does its hire. */
export class SubscriptionForOther extends problem<SubscriptionForOther>()("SubscriptionForOther", {
  code: "subscription_for_other_agent",
  status: 409,
  title: "The subscription is for another agent type",
}, { subscribed_agent_id: AgentTypeId }) {}

const params = { id: HiredInstanceId }
const headers = Schema.Struct({ ...IdempotencyHeader.fields, ...ConditionalHeaders })
const readers = ["customer", "operator", "viewer"] as const

/** Endpoints of hired agents. */
export class HiresGroup extends HttpApiGroup.make("hires")
  .annotate(OpenApi.Title, "Hired agents")
  .annotate(
    OpenApi.Description,
    "An agent type, configured, under a subscription: drafted, finalized, in the end deactivated.",
  )
  .add(
    HttpApiEndpoint.put("draft", "/draft", {
      headers: Schema.Struct(ConditionalHeaders),
      payload: HireDraft,
      success: [Hire, created(Hire)],
      error: [
        SubscriptionNotFound,
        SubscriptionNotActive,
        SubscriptionForOther,
        AgentTypeUnknown,
        HireDeactivated,
        HireNotConfigured,
        GoalsDoNotHold,
        QuotaExceeded,
        PreconditionFailed,
        InvalidRequest,
        Unavailable,
      ],
    }).annotate(Access, ["customer"]).annotateMerge(tagged)
      .annotate(JudgedFirst, (body, bounds) => [
        ...documentFaults(own(body, "config"), "$.config", bounds),
        ...documentFaults(own(body, "settings"), "$.settings", bounds),
      ])
      .annotate(OpenApi.Summary, "Draft a hired agent")
      .annotate(
        OpenApi.Description,
        "Customers only. Makes the hire of a subscription (201) or changes it (200); a config or settings " +
          "sent replaces the stored one, one left out keeps it. Needs an active subscription (409); values that " +
          "are not valid are listed in `missing`, and refused (409) once the hire is finalized.",
      ),
    HttpApiEndpoint.get("list", "/", {
      query: { customer_id: CustomerId, ...pageQuery },
      success: listOf(Hire),
      error: [CustomerNotFound, Unavailable],
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List a customer's hired agents")
      .annotate(OpenApi.Description, "A customer lists its own, operators and viewers any customer's."),
    HttpApiEndpoint.get("bySubscription", "/by-subscription/:id", {
      params: { id: SubscriptionId },
      headers: Schema.Struct(ConditionalHeaders),
      success: Hire,
      error: [HireNotFound, HireGone, Unavailable],
    }).annotate(Access, readers).annotateMerge(tagged)
      // OpenAPI can't tell this path from /:id/goals: the document has /subscriptions/:id/hired-agent in its place
      .annotate(OpenApi.Exclude, true)
      .annotate(OpenApi.Summary, "Get the hired agent of a subscription")
      .annotate(OpenApi.Description, "As /subscriptions/{id}/hired-agent."),
    HttpApiEndpoint.get("get", "/:id", {
      params,
      headers: Schema.Struct(ConditionalHeaders),
      success: Hire,
      error: [HireNotFound, HireGone, Unavailable],
    })
      .annotate(Access, readers).annotateMerge(tagged)
      .annotate(OpenApi.Summary, "Get a hired agent")
      .annotate(
        OpenApi.Description,
        "For its customer, operators and viewers; 410 hire_gone 30 days after its subscription ended.",
      ),
    HttpApiEndpoint.post("finalize", "/:id/finalize", {
      params,
      headers,
      payload: NoFields,
      success: Hire,
      error: [
        HireNotFound,
        HireGone,
        HireDeactivated,
        HireNotConfigured,
        SubscriptionNotActive,
        PreconditionFailed,
        Unavailable,
      ],
    }).annotate(Access, ["customer"]).annotateMerge(tagged)
      .annotate(OpenApi.Summary, "Finalize a hired agent")
      .annotate(
        OpenApi.Description,
        "Its customer only: from now on the hire can run. 409 hire_not_configured with `missing` when a " +
          "required field is absent or a value is not valid.",
      ),
    HttpApiEndpoint.post("deactivate", "/:id/deactivate", {
      params,
      headers,
      payload: NoFields,
      success: Hire,
      error: [HireNotFound, HireGone, PreconditionFailed, Unavailable],
    }).annotate(Access, ["customer"]).annotateMerge(tagged)
      .annotate(OpenApi.Summary, "Deactivate a hired agent")
      .annotate(
        OpenApi.Description,
        "Its customer only, and for good: its pending runs are cancelled, a later draft on it is 409. It " +
          "stays readable.",
      ),
  )
  .prefix("/hired-agents")
  .add(
    HttpApiEndpoint.get("ofSubscription", "/subscriptions/:id/hired-agent", {
      params: { id: SubscriptionId },
      headers: Schema.Struct(ConditionalHeaders),
      success: Hire,
      error: [HireNotFound, HireGone, Unavailable],
    }).annotate(Access, readers).annotateMerge(tagged)
      .annotate(OpenApi.Summary, "Get the hired agent of a subscription")
      .annotate(
        OpenApi.Description,
        "For its customer, operators and viewers; 410 hire_gone 30 days after the subscription ended.",
      ),
  ) {}
