/** Triggers: a run that an operator asks for (api.md, scheduler). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { GoalDisabled, GoalNotFound, HireNotRunnable } from "../hiring/Goals.ts"
import { GoalInstanceId, ScheduledRunId } from "../Ids.ts"
import { InvalidRequest, problem, Unavailable } from "../Problem.ts"
import { IdempotencyHeader, Instant, Reason } from "../Protocol.ts"
import { SchedulerPaused } from "./Pauses.ts"

/** A run of a goal now, or of the slot `scheduled_time`, past or future. `force` runs it while paused; that is audited. */
export const Trigger = Schema.Struct({
  scheduled_time: Schema.optionalKey(Instant),
  reason: Schema.optionalKey(Reason),
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

/** 409: that slot of the goal has a run already. */
export class SlotTaken extends problem<SlotTaken>()("SlotTaken", {
  code: "slot_taken",
  status: 409,
  title: "That slot has a run already",
}, { scheduled_run_id: ScheduledRunId }) {}

/** The endpoint of triggers. */
export class TriggersGroup extends HttpApiGroup.make("triggers")
  .annotate(OpenApi.Title, "Triggers")
  .annotate(OpenApi.Description, "Runs that an operator asks for.")
  .add(
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
        "Operators only: now, of a past slot, or of a future one. 202 with the run's id; 409 " +
          "scheduler_paused unless forced; 409 slot_taken with the id of the run of that slot (a skipped slot " +
          "has one too: a backfill queues it again). It is logged. Safe to repeat under the " +
          "same Idempotency-Key.",
      ),
  )
  .prefix("/scheduler") {}
