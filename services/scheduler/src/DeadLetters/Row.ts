/** Rows of `scheduler_dlq`; instants are epoch milliseconds. */
import { AgentTypeId, CustomerId, DlqId, GoalInstanceId, HiredInstanceId, ScheduledRunId } from "@stint/domain/Ids"
import { DeadLetterState } from "@stint/domain/scheduler/DeadLetters"
import { ErrorType } from "@stint/domain/scheduler/Runs"
import { Schema } from "effect"
import { Millis } from "../Model.ts"

/** A dead letter with the ids of its runs. */
export const DeadLetterRow = Schema.Struct({
  dlq_id: DlqId,
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  /** These two are null once its hire is not projected any more. */
  customer_id: Schema.NullOr(CustomerId),
  agent_id: Schema.NullOr(AgentTypeId),
  error_type: Schema.NullOr(ErrorType),
  error_message: Schema.NullOr(Schema.String),
  stack_trace: Schema.NullOr(Schema.String),
  fingerprint: Schema.String,
  failure_count: Schema.Int,
  first_failed_at: Millis,
  last_failed_at: Millis,
  expires_at: Millis,
  retry_count: Schema.Int,
  state: DeadLetterState,
  closed_at: Schema.NullOr(Millis),
  scheduled_run_ids: Schema.Array(ScheduledRunId),
})
export type DeadLetterRow = typeof DeadLetterRow.Type

/** The key of a dead letter in a list. */
export const DeadLetterPlace = Schema.Struct({ last_failed_at: Millis, dlq_id: Schema.String })

/** The dead letters of one cause. */
export const CauseRow = Schema.Struct({
  fingerprint: Schema.String,
  error_type: Schema.NullOr(ErrorType),
  error_message: Schema.NullOr(Schema.String),
  example: DlqId,
  entries: Schema.Int,
  runs: Schema.Int,
  first_failed_at: Millis,
  last_failed_at: Millis,
})
export type CauseRow = typeof CauseRow.Type

/** Which entries. */
export const DeadLetterFilter = Schema.Struct({
  state: Schema.optionalKey(DeadLetterState),
  goal_instance_id: Schema.optionalKey(Schema.String),
  hired_instance_id: Schema.optionalKey(Schema.String),
  error_type: Schema.optionalKey(ErrorType),
  fingerprint: Schema.optionalKey(Schema.String),
  customer_id: Schema.optionalKey(Schema.String),
  agent_id: Schema.optionalKey(Schema.String),
  /** Failed last in [from, to). */
  from: Schema.optionalKey(Millis),
  to: Schema.optionalKey(Millis),
})
export type DeadLetterFilter = typeof DeadLetterFilter.Type

/** A page of entries after the key (last_failed_at, id), the latest failure first. */
export const DeadLetterPage = Schema.Struct({
  ...DeadLetterFilter.fields,
  after: Schema.optionalKey(Schema.Tuple([Millis, Schema.String])),
  limit: Schema.Int,
})
export type DeadLetterPage = typeof DeadLetterPage.Type
