/** Backfill: runs for the past slots of a goal's present rule (domain.md, "Rules: when it runs"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { SchedulerPaused } from "./Pauses.ts"
import { GoalDisabled, GoalNotFound, HireNotRunnable } from "../hiring/Goals.ts"
import { GoalInstanceId, ScheduledRunId } from "../Ids.ts"
import { InvalidRequest, problem, Unavailable } from "../Problem.ts"
import { IdempotencyHeader, Instant, PerMinute, Reason, reasonUnlessDry } from "../Protocol.ts"
import { RunStatus } from "./Runs.ts"

/** The slots from `from` to `to`, both included. `dry_run` only previews. `force` runs them while paused; that is audited. */
export const Backfill = Schema.Struct({
  goal_instance_id: GoalInstanceId,
  from: Instant,
  to: Instant,
  dry_run: Schema.optionalKey(Schema.Boolean),
  /** Needed unless it is a `dry_run`. */
  reason: Schema.optionalKey(Reason),
  /** At most so many slots, the oldest first. Default 1000. */
  cap: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))),
  per_minute: Schema.optionalKey(PerMinute),
  force: Schema.optionalKey(Schema.Boolean),
}).check(reasonUnlessDry)
export type Backfill = typeof Backfill.Type

/** A slot: its run is queued (or would be); or it is taken, with the id and status of the run that it has. */
export const BackfilledSlot = Schema.Struct({
  scheduled_time: Instant,
  outcome: Schema.Literals(["queued", "would_queue", "taken"]),
  scheduled_run_id: Schema.optionalKey(ScheduledRunId),
  status: Schema.optionalKey(RunStatus),
})
export type BackfilledSlot = typeof BackfilledSlot.Type

/** What a backfill did, or would do. */
export const Backfilled = Schema.Struct({
  /** How many slots lie between `from` and `to`, also beyond the cap. */
  matched: Schema.Int,
  queued: Schema.Int,
  /** The slots up to the cap, the oldest first. */
  slots: Schema.Array(BackfilledSlot),
  /** The first slot beyond the cap: the `from` of the next request. Null when there is none. */
  next_from: Schema.NullOr(Instant),
  /** When the pace lets the last run start. Null when none is queued, or when all runs of a repeated request have started. */
  finishes_at: Schema.NullOr(Instant),
  dry_run: Schema.Boolean,
})
export type Backfilled = typeof Backfilled.Type

/** 409: the scheduler can't evaluate the goal's rule, for instance because its runtime does not know the zone. */
export class ScheduleNotEvaluable extends problem<ScheduleNotEvaluable>()("ScheduleNotEvaluable", {
  code: "schedule_not_evaluable",
  status: 409,
  title: "The goal's schedule can't be evaluated",
}) {}

/** The 202 of a backfill that queued runs, with the list of its runs as location. A preview, or one that queued none, is a plain 200. */
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
      .annotate(OpenApi.Summary, "Run past slots")
      .annotate(
        OpenApi.Description,
        "Operators only. Makes a run for each slot of the goal's present rule from `from` to `to`, both in the " +
          "past and at most 366 days apart, oldest first: 202 when it queued any, else 200. With dry_run it only " +
          "says which, also while paused. A slot that has a run is answered as taken, unless that run was skipped " +
          "(missed, or overlap) and never began: that run is queued again under its key. An on_demand goal has " +
          "no slots: nothing matches. Of more slots than `cap` the oldest are queued, and next_from says where to " +
          "continue. With per_minute at most that many start a minute. 409 scheduler_paused unless forced. It is " +
          "logged. Safe to repeat under the same Idempotency-Key.",
      ),
  )
  .prefix("/scheduler") {}
