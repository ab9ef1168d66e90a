/** The rows that the scheduler's features share, with instants as epoch milliseconds: the engine compares, never formats. */
import { Frequency } from "@stint/domain/Definition"
import { CustomerId, GoalInstanceId, HiredInstanceId, ScheduledRunId } from "@stint/domain/Ids"
import { isoOf } from "@stint/domain/Instants"
import { JsonObject } from "@stint/domain/Protocol"
import type { ReasonCode } from "@stint/domain/scheduler/ReasonCodes"
import { RunOrigin } from "@stint/domain/scheduler/Runs"
import { BigIntColumn } from "@stint/edge/Pg/BigIntColumn"
import { Schema, SchemaTransformation } from "effect"

export { isoOf } from "@stint/domain/Instants"

/** An instant in epoch milliseconds; `timestamptz` in a row. */
export const Millis = Schema.Date.pipe(
  Schema.decodeTo(
    Schema.Finite,
    SchemaTransformation.transform({ decode: (date) => date.getTime(), encode: (millis) => new Date(millis) }),
  ),
)

/** An instant (epoch ms) as text for a statement's JSON; null for none. */
export const iso = (millis: number | null | undefined): string | null =>
  millis === null || millis === undefined ? null : isoOf(millis)

/** A hire, from hiring's feed. */
export const HireRow = Schema.Struct({
  hired_instance_id: HiredInstanceId,
  customer_id: CustomerId,
  agent_id: Schema.String,
  timezone: Schema.String,
  runnable: Schema.Boolean,
  reason: Schema.NullOr(Schema.String),
  version: BigIntColumn,
  changed_at: Millis,
})
export type HireRow = typeof HireRow.Type

/** A goal, from hiring's feed, and when it falls due next. */
export const GoalRow = Schema.Struct({
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  customer_id: CustomerId,
  version: BigIntColumn,
  changed_at: Millis,
  enabled: Schema.Boolean,
  frequency: Frequency,
  schedule: JsonObject,
  default_at: Schema.NullOr(Schema.String),
  next_slot: Schema.NullOr(Millis),
  due_at: Schema.NullOr(Millis),
  /** Every slot up to it is decided. Null in rows of a version that did not know it: then `next_slot` counts. */
  decided_until: Schema.NullOr(Millis),
  /** Slots up to it follow the goal's versions, and some may have runs already: the schedule was edited since. */
  replan_until: Schema.NullOr(Millis),
})
export type GoalRow = typeof GoalRow.Type

/** The projected versions of a goal and of its hire, and when hiring wrote them (epoch ms). */
export interface Versions {
  readonly goal_version: number
  readonly goal_changed_at: number
  readonly hire_version: number
  readonly hire_changed_at: number
}

/** A row of `goal_history`: what held of a goal from an instant until its next row. */
export const GoalVersion = Schema.Struct({
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  customer_id: CustomerId,
  /** When hiring wrote the change, epoch ms; slots after it follow this version. */
  valid_from: Millis,
  frequency: Frequency,
  schedule: JsonObject,
  default_at: Schema.NullOr(Schema.String),
  /** The zone of its hire. */
  timezone: Schema.String,
  /** Whether its schedule made runs: the goal was enabled and its hire runnable. */
  runs: Schema.Boolean,
  /** Why it did not, for its user; null when it did. */
  reason: Schema.NullOr(Schema.String),
  deleted: Schema.Boolean,
})
export type GoalVersion = typeof GoalVersion.Type

/** Why a run is cancelled: the code that decides, the words for people, and what else its `run_metadata` keeps. */
export interface Cancellation {
  readonly code: ReasonCode
  readonly words: string
  readonly metadata?: Record<string, Schema.Json>
}

/** A run to be made: live (`queue`), or never to run (`cancelled`). */
export interface NewRun {
  readonly scheduled_run_id: ScheduledRunId
  readonly goal_instance_id: GoalInstanceId
  readonly hired_instance_id: HiredInstanceId
  readonly customer_id: CustomerId
  /** The slot, epoch milliseconds. */
  readonly slot: number
  readonly origin: RunOrigin
  readonly request_id: string | null
  readonly run_metadata: Record<string, Schema.Json>
  readonly queue?: {
    readonly serial: boolean
    readonly caught_up: boolean
    readonly forced: boolean
    /** When it should start, epoch milliseconds; without it, when it may be claimed, though not before it was made. */
    readonly due_at?: number
    /** Epoch milliseconds; null for a serial run that waits for the runs of its goal before it. */
    readonly claimable_at: number | null
  }
  /** Needed without `queue`. */
  readonly cancelled?: Cancellation
}

/** A run that this process holds. */
export const ClaimedRun = Schema.Struct({
  scheduled_run_id: ScheduledRunId,
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  customer_id: CustomerId,
  scheduled_time: Millis,
  attempt: Schema.Int,
  fence: BigIntColumn,
  claimed_at: Millis,
  serial: Schema.Boolean,
})
export type ClaimedRun = typeof ClaimedRun.Type
