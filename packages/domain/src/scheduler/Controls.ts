/** What operators do to the scheduler, and the log of it (domain.md, "Audit"; api.md, scheduler). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { GoalDisabled, GoalNotFound, HireNotRunnable } from "../hiring/Goals.ts"
import { HireNotFound } from "../hiring/Hires.ts"
import { CustomerId, GoalInstanceId, HiredInstanceId, LogId, ScheduledRunId, Subject } from "../Ids.ts"
import { InvalidRequest, problem, Unavailable } from "../Problem.ts"
import { IdempotencyHeader, Instant, JsonObject, listOf, Page, text } from "../Protocol.ts"

/** `scheduler_state.status`. */
export const SchedulerStatus = Schema.Literals(["running", "paused"])
export type SchedulerStatus = typeof SchedulerStatus.Type

/** What an operator, or the system, did. */
export const Action = Schema.Literals([
  "pause",
  "resume",
  "trigger",
  "dlq_retry",
  "dlq_redrive",
  "dlq_discard",
  "dlq_expired",
  "run_cancel",
  "backfill",
  "limit",
])
export type Action = typeof Action.Type

/** Which part of the scheduler: one hire, or one customer; without it, all. */
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

const reason = Schema.optionalKey(text(1000))

/** Stops new runs; optionally waits for those that run. */
export const Pause = Schema.Struct({
  reason,
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

/** Goes on. */
export const Resume = Schema.Struct({ scope: Schema.optionalKey(Scope), reason })
export type Resume = typeof Resume.Type

/** The answer to a resume. `resumed_at` is null when it was never paused. */
export const Resumed = Schema.Struct({
  status: Schema.Literals(["running", "already_running"]),
  message: Schema.String,
  resumed_at: Schema.NullOr(Instant),
})
export type Resumed = typeof Resumed.Type

/** A run by an operator: at once, of a past slot, or of a future one. `force` runs it while paused; that is audited. */
export const Trigger = Schema.Struct({
  scheduled_time: Schema.optionalKey(Instant),
  reason,
  force: Schema.optionalKey(Schema.Boolean),
})
export type Trigger = typeof Trigger.Type

/** The answer to a trigger. */
export const Triggered = Schema.Struct({
  status: Schema.tag("triggered"),
  goal_instance_id: GoalInstanceId,
  scheduled_time: Instant,
  scheduled_run_id: ScheduledRunId,
})
export type Triggered = typeof Triggered.Type

/** What the scheduler is doing. */
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

/** A line of the action log. */
export const ActionLine = Schema.Struct({
  log_id: LogId,
  action: Action,
  operator: Subject,
  timestamp: Instant,
  goal_instance_id: Schema.NullOr(GoalInstanceId),
  reason: Schema.NullOr(Schema.String),
  action_metadata: JsonObject,
})
export type ActionLine = typeof ActionLine.Type

/** 409: paused, and the trigger was not forced. */
export class SchedulerPaused extends problem<SchedulerPaused>()("SchedulerPaused", {
  code: "scheduler_paused",
  status: 409,
  title: "The scheduler is paused",
}, { paused_reason: Schema.NullOr(Schema.String) }) {}

/** 409: that slot of the goal has a run. */
export class SlotTaken extends problem<SlotTaken>()("SlotTaken", {
  code: "slot_taken",
  status: 409,
  title: "That slot has a run already",
}, { scheduled_run_id: ScheduledRunId }) {}

/** Endpoints of the controls. */
export class ControlsGroup extends HttpApiGroup.make("controls")
  .annotate(OpenApi.Title, "Controls")
  .annotate(OpenApi.Description, "What operators do to the scheduler, and the log of it that nobody can alter.")
  .add(
    HttpApiEndpoint.post("pause", "/pause", {
      headers: IdempotencyHeader,
      payload: Pause,
      success: Paused,
      error: HireNotFound,
    })
      .annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "Pause the scheduler")
      .annotate(
        OpenApi.Description,
        "Operators only: all of it, one hire or one customer. No new run starts; with wait_for_completion it " +
          "answers once those that run have ended, or after timeout_seconds. Pausing again answers " +
          "already_paused. It is logged. Safe to repeat under the same Idempotency-Key.",
      ),
    HttpApiEndpoint.post("resume", "/resume", { headers: IdempotencyHeader, payload: Resume, success: Resumed })
      .annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "Resume the scheduler")
      .annotate(
        OpenApi.Description,
        "Operators only: what that scope had paused goes on; one that was not paused answers already_running. " +
          "It is logged. Safe to repeat under the same Idempotency-Key.",
      ),
    HttpApiEndpoint.post("trigger", "/trigger/:goal", {
      params: { goal: GoalInstanceId },
      headers: IdempotencyHeader,
      payload: Trigger,
      success: Triggered.pipe(HttpApiSchema.status(202)),
      error: [GoalNotFound, GoalDisabled, HireNotRunnable, SchedulerPaused, SlotTaken, InvalidRequest, Unavailable],
    }).annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "Trigger a run")
      .annotate(
        OpenApi.Description,
        "Operators only: at once, of a past slot, or of a future one. 202 with the run's id; 409 " +
          "scheduler_paused unless forced, 409 slot_taken with the id of the run that is there (a slot " +
          "that was skipped has one, which a backfill takes up again). It is logged. Safe to repeat under the " +
          "same Idempotency-Key.",
      ),
    HttpApiEndpoint.get("status", "/status", { success: Status })
      .annotate(Access, ["operator", "viewer", "service"])
      .annotate(OpenApi.Summary, "Get the scheduler's status")
      .annotate(
        OpenApi.Description,
        "Operators, viewers and services: whether it is paused, by whom, why, which scopes, and how much runs " +
          "and waits.",
      ),
    HttpApiEndpoint.get("actions", "/actions", { query: Page, success: listOf(ActionLine), error: InvalidRequest })
      .annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "List the action log")
      .annotate(OpenApi.Description, "Operators and viewers; the latest first."),
    HttpApiEndpoint.get("actionsOf", "/actions/:operator", {
      params: { operator: Schema.String.annotate({ examples: ["ops.asha"] }) },
      query: Page,
      success: listOf(ActionLine),
      error: InvalidRequest,
    }).annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "List the actions of one operator")
      .annotate(
        OpenApi.Description,
        "Operators and viewers; the latest first. What the system does by itself has the operator `system`.",
      ),
  )
  .prefix("/scheduler") {}
