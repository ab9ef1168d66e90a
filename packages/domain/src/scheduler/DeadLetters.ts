/** The dead letter queue: runs that failed permanently, or on their last attempt (domain.md, "Rules: when it fails"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { AgentTypeId, CustomerId, DlqId, GoalInstanceId, HiredInstanceId, ScheduledRunId } from "../Ids.ts"
import { InvalidRequest, problem } from "../Problem.ts"
import {
  IdempotencyHeader,
  Instant,
  listOf,
  NoFields,
  pageQuery,
  PerMinute,
  Reason,
  reasonUnlessDry,
} from "../Protocol.ts"
import { BoundedCount, ErrorType, MOST_COUNTED } from "./Runs.ts"

/** open until resolved (a redriven run succeeded), discarded (by an operator, or with its goal) or expired (after 7 days). */
export const DeadLetterState = Schema.Literals(["open", "resolved", "discarded", "expired"])
export type DeadLetterState = typeof DeadLetterState.Type

/** Identifies a cause of failure: the same for every goal that failed of it, whatever ids, numbers or instants its message names. */
export const Fingerprint = Schema.String.check(Schema.isMaxLength(64)).annotate({
  description: "Identifies a cause of failure: the same for every goal that failed of it",
  examples: ["3f9c0a417be2"],
})

/** A dead letter: at most one open a goal, linked to its runs. */
export class DeadLetter extends Schema.Class<DeadLetter>("DeadLetter")({
  dlq_id: DlqId,
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  /** These two are null once the scheduler does not know the agent any more; absent in answers of 0.2.0. */
  customer_id: Schema.optionalKey(Schema.NullOr(CustomerId)),
  agent_id: Schema.optionalKey(Schema.NullOr(AgentTypeId)),
  error_type: Schema.NullOr(ErrorType),
  error_message: Schema.NullOr(Schema.String),
  stack_trace: Schema.NullOr(Schema.String),
  /** The cause of its latest failure. */
  fingerprint: Fingerprint,
  failure_count: Schema.Int,
  first_failed_at: Instant,
  last_failed_at: Instant,
  expires_at: Instant,
  retry_count: Schema.Int,
  state: DeadLetterState,
  /** When it stopped being open; null while it is. Absent in answers of 0.2.0. */
  closed_at: Schema.optionalKey(Schema.NullOr(Instant)),
  scheduled_run_ids: Schema.Array(ScheduledRunId),
}) {}

/** The dead letters of one cause. */
export const DeadLetterCause = Schema.Struct({
  fingerprint: Fingerprint,
  /** These two, and the example, are those of the entry that failed last. */
  error_type: Schema.NullOr(ErrorType),
  error_message: Schema.NullOr(Schema.String),
  example: DlqId,
  entries: Schema.Int,
  /** How many runs are linked to those entries. */
  runs: Schema.Int,
  first_failed_at: Instant,
  last_failed_at: Instant,
})
export type DeadLetterCause = typeof DeadLetterCause.Type

/** How many dead letters are in each state. */
export const DeadLetterCounts = Schema.Record(DeadLetterState, BoundedCount)
export type DeadLetterCounts = typeof DeadLetterCounts.Type

/** 404: there is no dead letter of that id. */
export class DeadLetterNotFound extends problem<DeadLetterNotFound>()("DeadLetterNotFound", {
  code: "dead_letter_not_found",
  status: 404,
  title: "There is no such dead letter",
}) {}

/** 409: only an open entry can be retried or discarded. */
export class DeadLetterClosed extends problem<DeadLetterClosed>()("DeadLetterClosed", {
  code: "dead_letter_closed",
  status: 409,
  title: "The dead letter is closed",
}, { state: DeadLetterState }) {}

/** 409: all runs of the entry are queued or running already. */
export class DeadLetterQueued extends problem<DeadLetterQueued>()("DeadLetterQueued", {
  code: "dead_letter_queued",
  status: 409,
  title: "The dead letter's runs are queued already",
}) {}

/** Which entries a redrive queues. */
export const RedriveFilter = Schema.Struct({
  goal_instance_id: Schema.optionalKey(GoalInstanceId),
  hired_instance_id: Schema.optionalKey(HiredInstanceId),
  error_type: Schema.optionalKey(ErrorType),
  fingerprint: Schema.optionalKey(Fingerprint),
})
export type RedriveFilter = typeof RedriveFilter.Type

/**
 * A redrive of many entries. `dry_run` only counts; `cap` limits how many entries are queued, oldest first; `per_minute`
 * how many of their runs start a minute.
 */
export const Redrive = Schema.Struct({
  filter: Schema.optionalKey(RedriveFilter),
  cap: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))),
  per_minute: Schema.optionalKey(PerMinute),
  dry_run: Schema.optionalKey(Schema.Boolean),
  /** Needed unless it is a `dry_run`. */
  reason: Schema.optionalKey(Reason),
}).check(reasonUnlessDry)
export type Redrive = typeof Redrive.Type

