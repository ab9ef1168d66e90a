/** The rows of an engagement: a subscription, the hire under it and the hire's goals. */
import { Frequency } from "@stint/domain/Definition"
import { TrialStatus } from "@stint/domain/hiring/Hires"
import { AgentTypeId, CustomerId, GoalInstanceId, HiredInstanceId, SubscriptionId } from "@stint/domain/Ids"
import { FieldIssue } from "@stint/domain/Problem"
import { JsonObject } from "@stint/domain/Protocol"
import { Duration } from "@stint/domain/hiring/Subscriptions"
import { SubscriptionStatus } from "@stint/domain/hiring/SubscriptionStatus"
import { InstantColumn } from "@stint/domain/Instants"
import { BigIntColumn } from "@stint/edge/Pg/BigIntColumn"
import { Schema } from "effect"
import type { Counts } from "../Quotas.ts"

const Instant = InstantColumn

/** A row of `subscriptions`. */
export const SubscriptionRow = Schema.Struct({
  subscription_id: SubscriptionId,
  agent_id: AgentTypeId,
  customer_id: CustomerId,
  duration: Duration,
  status: SubscriptionStatus,
  anchor_at: Instant,
  current_period_start: Instant,
  current_period_end: Instant,
  cancel_at_period_end: Schema.Boolean,
  past_due_since: Schema.NullOr(Instant),
  ended_at: Schema.NullOr(Instant),
  created_at: Instant,
  updated_at: Instant,
  version: BigIntColumn,
})
export type SubscriptionRow = typeof SubscriptionRow.Type

/** What is absent or not valid. When there is more than is stored, a last one stands for the others: it says how many in `omitted`. */
const Missing = Schema.Struct({ ...FieldIssue.fields, omitted: Schema.optionalKey(Schema.Int) })

/** A row of `hired_agents`. */
export const HireRow = Schema.Struct({
  hired_instance_id: HiredInstanceId,
  subscription_id: SubscriptionId,
  agent_id: AgentTypeId,
  customer_id: CustomerId,
  definition_version: Schema.String,
  config: JsonObject,
  settings: JsonObject,
  configured: Schema.Boolean,
  missing: Schema.Array(Missing),
  timezone: Schema.String,
  goals_completed: Schema.Boolean,
  active: Schema.Boolean,
  finalized_at: Schema.NullOr(Instant),
  deactivated_at: Schema.NullOr(Instant),
  trial_start: Schema.NullOr(Instant),
  trial_end: Schema.NullOr(Instant),
  trial_status: TrialStatus,
  created_at: Instant,
  updated_at: Instant,
  version: BigIntColumn,
})
export type HireRow = typeof HireRow.Type

const { config: _config, missing: _missing, settings: _settings, ...state } = HireRow.fields

/** A hire without its documents: what the feed and the list of trials read of it. */
export const HireState = Schema.Struct(state)
export type HireState = typeof HireState.Type

/** A row of `goal_instances`. */
export const GoalRow = Schema.Struct({
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  goal_template_id: Schema.String,
  frequency: Frequency,
  settings: JsonObject,
  enabled: Schema.Boolean,
  default_at: Schema.NullOr(Schema.String),
  /** The slot of the latest run on request, and that request's id; null before the first. */
  last_run_slot: Schema.NullOr(Instant),
  last_run_request: Schema.NullOr(Schema.String),
  created_at: Instant,
  updated_at: Instant,
  version: BigIntColumn,
})
export type GoalRow = typeof GoalRow.Type

/** What the feed reads of a goal; `schedule` is the one of its settings. */
export const GoalState = Schema.Struct({
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  frequency: Frequency,
  schedule: JsonObject,
  enabled: Schema.Boolean,
  default_at: Schema.NullOr(Schema.String),
  updated_at: Instant,
  version: BigIntColumn,
})
export type GoalState = typeof GoalState.Type

/** The part of a subscription that says whether its hire can run and be read. */
export type SubscriptionState = Pick<SubscriptionRow, "status" | "ended_at">

/** A hire with the state of its subscription. */
export interface Hired {
  readonly subscription: SubscriptionState
  readonly hire: HireRow
}

/** As `Hired`, without the hire's documents. */
export interface HiredState {
  readonly subscription: SubscriptionState
  readonly hire: HireState
}

/** What one lock holds and one write changes: the subscription, its hire if there is one, and the goals asked for. */
export interface Engagement {
  readonly subscription: SubscriptionRow
  readonly hire: HireRow | undefined
  readonly goals: ReadonlyArray<GoalRow>
  /** Whether the hire has goals besides a single one that was asked for. */
  readonly otherGoals: boolean
  /** What the customer has, when a write that adds to it asked for that. */
  readonly counts?: Counts
}
