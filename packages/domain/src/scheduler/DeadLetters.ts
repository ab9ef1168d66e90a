/** The dead letter queue: what failed for good and waits for a person (domain.md, "Rules: when it fails"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { DlqId, GoalInstanceId, HiredInstanceId, ScheduledRunId } from "../Ids.ts"
import { InvalidRequest, problem } from "../Problem.ts"
import { IdempotencyHeader, Instant, listOf, NoFields, Page, PerMinute, text } from "../Protocol.ts"
import { ErrorType } from "./Runs.ts"

/** open until resolved (a redriven run succeeded), discarded (a person gave up) or expired (7 days). */
export const DeadLetterState = Schema.Literals(["open", "resolved", "discarded", "expired"])
export type DeadLetterState = typeof DeadLetterState.Type

/** What stands for a cause: the same for every goal that failed of it, whatever ids, numbers or instants were told. */
export const Fingerprint = Schema.String.check(Schema.isMaxLength(64)).annotate({
  description: "Stands for a cause of failure, the same for every goal that failed of it",
  examples: ["3f9c0a417be2"],
})

/** An entry: one open one a goal, linked to its runs. */
export class DeadLetter extends Schema.Class<DeadLetter>("DeadLetter")({
  dlq_id: DlqId,
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  error_type: Schema.NullOr(ErrorType),
  error_message: Schema.NullOr(Schema.String),
  stack_trace: Schema.NullOr(Schema.String),
  /** Of its latest failure. */
  fingerprint: Fingerprint,
  failure_count: Schema.Int,
  first_failed_at: Instant,
  last_failed_at: Instant,
  expires_at: Instant,
  retry_count: Schema.Int,
  state: DeadLetterState,
  scheduled_run_ids: Schema.Array(ScheduledRunId),
}) {}

/** The entries of one cause together. */
export const DeadLetterCause = Schema.Struct({
  fingerprint: Fingerprint,
  /** These two, and the example, are of the entry that failed last. */
  error_type: Schema.NullOr(ErrorType),
  error_message: Schema.NullOr(Schema.String),
  example: DlqId,
  entries: Schema.Int,
  /** The runs that are linked to those entries. */
  runs: Schema.Int,
  first_failed_at: Instant,
  last_failed_at: Instant,
})
export type DeadLetterCause = typeof DeadLetterCause.Type

/** 404. */
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

/** 409: all runs of the entry are under way again already. */
export class DeadLetterQueued extends problem<DeadLetterQueued>()("DeadLetterQueued", {
  code: "dead_letter_queued",
  status: 409,
  title: "The dead letter's runs are queued already",
}) {}

/** Which entries a redrive takes. */
export const RedriveFilter = Schema.Struct({
  goal_instance_id: Schema.optionalKey(GoalInstanceId),
  hired_instance_id: Schema.optionalKey(HiredInstanceId),
  error_type: Schema.optionalKey(ErrorType),
  fingerprint: Schema.optionalKey(Fingerprint),
})
export type RedriveFilter = typeof RedriveFilter.Type

/**
 * Many at once: `dry_run` only counts; `cap` bounds how many entries are taken, oldest first; `per_minute` how many of
 * their runs start a minute.
 */
export const Redrive = Schema.Struct({
  filter: Schema.optionalKey(RedriveFilter),
  cap: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))),
  per_minute: Schema.optionalKey(PerMinute),
  dry_run: Schema.optionalKey(Schema.Boolean),
})
export type Redrive = typeof Redrive.Type

/** What a redrive did, or would do. */
export const Redriven = Schema.Struct({
  /** Entries, as `queued` and `dlq_ids`. */
  matched: Schema.Int,
  queued: Schema.Int,
  dlq_ids: Schema.Array(DlqId),
  /** The runs of those entries that are queued, or would be. */
  runs: Schema.Int,
  /** When the pace lets the last of them start; null when there is none. */
  finishes_at: Schema.NullOr(Instant),
})
export type Redriven = typeof Redriven.Type

/** The answer to a retry. */
export const Retried = Schema.Struct({ status: Schema.tag("queued"), dlq_id: DlqId, retry_count: Schema.Int })
export type Retried = typeof Retried.Type

/** 202 of a redrive that queued something, and where the entries are to be watched; a dry run is a plain 200. */
const queued = HttpApiSchema.WithHeaders(Redriven.pipe(HttpApiSchema.status(202)), { location: Schema.String })

const params = { id: DlqId }

/** Endpoints of dead letters. */
export class DeadLettersGroup extends HttpApiGroup.make("deadLetters")
  .annotate(OpenApi.Title, "Dead letters")
  .annotate(OpenApi.Description, "What failed for good and waits for a person; one open entry a goal.")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: {
        state: Schema.optionalKey(DeadLetterState),
        goal_instance_id: Schema.optionalKey(GoalInstanceId),
        hired_instance_id: Schema.optionalKey(HiredInstanceId),
        fingerprint: Schema.optionalKey(Fingerprint),
        ...Page,
      },
      success: listOf(DeadLetter),
      error: InvalidRequest,
    }).annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "List dead letters")
      .annotate(OpenApi.Description, "Operators and viewers; by state, goal, hired agent and cause."),
    HttpApiEndpoint.get("causes", "/causes", {
      query: { state: Schema.optionalKey(DeadLetterState) },
      success: Schema.Struct({ items: Schema.Array(DeadLetterCause) }),
    }).annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "List the causes of dead letters")
      .annotate(
        OpenApi.Description,
        "Operators and viewers; open entries unless `state` says, those of one cause together, the cause of the " +
          "most entries first, at most 200. The fingerprint filters the list and a redrive.",
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
          "succeeds resolves it. 409 when it is closed, or when they are queued already. It is logged. Safe to " +
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
        "Operators only. Queues the runs of up to `cap` open entries that the filter takes, oldest first: 202 " +
          "when it queued any, else 200; with dry_run it only says which, how many runs they have and until when " +
          "they would take to start. With per_minute they start no faster than that. It is logged. Safe to " +
          "repeat under the same Idempotency-Key.",
      ),
    HttpApiEndpoint.delete("discard", "/:id", {
      params,
      payload: Schema.Struct({ reason: text(1000).check(Schema.isPattern(/\S/, { message: "must not be blank" })) }),
      success: DeadLetter,
      error: [DeadLetterNotFound, DeadLetterClosed],
    }).annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "Discard a dead letter")
      .annotate(
        OpenApi.Description,
        "Operators only, with a reason: a person gives up on it. 409 when it is closed already. It is logged.",
      ),
  )
  .prefix("/scheduler/dlq") {}
