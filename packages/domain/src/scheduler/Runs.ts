/** Runs, as a person sees them: which slot, in which state, every attempt and its error (domain.md, "States"). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import {
  AgentTypeId,
  CustomerId,
  DeliverableId,
  GoalInstanceId,
  HiredInstanceId,
  RunId,
  ScheduledRunId,
} from "../Ids.ts"
import { CustomerNotFound, InvalidRequest, problem } from "../Problem.ts"
import { isoOf } from "../Instants.ts"
import { IdempotencyHeader, Instant, listOf, pageQuery, Reason, wholeNumber } from "../Protocol.ts"
import { Making } from "../Making.ts"
import { TraceId } from "../Trace.ts"
import { RunReasonCode } from "./ReasonCodes.ts"

/** What is stored of a slot: pending -> completed or cancelled. */
export const ScheduledRunStatus = Schema.Literals(["pending", "completed", "cancelled"])
export type ScheduledRunStatus = typeof ScheduledRunStatus.Type

/** What is stored of an execution: pending -> running -> completed or failed; back to pending on retry. */
export const GoalRunStatus = Schema.Literals(["pending", "running", "completed", "failed"])
export type GoalRunStatus = typeof GoalRunStatus.Type

/** What a person sees: derived from both. */
export const RunStatus = Schema.Literals([
  "pending",
  "running",
  "retrying",
  "completed",
  "cancelled",
  "dead_lettered",
])
export type RunStatus = typeof RunStatus.Type

/** Why a run came to be. */
export const RunOrigin = Schema.Literals(["schedule", "manual", "trigger", "backfill"])
export type RunOrigin = typeof RunOrigin.Type

/** TRANSIENT is tried again, PERMANENT is not (domain.md, "Rules: when it fails"). */
export const ErrorType = Schema.Literals(["TRANSIENT", "PERMANENT"])
export type ErrorType = typeof ErrorType.Type

/** The idempotency key of a run: derived from its goal and slot (epoch ms), never drawn (domain.md, "Idempotency key"). */
export const runKey = (goal_instance_id: string, slot: number): string => `${goal_instance_id}:${isoOf(slot)}`

/** What went wrong in one attempt: the JSONB column `error_details`. */
export const ErrorDetails = Schema.Struct({
  type: Schema.String,
  message: Schema.String,
  stack_trace: Schema.optionalKey(Schema.String),
  attempt: Schema.Int,
})
export type ErrorDetails = typeof ErrorDetails.Type

/** One attempt of a run. */
export const Attempt = Schema.Struct({
  attempt: Schema.Int,
  started_at: Instant,
  ended_at: Schema.NullOr(Instant),
  error_details: Schema.NullOr(ErrorDetails),
})
export type Attempt = typeof Attempt.Type

/** A run on the wire. */
export class Run extends Schema.Class<Run>("Run")({
  scheduled_run_id: ScheduledRunId,
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  /** Whose it is, and the type of its agent. Null once the scheduler does not know them any more; absent in answers of 0.2.0. */
  customer_id: Schema.optionalKey(Schema.NullOr(CustomerId)),
  agent_id: Schema.optionalKey(Schema.NullOr(AgentTypeId)),
  scheduled_time: Instant,
  origin: RunOrigin,
  status: RunStatus,
  reason: Schema.NullOr(Schema.String),
  reason_code: Schema.NullOr(RunReasonCode),
  idempotency_key: Schema.String,
  /** Of its spans (`runTrace`), where a collector is named; in the answer of one run, not in lists. */
  trace_id: Schema.optionalKey(TraceId),
  /** Where a person sees that trace, where the scheduler knows (`STINT_TRACE_URL`); in the answer of one run, not to customers. */
  trace_url: Schema.optionalKey(
    Schema.String.annotate({ examples: ["https://traces.example.com/trace/4bf92f3577b34da6a3ce929d0e0e4736"] }),
  ),
  run_id: Schema.NullOr(RunId),
  deliverable_id: Schema.NullOr(DeliverableId),
  attempt: Schema.Int,
  next_attempt_at: Schema.NullOr(Instant),
  attempts: Schema.Array(Attempt),
  /** While its maker works; in the answer of one run, not in lists. */
  making: Schema.optionalKey(Making),
}) {}

/** At which number a count of runs or dead letters ends: that many, or more. */
export const MOST_COUNTED = 1_000

/** A count that ends at `MOST_COUNTED`. */
export const BoundedCount = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MOST_COUNTED })).annotate({
  description: `Ends at ${MOST_COUNTED}: that many, or more`,
  examples: [12],
})

/** How many runs are in each status. */
export const RunCounts = Schema.Record(RunStatus, BoundedCount)
export type RunCounts = typeof RunCounts.Type

/** How a run ends that was not cancelled. */
export const RunEnd = Schema.Literals(["completed", "dead_lettered"])
export type RunEnd = typeof RunEnd.Type

/** Among how many of a goal's slots, the latest first, its last run that ended is looked for. */
export const LAST_AMONG = 1_000

