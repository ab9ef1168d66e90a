/** Subscriptions: what a customer pays for, and under which an agent is hired (domain.md, "States"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Model } from "effect/schema"
import { Access } from "../Caller.ts"
import { AgentTypeId, CustomerId, SubscriptionId } from "../Ids.ts"
import { CustomerNotFound, problem, QuotaExceeded, Unavailable } from "../Problem.ts"
import { InstantField, NullableInstantField } from "../ModelFields.ts"
import { created, IdempotencyHeader, KeptWithWork, listOf, NoFields, pageQuery } from "../Protocol.ts"
import { SubscriptionStatus } from "./SubscriptionStatus.ts"

/** The length of a period. */
export const Duration = Schema.Literals(["monthly", "quarterly", "yearly"])
export type Duration = typeof Duration.Type

/** A subscription, as a row and on the wire. */
export class Subscription extends Model.Class<Subscription>("Subscription")({
  subscription_id: SubscriptionId,
  agent_id: AgentTypeId,
  customer_id: CustomerId,
  duration: Duration,
  status: SubscriptionStatus,
  current_period_start: InstantField,
  current_period_end: InstantField,
  cancel_at_period_end: Schema.Boolean,
  ended_at: NullableInstantField,
  created_at: InstantField,
  updated_at: InstantField,
}) {}

/** A subscription to make. */
export const NewSubscription = Schema.Struct({ agent_id: AgentTypeId, customer_id: CustomerId, duration: Duration })
export type NewSubscription = typeof NewSubscription.Type

/** 404, also for another customer's. */
export class SubscriptionNotFound extends problem<SubscriptionNotFound>()("SubscriptionNotFound", {
  code: "subscription_not_found",
  status: 404,
  title: "There is no such subscription",
}) {}

/** 404: the agent type is not in the catalog. */
export class AgentTypeUnknown extends problem<AgentTypeUnknown>()("AgentTypeUnknown", {
  code: "agent_type_not_found",
  status: 404,
  title: "There is no such agent type",
}) {}

/** 409: the subscription's state, `subscription_status`, does not allow the request; `detail` says what would. */
export class SubscriptionNotActive extends problem<SubscriptionNotActive>()("SubscriptionNotActive", {
  code: "subscription_not_active",
  status: 409,
  title: "The subscription is not active",
}, { subscription_status: SubscriptionStatus }) {}

const params = { id: SubscriptionId }
const headers = IdempotencyHeader

/** Endpoints of subscriptions. */
export class SubscriptionsGroup extends HttpApiGroup.make("subscriptions")
  .annotate(OpenApi.Title, "Subscriptions")
  .annotate(OpenApi.Description, "What a customer pays for, and under which an agent is hired.")
  .add(
    HttpApiEndpoint.post("create", "/", {
      headers,
      payload: NewSubscription,
      success: created(Subscription.json),
      error: [CustomerNotFound, AgentTypeUnknown, QuotaExceeded, Unavailable],
    }).annotate(Access, ["customer"]).annotate(KeptWithWork, true)
      .annotate(OpenApi.Summary, "Subscribe to an agent type")
      .annotate(
        OpenApi.Description,
        "Customers only, for themselves. The subscription is pending_payment until an operator activates it. " +
          "Safe to repeat under the same Idempotency-Key.",
      ),
    HttpApiEndpoint.get("list", "/", {
      query: {
        customer_id: Schema.optionalKey(CustomerId),
        status: Schema.optionalKey(SubscriptionStatus),
        ...pageQuery,
      },
      success: listOf(Subscription.json),
      error: CustomerNotFound,
    }).annotate(Access, ["customer", "operator", "viewer"])
      .annotate(OpenApi.Summary, "List subscriptions")
      .annotate(
        OpenApi.Description,
        "Oldest first: a customer lists its own, operators and viewers any customer's, or all without `customer_id`; " +
          "`status` filters, as pending_payment by those that wait for their payment.",
      ),
    HttpApiEndpoint.get("get", "/:id", { params, success: Subscription.json, error: SubscriptionNotFound })
      .annotate(Access, ["customer", "operator", "viewer"])
      .annotate(OpenApi.Summary, "Get a subscription")
      .annotate(OpenApi.Description, "For its customer, operators and viewers; another customer's is 404."),
    HttpApiEndpoint.post("activate", "/:id/activate", {
      params,
      headers,
      payload: NoFields,
      success: Subscription.json,
      error: [SubscriptionNotFound, SubscriptionNotActive],
    }).annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "Activate a subscription")
      .annotate(
        OpenApi.Description,
        "Operators only, once it is paid. From pending_payment or past_due; an active one stays as it is, a " +
          "canceled one is 409 subscription_not_active.",
      ),
    HttpApiEndpoint.post("pastDue", "/:id/past-due", {
      params,
      headers,
      payload: NoFields,
      success: Subscription.json,
      error: [SubscriptionNotFound, SubscriptionNotActive],
    }).annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "Mark a subscription past due")
      .annotate(
        OpenApi.Description,
        "Operators only. No new runs start; reviews and executions go on. After 14 days past due it is " +
          "canceled. 409 subscription_not_active unless it is active or past due.",
      ),
    HttpApiEndpoint.post("cancel", "/:id/cancel", {
      params,
      headers,
      payload: Schema.Struct({ at_period_end: Schema.Boolean }),
      success: Subscription.json,
      error: [SubscriptionNotFound, SubscriptionNotActive],
    }).annotate(Access, ["customer"])
      .annotate(OpenApi.Summary, "Cancel a subscription")
      .annotate(
        OpenApi.Description,
        "Its customer only: at once, or at the end of the paid period. Canceled is final: no runs, reviews or " +
          "executions; its hire stays readable for 30 days.",
      ),
  )
  .prefix("/subscriptions") {}