/** What a redrive did, or would do. */
export const Redriven = Schema.Struct({
  /** How many entries match, up to the cap. */
  matched: Schema.Int,
  queued: Schema.Int,
  dlq_ids: Schema.Array(DlqId),
  /** How many runs of those entries are queued, or would be. */
  runs: Schema.Int,
  /** When the pace lets the last run start; null when there is none. */
  finishes_at: Schema.NullOr(Instant),
})
export type Redriven = typeof Redriven.Type

/** The answer to a retry. */
export const Retried = Schema.Struct({ status: Schema.tag("queued"), dlq_id: DlqId, retry_count: Schema.Int })
export type Retried = typeof Retried.Type

/** The 202 of a redrive that queued runs, with the list of open entries as location. A dry run is a plain 200. */
const queued = HttpApiSchema.WithHeaders(Redriven.pipe(HttpApiSchema.status(202)), { location: Schema.String })

const params = { id: DlqId }

/** Endpoints of dead letters. */
export class DeadLettersGroup extends HttpApiGroup.make("deadLetters")
  .annotate(OpenApi.Title, "Dead letters")
  .annotate(OpenApi.Description, "Runs that failed permanently or on their last attempt; one open entry a goal.")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: {
        state: Schema.optionalKey(DeadLetterState),
        goal_instance_id: Schema.optionalKey(GoalInstanceId),
        hired_instance_id: Schema.optionalKey(HiredInstanceId),
        customer_id: Schema.optionalKey(CustomerId),
        agent_id: Schema.optionalKey(AgentTypeId),
        error_type: Schema.optionalKey(ErrorType),
        fingerprint: Schema.optionalKey(Fingerprint),
        /** Failed last from this instant on. */
        from: Schema.optionalKey(Instant),
        /** Failed last before this instant. */
        to: Schema.optionalKey(Instant),
        ...pageQuery,
      },
      success: listOf(DeadLetter),
      error: InvalidRequest,
    }).annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "List dead letters")
      .annotate(
        OpenApi.Description,
        "Operators and viewers, the latest failure first; by state, goal, hired agent, customer, agent type, error type, " +
          "cause, and when they failed last, in [from, to).",
      ),
    HttpApiEndpoint.get("causes", "/causes", {
      query: { state: Schema.optionalKey(DeadLetterState) },
      success: Schema.Struct({ items: Schema.Array(DeadLetterCause) }),
    }).annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "List the causes of dead letters")
      .annotate(
        OpenApi.Description,
        "Operators and viewers. The entries of a `state` (default open) by their cause, the cause of the most " +
          "entries first, at most 200. The fingerprint filters the list and a redrive.",
      ),
    HttpApiEndpoint.get("counts", "/counts", { success: DeadLetterCounts })
      .annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "Count dead letters by state")
      .annotate(
        OpenApi.Description,
        `Operators and viewers. How many are in each state, up to ${MOST_COUNTED}: that many, or more.`,
      ),
    HttpApiEndpoint.get("get", "/:id", { params, success: DeadLetter, error: DeadLetterNotFound })
      .annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "Get a dead letter")
      .annotate(OpenApi.Description, "Operators and viewers; with the ids of its runs."),
    HttpApiEndpoint.post("retry", "/:id/retry", {
      params,
      headers: IdempotencyHeader,
      payload: NoFields,
      success: Retried.pipe(HttpApiSchema.status(202)),
      error: [DeadLetterNotFound, DeadLetterClosed, DeadLetterQueued],
    }).annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "Retry a dead letter")
      .annotate(
        OpenApi.Description,
        "Operators only. 202: all its runs are queued, oldest first, under their own keys; a run that " +
          "succeeds resolves it. 409 when it is closed, or when its runs are queued already. It is logged. Safe to " +
          "repeat under the same Idempotency-Key.",
      ),
    HttpApiEndpoint.post("redrive", "/redrive", {
      headers: IdempotencyHeader,
      payload: Redrive,
      success: [Redriven, queued],
    }).annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "Redrive many dead letters")
      .annotate(
        OpenApi.Description,
        "Operators only. Queues the runs of up to `cap` open entries that match the filter, oldest first: 202 " +
          "when it queued any, else 200. With dry_run it only says which, how many runs they have and when the last " +
          "would start. With per_minute at most that many start a minute. It is logged. Safe to " +
          "repeat under the same Idempotency-Key.",
      ),
    HttpApiEndpoint.delete("discard", "/:id", {
      params,
      payload: Schema.Struct({ reason: Reason }),
      success: DeadLetter,
      error: [DeadLetterNotFound, DeadLetterClosed],
    }).annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "Discard a dead letter")
      .annotate(
        OpenApi.Description,
        "Operators only, with a reason: it is closed, and its runs stay as they are. 409 when it is closed already. " +
          "It is logged.",
      ),
  )
  .prefix("/scheduler/dlq") {}
