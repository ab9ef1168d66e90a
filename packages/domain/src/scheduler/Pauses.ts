/** Pauses of the scheduler, of a hire or of a customer, and what runs and waits meanwhile (api.md, scheduler). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access, Callers } from "../Caller.ts"
import { HireNotFound } from "../hiring/Hires.ts"
import { CustomerId, HiredInstanceId } from "../Ids.ts"
import { CustomerNotFound, problem } from "../Problem.ts"
import { IdempotencyHeader, Instant, Reason } from "../Protocol.ts"

/** `scheduler_state.status`. */
export const SchedulerStatus = Schema.Literals(["running", "paused"])
export type SchedulerStatus = typeof SchedulerStatus.Type

/** What a pause covers: one hire or one customer. Without a scope it covers everything. */
export const Scope = Schema.Struct({
  hired_instance_id: Schema.optionalKey(HiredInstanceId),
  customer_id: Schema.optionalKey(CustomerId),
}).check(
  Schema.makeFilter((s: { readonly hired_instance_id?: string; readonly customer_id?: string }) =>
    (s.hired_instance_id === undefined) !== (s.customer_id === undefined) ||
    "must name either hired_instance_id or customer_id"
  ),
)
export type Scope = typeof Scope.Type

/** Stops new runs of a scope. With `wait_for_completion` the answer comes when the running ones have ended, or after `timeout_seconds`. */
export const Pause = Schema.Struct({
  reason: Reason,
  scope: Schema.optionalKey(Scope),
  wait_for_completion: Schema.optionalKey(Schema.Boolean),
  timeout_seconds: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3600 }))),
})
export type Pause = typeof Pause.Type

/** The answer to a pause. */
export const Paused = Schema.Struct({
  status: Schema.Literals(["paused", "already_paused"]),
  message: Schema.String,
  paused_at: Instant,
  reason: Schema.NullOr(Schema.String),
  running_goals_at_pause: Schema.Int,
  running_goals_after_wait: Schema.Int,
})
export type Paused = typeof Paused.Type

/** Ends the pause of a scope. */
export const Resume = Schema.Struct({ scope: Schema.optionalKey(Scope), reason: Schema.optionalKey(Reason) })
export type Resume = typeof Resume.Type

/** The answer to a resume. `resumed_at` is null when it was never paused. */
export const Resumed = Schema.Struct({
  status: Schema.Literals(["running", "already_running"]),
  message: Schema.String,
  resumed_at: Schema.NullOr(Instant),
})
export type Resumed = typeof Resumed.Type

/** Whether the scheduler is paused, which scopes are, and how many runs are running and pending. */
export const Status = Schema.Struct({
  status: SchedulerStatus,
  is_paused: Schema.Boolean,
  paused_at: Schema.NullOr(Instant),
  paused_by: Schema.NullOr(Schema.String),
  paused_reason: Schema.NullOr(Schema.String),
  resumed_at: Schema.NullOr(Instant),
  resumed_by: Schema.NullOr(Schema.String),
  updated_at: Instant,
  running_goals_count: Schema.Int,
  pending_goals_count: Schema.Int,
  scopes: Schema.Array(
    Schema.Struct({
      scope: Schema.Struct({
        hired_instance_id: Schema.optionalKey(HiredInstanceId),
        customer_id: Schema.optionalKey(CustomerId),
      }),
      paused_at: Instant,
      paused_by: Schema.NullOr(Schema.String),
      reason: Schema.NullOr(Schema.String),
    }),
  ),
})
export type Status = typeof Status.Type

/** A pause that holds now. */
export const HoldingPause = Schema.Struct({
  /** Null: the whole scheduler. */
  scope: Schema.NullOr(Scope),
  paused_at: Instant,
  paused_by: Schema.String.annotate({ description: "Who; a customer reads `an operator`", examples: ["ops.asha"] }),
  reason: Schema.NullOr(Schema.String),
})
export type HoldingPause = typeof HoldingPause.Type

/** 409: the goal is paused, and the request was not forced. */
export class SchedulerPaused extends problem<SchedulerPaused>()("SchedulerPaused", {
  code: "scheduler_paused",
  status: 409,
  title: "The scheduler is paused",
}, { paused_reason: Schema.NullOr(Schema.String) }) {}

/** Endpoints of pauses. */
export class PausesGroup extends HttpApiGroup.make("pauses")
  .annotate(OpenApi.Title, "Pauses")
  .annotate(OpenApi.Description, "Pause and resume the scheduler, one hire or one customer.")
  .add(
    HttpApiEndpoint.post("pause", "/pause", {
      headers: IdempotencyHeader,
      payload: Pause,
      success: Paused,
      error: [HireNotFound, CustomerNotFound],
    })
      .annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "Pause the scheduler")
      .annotate(
        OpenApi.Description,
        "Operators only, with a reason: everything, one hire or one customer. No new run starts. With wait_for_completion the " +
          "answer comes when the running ones have ended, or after timeout_seconds. Pausing again answers " +
          "already_paused. It is logged. Safe to repeat under the same Idempotency-Key.",
      ),
    HttpApiEndpoint.post("resume", "/resume", {
      headers: IdempotencyHeader,
      payload: Resume,
      success: Resumed,
      error: [HireNotFound, CustomerNotFound],
    })
      .annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "Resume the scheduler")
      .annotate(
        OpenApi.Description,
        "Operators only: runs of that scope start again. A scope that was not paused answers already_running. " +
          "It is logged. Safe to repeat under the same Idempotency-Key.",
      ),
    HttpApiEndpoint.get("status", "/status", { success: Status })
      .annotate(Access, ["operator", "viewer", "service"])
      .annotate(Callers, ["hiring"])
      .annotate(OpenApi.Summary, "Get the scheduler's status")
      .annotate(
        OpenApi.Description,
        "Operators, viewers and services: whether it is paused, by whom, why, which scopes, and how many runs " +
          "are running and pending.",
      ),
    HttpApiEndpoint.get("holding", "/pauses", {
      query: { customer_id: Schema.optionalKey(CustomerId) },
      success: Schema.Struct({ items: Schema.Array(HoldingPause) }),
      error: CustomerNotFound,
    })
      .annotate(Access, ["customer", "operator", "viewer"])
      .annotate(OpenApi.Summary, "List the pauses that hold")
      .annotate(
        OpenApi.Description,
        "The pauses of everything, of a customer and of its hired agents that hold now, that of everything first. A customer " +
          "reads those that bind it, operators and viewers all, or those that bind `customer_id`. A customer is not shown " +
          "operators' names.",
      ),
  )
  .prefix("/scheduler") {}