/** The last run of a goal that was made or failed for good: cancelled ones and those under way are passed over. */
export const LastRun = Schema.Struct({
  enabled: Schema.Boolean.annotate({ description: "Whether its customer has the goal switched on" }),
  run: Run,
})
export type LastRun = typeof LastRun.Type

/** 404, also for a run of another customer's goal. */
export class RunNotFound extends problem<RunNotFound>()("RunNotFound", {
  code: "run_not_found",
  status: 404,
  title: "There is no such run",
}) {}

/** 409: a run that is final can't be cancelled. */
export class RunFinal extends problem<RunFinal>()("RunFinal", {
  code: "run_final",
  status: 409,
  title: "The run is final",
}, { run_status: RunStatus }) {}

/** Endpoints of runs. */
export class RunsGroup extends HttpApiGroup.make("runs")
  .annotate(OpenApi.Title, "Runs")
  .annotate(OpenApi.Description, "Which slot of a goal ran, how it went, and every attempt of it.")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: {
        goal_instance_id: Schema.optionalKey(GoalInstanceId),
        hired_instance_id: Schema.optionalKey(HiredInstanceId),
        status: Schema.optionalKey(RunStatus),
        customer_id: Schema.optionalKey(CustomerId),
        agent_id: Schema.optionalKey(AgentTypeId),
        /** Slots from this instant on. */
        from: Schema.optionalKey(Instant),
        /** Slots before this instant. */
        to: Schema.optionalKey(Instant),
        /** Runs that began, or have not begun, more than so many seconds after their slot; needs `from`. */
        late_over_seconds: Schema.optionalKey(wholeNumber(1, 31_536_000)),
        ...pageQuery,
      },
      success: listOf(Run),
      error: [InvalidRequest, CustomerNotFound],
    }).annotate(Access, ["customer", "operator", "viewer"])
      .annotate(OpenApi.Summary, "List runs")
      .annotate(
        OpenApi.Description,
        "A customer sees those of its own goals, operators and viewers all; by goal, hired agent, status, customer, agent " +
          "type, and slots in [from, to). `late_over_seconds` counts from the slot, so a goal's spread counts as well; " +
          "it needs `from`.",
      ),
    HttpApiEndpoint.get("counts", "/counts", {
      query: {
        goal_instance_id: Schema.optionalKey(GoalInstanceId),
        hired_instance_id: Schema.optionalKey(HiredInstanceId),
        customer_id: Schema.optionalKey(CustomerId),
        /** Slots from this instant on. */
        from: Schema.optionalKey(Instant),
        /** Slots before this instant. */
        to: Schema.optionalKey(Instant),
      },
      success: RunCounts,
      error: [InvalidRequest, CustomerNotFound],
    }).annotate(Access, ["customer", "operator", "viewer"])
      .annotate(OpenApi.Summary, "Count runs by status")
      .annotate(
        OpenApi.Description,
        `How many runs a list of each status has, up to ${MOST_COUNTED}: that many, or more. A customer counts those of its ` +
          "own goals, operators and viewers all.",
      ),
    HttpApiEndpoint.get("last", "/last", {
      query: {
        goal_instance_id: Schema.optionalKey(GoalInstanceId),
        hired_instance_id: Schema.optionalKey(HiredInstanceId),
        customer_id: Schema.optionalKey(CustomerId),
        /** The goals alone whose last run ended so. */
        status: Schema.optionalKey(RunEnd),
        ...pageQuery,
      },
      success: listOf(LastRun),
      error: [InvalidRequest, CustomerNotFound],
    }).annotate(Access, ["customer", "operator", "viewer"])
      .annotate(OpenApi.Summary, "List the last run of each goal")
      .annotate(
        OpenApi.Description,
        "Of each goal that there is, the last run that completed or was dead-lettered, by the goals' ids: with `status` " +
          "dead_lettered, the goals whose last run failed for good. A customer sees its own goals; operators and viewers name a " +
          `goal, a hired agent or a customer. A goal whose ${LAST_AMONG} latest slots all were cancelled or are under way is left out.`,
      ),
    HttpApiEndpoint.get("get", "/:id", { params: { id: ScheduledRunId }, success: Run, error: RunNotFound })
      .annotate(Access, ["customer", "operator", "viewer"])
      .annotate(OpenApi.Summary, "Get a run")
      .annotate(
        OpenApi.Description,
        "With every attempt and its error. For the customer of its goal, operators and viewers.",
      ),
    HttpApiEndpoint.post("cancel", "/:id/cancel", {
      params: { id: ScheduledRunId },
      headers: IdempotencyHeader,
      payload: Schema.Struct({ reason: Reason }),
      success: Run,
      error: [RunNotFound, RunFinal],
    }).annotate(Access, ["operator"])
      .annotate(OpenApi.Summary, "Cancel a run")
      .annotate(
        OpenApi.Description,
        "Operators only, with a reason. 409 run_final when it is completed, cancelled or dead-lettered. It is logged. Safe " +
          "to repeat under the same Idempotency-Key.",
      ),
  )
  .prefix("/scheduler/runs") {}
