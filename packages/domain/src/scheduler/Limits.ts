/** Limits: how many runs of a customer, or of an agent type, may be running at once (fairness between customers). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { AgentTypeId, CustomerId } from "../Ids.ts"
import { CustomerNotFound, InvalidRequest } from "../Problem.ts"
import { IdempotencyHeader, Instant, listOf, pageQuery, Reason } from "../Protocol.ts"

/** What a limit covers: one customer, one agent type, or each customer or type that has no limit of its own. */
export const LimitScope = Schema.Struct({
  customer_id: Schema.optionalKey(CustomerId),
  agent_id: Schema.optionalKey(
    AgentTypeId.check(
      Schema.makeFilter((id: string) => id !== "*" || 'must name one; for all of them say every: "agent_type"'),
    ),
  ),
  every: Schema.optionalKey(Schema.Literals(["customer", "agent_type"])),
}).check(
  Schema.makeFilter((scope: { readonly customer_id?: string; readonly agent_id?: string; readonly every?: string }) =>
    Object.values(scope).filter((value) => value !== undefined).length === 1 ||
    "must name exactly one of customer_id, agent_id and every"
  ),
)
export type LimitScope = typeof LimitScope.Type

/** How many runs at once. */
const MaxRunning = Schema.Int.check(
  Schema.isBetween({ minimum: 1, maximum: 100_000 }, { message: "must be a whole number, 1 to 100000" }),
)

/** A limit. */
export const RunLimit = Schema.Struct({
  scope: Schema.Struct({
    customer_id: Schema.optionalKey(CustomerId),
    agent_id: Schema.optionalKey(AgentTypeId),
    every: Schema.optionalKey(Schema.Literals(["customer", "agent_type"])),
  }),
  /** How many runs at once; null when the limit was removed. */
  max_running: Schema.NullOr(Schema.Int),
  set_by: Schema.String,
  updated_at: Instant,
})
export type RunLimit = typeof RunLimit.Type

/** Sets a limit, or removes it with null. Runs that are running go on. */
export const SetLimit = Schema.Struct({
  scope: LimitScope,
  max_running: Schema.NullOr(MaxRunning).annotate({ examples: [20] }),
  reason: Reason,
})
export type SetLimit = typeof SetLimit.Type

/** Endpoints of limits. */
export class LimitsGroup extends HttpApiGroup.make("limits")
  .annotate(OpenApi.Title, "Limits")
  .annotate(OpenApi.Description, "How many runs of a customer, or of an agent type, may be running at once.")
  .add(
    HttpApiEndpoint.get("list", "/", { query: { ...pageQuery }, success: listOf(RunLimit), error: InvalidRequest })
      .annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "List limits")
      .annotate(
        OpenApi.Description,
        "Operators and viewers. Without limits, customers share every claim evenly.",
      ),
    HttpApiEndpoint.put("set", "/", {
      headers: IdempotencyHeader,
      payload: SetLimit,
      success: RunLimit,
      error: CustomerNotFound,
    })
      .annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "Set or remove a limit")
      .annotate(
        OpenApi.Description,
        "Operators only, with a reason. Binds from the next claim on, in all replicas together: runs over it wait, and runs that are " +
          "running go on. The limit of a customer or type replaces the one for every. max_running null removes " +
          "it. It is logged. Safe to repeat.",
      ),
  )
  .prefix("/scheduler/limits") {}
