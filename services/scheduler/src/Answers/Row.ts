/** The rows that an explanation rests on, as they were written when it was decided. All instants are epoch milliseconds. */
import { DlqId } from "@stint/domain/Ids"
import { DeadLetterState } from "@stint/domain/scheduler/DeadLetters"
import { DropCode, MissedCode } from "@stint/domain/scheduler/ReasonCodes"
import { GoalRunStatus } from "@stint/domain/scheduler/Runs"
import { Schema } from "effect"
import { Millis } from "../Model.ts"

/** A run of a goal by its slot. */
export const SlotRun = Schema.Struct({
  scheduled_run_id: Schema.String,
  slot: Millis,
  of_schedule: Schema.Boolean,
})
export type SlotRun = typeof SlotRun.Type

/** What an explanation needs of a run beyond what a person sees of it. */
export const RunDetails = Schema.Struct({
  /** When it may be claimed; null while it waits for an earlier run of its goal, and when it is final. */
  claimable_at: Schema.NullOr(Millis),
  /** Runs even while its scope is paused. */
  forced: Schema.Boolean,
  closed_at: Schema.NullOr(Millis),
  /** When it was made: its slot was decided then. */
  made_at: Schema.NullOr(Millis),
  /** Who asked for it, when it is not of the schedule. */
  asked_by: Schema.NullOr(Schema.String),
  /** Why it had been skipped before it was backfilled, in words. */
  skipped_for: Schema.NullOr(Schema.String),
})

/** Another run of the goal: one that a run waits for, or that a skipped slot lost to. */
export const OtherRun = Schema.Struct({ scheduled_run_id: Schema.String, slot: Millis })
export type OtherRun = typeof OtherRun.Type

/** The run that a waiting one waits for, and how many are before it. */
export const RunAhead = Schema.Struct({ ...OtherRun.fields, count: Schema.Int })
export type RunAhead = typeof RunAhead.Type

/** A limit on running runs that is reached. */
export const ReachedLimit = Schema.Struct({
  kind: Schema.Literals(["customer", "agent_type"]),
  subject: Schema.String,
  max_running: Schema.Int,
})
export type ReachedLimit = typeof ReachedLimit.Type

/** An execution whose run was removed since: executions are kept longer. */
export const OldExecution = Schema.Struct({
  status: GoalRunStatus,
  started_at: Millis,
  completed_at: Schema.NullOr(Millis),
  deliverable_id: Schema.NullOr(Schema.String),
  error: Schema.NullOr(Schema.Struct({
    type: Schema.String,
    message: Schema.String,
    /** Of a run that an operator cancelled. */
    cancelled_by: Schema.optionalKey(Schema.String),
    cancel_reason: Schema.optionalKey(Schema.String),
  })),
})
export type OldExecution = typeof OldExecution.Type

/** A range of slots that was recorded as missed. */
export const MissedRange = Schema.Struct({
  from: Millis,
  to: Millis,
  reason: Schema.String,
  reason_code: MissedCode,
  recorded_at: Millis,
})
export type MissedRange = typeof MissedRange.Type

/** The dead letter of a run. */
export const DeadLetterOfRun = Schema.Struct({
  dlq_id: DlqId,
  error: Schema.NullOr(Schema.String),
  state: DeadLetterState,
  expires_at: Millis,
  closed_at: Schema.NullOr(Millis),
})
export type DeadLetterOfRun = typeof DeadLetterOfRun.Type

/** Who discarded a dead letter, and why. */
export const Discard = Schema.Struct({ by: Schema.String, reason: Schema.NullOr(Schema.String) })
export type Discard = typeof Discard.Type

/** Slots that were dropped before they were decided. */
export const DroppedRange = Schema.Struct({
  from: Millis,
  to: Millis,
  reason: Schema.String,
  reason_code: DropCode,
  recorded_at: Millis,
})
export type DroppedRange = typeof DroppedRange.Type
