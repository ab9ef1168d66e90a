/** Backfill: the slots of a goal's present rule in a stretch of the past, made into runs (domain.md, "Rules: when it runs"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { SchedulerPaused } from "./Controls.ts"
import { GoalDisabled, GoalNotFound, HireNotRunnable } from "../hiring/Goals.ts"
import { GoalInstanceId, ScheduledRunId } from "../Ids.ts"
import { InvalidRequest, problem, Unavailable } from "../Problem.ts"
import { IdempotencyHeader, Instant, PerMinute, text } from "../Protocol.ts"
import { RunStatus } from "./Runs.ts"

/** Which slots, both ends included; `dry_run` is the preview. `force` runs them while paused; that is audited. */
export const Backfill = Schema.Struct({
  goal_instance_id: GoalInstanceId,
  from: Instant,
  to: Instant,
  dry_run: Schema.optionalKey(Schema.Boolean),
  reason: Schema.optionalKey(text(1000)),
  /** How many slots are taken at most, the oldest first; 1000 unless it says. */
  cap: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))),
  per_minute: Schema.optionalKey(PerMinute),
  force: Schema.optionalKey(Schema.Boolean),
})
export type Backfill = typeof Backfill.Type

/** A slot: its run is queued (or would be), or it has one already, which is named with its status. */
export const BackfilledSlot = Schema.Struct({
  scheduled_time: Instant,
  outcome: Schema.Literals(["queued", "would_queue", "taken"]),
  scheduled_run_id: Schema.optionalKey(ScheduledRunId),
  status: Schema.optionalKey(RunStatus),
})
export type BackfilledSlot = typeof BackfilledSlot.Type

/** What a backfill did, or would do. */
export const Backfilled = Schema.Struct({
  /** How many slots there are in the stretch, also beyond the cap. */
  matched: Schema.Int,
  queued: Schema.Int,
  /** Those up to the cap, the oldest first. */
  slots: Schema.Array(BackfilledSlot),
  /** The first slot beyond the cap: the `from` of the next call; null when there is none. */
  next_from: Schema.NullOr(Instant),
  /** When the pace lets the last of them start; null when none is queued, or (of a repeat) all have started. */
  finishes_at: Schema.NullOr(Instant),
  dry_run: Schema.Boolean,
})
export type Backfilled = typeof Backfilled.Type

/** 409: the goal's rule names something that the scheduler can't evaluate, a zone that its runtime does not know. */
export class ScheduleNotEvaluable extends problem<ScheduleNotEvaluable>()("ScheduleNotEvaluable", {
  code: "schedule_not_evaluable",
  status: 409,
  title: "The goal's schedule can't be evaluated",
}) {}

/** 202 of a backfill that queued something, and where its runs are to be watched; else, and for a preview, a plain 200. */
const queued = HttpApiSchema.WithHeaders(Backfilled.pipe(HttpApiSchema.status(202)), { location: Schema.String })

/** The endpoint of backfills. */
export class BackfillGroup extends HttpApiGroup.make("backfill")
  .annotate(OpenApi.Title, "Backfill")
  .annotate(OpenApi.Description, "Runs for slots of the past.")
  .add(
    HttpApiEndpoint.post("backfill", "/backfill", {
      headers: IdempotencyHeader,
      payload: Backfill,
      success: [Backfilled, queued],
      error: [
        GoalNotFound,
        GoalDisabled,
        HireNotRunnable,
        ScheduleNotEvaluable,
        SchedulerPaused,
        InvalidRequest,
        Unavailable,
      ],
    }).annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "Run the slots of a stretch of the past")
      .annotate(
        OpenApi.Description,
        "Operators only. Makes a run for each slot of the goal's present rule from `from` to `to`, both in the " +
          "past and at most 366 days apart, oldest first: 202 when it queued any, else 200; with dry_run it only " +
          "says which, also while paused. A slot that has a run is taken and named, unless that run was skipped " +
          "as missed or for an overlap and never began: it is taken up again under its key. An on_demand goal has " +
          "no slots: nothing matches. Of more slots than `cap` the oldest are taken, and next_from says where to " +
          "go on. With per_minute they start no faster than that. 409 scheduler_paused unless forced. It is " +
          "logged. Safe to repeat under the same Idempotency-Key.",
      ),
  )
  .prefix("/scheduler") {}
