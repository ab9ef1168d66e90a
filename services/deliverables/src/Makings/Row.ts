/** A row of `makings`, decoded. */
import { InstantColumn } from "@stint/domain/Instants"
import { AgentTypeId, CustomerId, DeliverableId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { faultFields } from "@stint/domain/Problem"
import { JsonObject } from "@stint/domain/Protocol"
import { BigIntColumn } from "@stint/edge/Pg/BigIntColumn"
import { Schema } from "effect"

/** waiting -> making -> made or failed; making -> waiting; cancelled when its run is. */
export const MakingState = Schema.Literals(["waiting", "making", "made", "failed", "cancelled"])
export type MakingState = typeof MakingState.Type

/** Why a making failed: what its run is answered with. */
export const StoredProblem = Schema.Struct({
  code: Schema.Literals([
    "maker_late",
    "maker_failed",
    "maker_away",
    "maker_refused",
    "maker_misconfigured",
    "draft_not_valid",
    "draft_impossible",
    "budget",
  ]),
  detail: Schema.String,
  errors: Schema.optionalKey(faultFields.errors),
})
export type StoredProblem = typeof StoredProblem.Type

/** What a making is made from besides its definition and its key. */
export const StoredInput = Schema.Struct({
  config: JsonObject,
  /** Of the hire. */
  settings: JsonObject,
  /** Of the goal. */
  goal_settings: JsonObject,
})
export type StoredInput = typeof StoredInput.Type

/** A making as its run asks for it. */
export const MakingRow = Schema.Struct({
  idempotency_key: Schema.String,
  state: MakingState,
  attempt: Schema.NullOr(Schema.String),
  since: InstantColumn,
  /** When it is late, as things stand. */
  deadline: InstantColumn,
  calls: Schema.Int,
  note: Schema.NullOr(Schema.String),
  problem: Schema.NullOr(StoredProblem),
  /** For how many seconds it has been over; null while it is not. */
  ended_for: Schema.NullOr(Schema.Finite),
})
export type MakingRow = typeof MakingRow.Type

/** A claimed making. */
export const ClaimedMaking = Schema.Struct({
  idempotency_key: Schema.String,
  fence: BigIntColumn,
  customer_id: CustomerId,
  agent_id: AgentTypeId,
  definition_version: Schema.String,
  hired_instance_id: HiredInstanceId,
  goal_instance_id: GoalInstanceId,
  goal_template_id: Schema.String,
  scheduled_time: InstantColumn,
  input: StoredInput,
  place: Schema.String,
  /** How often its place was found away in a row. */
  failures: Schema.Int,
  /** Milliseconds until it is late. */
  left_ms: Schema.Finite,
  /** The deliverable whose next revision it makes, the one that is changed, and what a person asked for; null of a run's draft. */
  deliverable_id: Schema.NullOr(DeliverableId),
  base_revision: Schema.NullOr(Schema.Int),
  changes: Schema.NullOr(Schema.String),
  /** The attempt of the run; of changes, how often its maker failed before. */
  attempt: Schema.NullOr(Schema.String),
})
export type ClaimedMaking = typeof ClaimedMaking.Type

/** A call of a maker, with the making that it was for. */
export const AnsweredCall = Schema.Struct({
  ...ClaimedMaking.fields,
  state: MakingState,
  /** Whether it was made for the attempt that is under way now, or was the last. */
  is_current: Schema.Boolean,
})
export type AnsweredCall = typeof AnsweredCall.Type

/** What names a claim. */
export const Held = Schema.Struct({ idempotency_key: Schema.String, fence: BigIntColumn })
export type Held = typeof Held.Type
