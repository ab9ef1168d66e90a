/** A run, decoded: its rows in scheduled_goal_runs, run_queue, goal_runs and run_attempts together. */
import { Making } from "@stint/domain/Making"
import {
  AgentTypeId,
  CustomerId,
  DeliverableId,
  GoalInstanceId,
  HiredInstanceId,
  RunId,
  ScheduledRunId,
} from "@stint/domain/Ids"
import { ReasonCode } from "@stint/domain/scheduler/ReasonCodes"
import { ErrorDetails, RunEnd, RunOrigin, RunStatus } from "@stint/domain/scheduler/Runs"
import { Schema } from "effect"
import { Millis } from "../Model.ts"

/** An attempt that ended without a draft; instants are epoch milliseconds. */
const FailedAttempt = Schema.Struct({
  attempt: Schema.Int,
  started_at: Schema.Int,
  ended_at: Schema.Int,
  error_details: ErrorDetails,
})

/** An attempt: running (`ended_at` is null), failed (with its error), or the one that completed the run. */
export interface AttemptRow {
  readonly attempt: number
  readonly started_at: number
  readonly ended_at: number | null
  readonly error_details: ErrorDetails | null
}

/** A run; instants are epoch milliseconds. */
export const RunRow = Schema.Struct({
  scheduled_run_id: ScheduledRunId,
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  /** Null of a run from before the queue whose hire was not projected. */
  customer_id: Schema.NullOr(CustomerId),
  /** Null once its hire is not projected any more. */
  agent_id: Schema.NullOr(AgentTypeId),
  scheduled_time: Millis,
  origin: RunOrigin,
  status: RunStatus,
  reason: Schema.NullOr(Schema.String),
  reason_code: Schema.NullOr(ReasonCode),
  /** The operator who cancelled it, and the reason given; null for other reason codes. */
  cancelled_by: Schema.NullOr(Schema.String),
  cancel_reason: Schema.NullOr(Schema.String),
  idempotency_key: Schema.String,
  run_id: Schema.NullOr(RunId),
  deliverable_id: Schema.NullOr(DeliverableId),
  attempt: Schema.Int,
  next_attempt_at: Schema.NullOr(Millis),
  /** When the latest attempt began and ended. */
  started_at: Schema.NullOr(Millis),
  ended_at: Schema.NullOr(Millis),
  failed_attempts: Schema.Array(FailedAttempt),
  /** While its draft is being made; read for one run, null in lists. */
  making: Schema.NullOr(Making),
})
export type RunRow = typeof RunRow.Type

/** All attempts of a run: the failed ones, and the one that is running or that completed it. */
export const attemptsOf = (
  { attempt, ended_at, failed_attempts, started_at, status }: RunRow,
): ReadonlyArray<AttemptRow> =>
  started_at !== null && (status === "running" || status === "completed")
    ? [...failed_attempts, { attempt, started_at, ended_at, error_details: null }]
    : failed_attempts

/** How many runs are in each status, of a filter without a status. */
export const RunCountFilter = Schema.Struct({
  customer_id: Schema.optionalKey(Schema.String),
  goal_instance_id: Schema.optionalKey(Schema.String),
  hired_instance_id: Schema.optionalKey(Schema.String),
  /** Slots in [from, to). */
  from: Schema.optionalKey(Millis),
  to: Schema.optionalKey(Millis),
})
export type RunCountFilter = typeof RunCountFilter.Type

/** Which runs; `customer_id` limits them to what a customer sees. After the key (slot, id), the latest slots first. */
export const RunFilter = Schema.Struct({
  ...RunCountFilter.fields,
  status: Schema.optionalKey(RunStatus),
  agent_id: Schema.optionalKey(Schema.String),
  /** Begun, or not begun yet, more than so many seconds after the slot. */
  late_over_seconds: Schema.optionalKey(Schema.Finite),
  after: Schema.optionalKey(Schema.Tuple([Millis, Schema.String])),
  limit: Schema.Int,
})
export type RunFilter = typeof RunFilter.Type

/** The last run that ended of a goal, and whether the goal is switched on. */
export const LastRunRow = Schema.Struct({ ...RunRow.fields, enabled: Schema.Boolean })
export type LastRunRow = typeof LastRunRow.Type

/** Whose last runs, by their goals' ids: of a goal, a hire or a customer, and which ended so. */
export const LastRunFilter = Schema.Struct({
  goal_instance_id: Schema.optionalKey(Schema.String),
  hired_instance_id: Schema.optionalKey(Schema.String),
  customer_id: Schema.optionalKey(Schema.String),
  status: Schema.optionalKey(RunEnd),
  after: Schema.optionalKey(Schema.String),
  limit: Schema.Int,
})
export type LastRunFilter = typeof LastRunFilter.Type
