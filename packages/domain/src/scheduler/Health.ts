/** The scheduler's health: figures of the last hour and the status that follows from them (domain.md, "Health"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { Instant } from "../Protocol.ts"

/** healthy: success >= 0.95, fewer than 5 dead letters and no problem; degraded: >= 0.80 and fewer than 20; else down. */
export const HealthStatus = Schema.Literals(["healthy", "degraded", "down"])
export type HealthStatus = typeof HealthStatus.Type

/** A share from 0 to 1; null when nothing finished in the last hour. */
const Rate = Schema.NullOr(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })))

/**
 * Of a part: not reached, no answer, an answer that it can't do its work, or a refusal of the scheduler's token. Of work: late
 * (due for longer than the objective), or stalled (past its deadline). Of a feed: held up (for a minute nothing came of it, or
 * what it tells had to be rebuilt again and again).
 */
export const ProblemHow = Schema.Literals([
  "refused",
  "timed_out",
  "unavailable",
  "token_refused",
  "late",
  "stalled",
  "held_up",
])
export type ProblemHow = typeof ProblemHow.Type

/** What keeps the scheduler from being healthy now, besides its figures. */
export const HealthProblem = Schema.Struct({
  /** A service, a database, a feed, or the work. */
  part: Schema.String,
  how: ProblemHow,
  since: Instant,
  detail: Schema.String,
  /** The service that says so; absent where the replica that answers saw it. */
  seen_by: Schema.optionalKey(Schema.String),
  /** The part whose absence explains this one, which could do its work otherwise. */
  because: Schema.optionalKey(Schema.String),
})

/** The health of all replicas together. A cancelled run counts neither as success nor as failure. */
export const SchedulerHealth = Schema.Struct({
  status: HealthStatus,
  /** Live runs that no replica holds: due, in backoff, or waiting for their time or for another run. */
  pending_goals: Schema.Int,
  running_goals: Schema.Int,
  /** Of the pending ones, those that failed before. These three: absent in answers of 0.2.0. */
  retrying_goals: Schema.optionalKey(Schema.Int),
  /** Of the pending ones, those that could be claimed now, were it not for a pause or a limit. */
  due_goals: Schema.optionalKey(Schema.Int),
  /** For how long the oldest of those has been due, in milliseconds; null when there is none. */
  oldest_due_ms: Schema.optionalKey(Schema.NullOr(Schema.Finite)),
  success_rate_1h: Rate,
  failure_rate_1h: Rate,
  /** Attempts that completed or failed in the last hour. */
  total_executions_1h: Schema.Int,
  /** When the latest attempt began. */
  last_run: Schema.NullOr(Instant),
  last_success: Schema.NullOr(Instant),
  /** When the latest attempt failed. */
  last_failure: Schema.NullOr(Instant),
  /** Open dead letters. */
  dlq_size: Schema.Int,
  /** Mean duration of the last hour's completed runs, in milliseconds. */
  avg_duration_ms: Schema.NullOr(Schema.Finite),
  /** Of the last hour's drafts, how late after its due time the latest came, retries included, in milliseconds. */
  max_draft_lateness_ms: Schema.NullOr(Schema.Finite),
  /** Empty when it is healthy. */
  problems: Schema.Array(HealthProblem),
})
export type SchedulerHealth = typeof SchedulerHealth.Type

/** The endpoint of health. */
export class SchedulerHealthGroup extends HttpApiGroup.make("health")
  .annotate(OpenApi.Title, "Scheduler health")
  .annotate(OpenApi.Description, "The health of all replicas of the scheduler together.")
  .add(
    HttpApiEndpoint.get("health", "/health", { success: SchedulerHealth })
      .annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "Get the scheduler's health")
      .annotate(
        OpenApi.Description,
        "Operators and viewers: the figures of the last hour and the status healthy, degraded or down.",
      ),
  )
  .prefix("/scheduler") {}
