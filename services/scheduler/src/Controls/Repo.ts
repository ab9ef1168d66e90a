/** Pauses, triggers and the action log. Each action and its line commit together or not at all. */
import { Action, SchedulerStatus } from "@stint/domain/scheduler/Controls"
import { JsonObject } from "@stint/domain/Protocol"
import { Context, type Effect, type Option, Schema } from "effect"
import type { Condition } from "../Alerts/Policy.ts"
import type { AuditLine } from "../Audit/Repo.ts"
import { type GoalRow, type HireRow, Millis, type NewRun } from "../Model.ts"

/** A pause, or what was one: of all (`global`), of `hire:<id>` or of `customer:<id>`. */
export const StateRow = Schema.Struct({
  state_id: Schema.String,
  status: SchedulerStatus,
  paused_at: Schema.NullOr(Millis),
  paused_by: Schema.NullOr(Schema.String),
  paused_reason: Schema.NullOr(Schema.String),
  resumed_at: Schema.NullOr(Millis),
  resumed_by: Schema.NullOr(Schema.String),
  updated_at: Millis,
})
export type StateRow = typeof StateRow.Type

/** A line of the action log. */
export const ActionRow = Schema.Struct({
  log_id: Schema.String,
  action: Action,
  operator: Schema.String,
  timestamp: Millis,
  goal_instance_id: Schema.NullOr(Schema.String),
  reason: Schema.NullOr(Schema.String),
  action_metadata: JsonObject,
})
export type ActionRow = typeof ActionRow.Type

/** Which lines: of one operator, before a line, the latest first. */
export interface ActionFilter {
  readonly operator?: string
  readonly after?: readonly [timestamp: number, id: string]
  readonly limit: number
}

/** What became of a trigger. */
export type TriggerResult =
  | { readonly _tag: "Made" }
  | { readonly _tag: "Taken"; readonly scheduled_run_id: string }
  | { readonly _tag: "Paused"; readonly reason: string | null }

/** A pause as an alert, which its resume ends: every one of both is told. */
export const pausedAlert = (subject: string, { operator, reason }: AuditLine): Condition => ({
  kind: "paused",
  subject,
  details: { operator, reason },
})

/** The alert of a line of the action log has the line's id, so that it is made once. */
export const alertIdOf = (line: AuditLine): string => line.log_id.replace(/^LOG-/, "ALR-")

/** The controls' storage. `layerPg` stands in PgRepo.ts, `layerMemory` in MemoryRepo.ts. */
export class ControlsRepo extends Context.Service<ControlsRepo, {
  states(): Effect.Effect<ReadonlyArray<StateRow>>
  /** Pauses a scope. After it returns no claim commits there. The state after it, and whether it was paused before. */
  pause(
    state_id: string,
    reason: string | null,
    line: AuditLine,
  ): Effect.Effect<{ readonly state: StateRow; readonly was: boolean }>
  /** Resumes a scope; undefined when it was never paused. */
  resume(
    state_id: string,
    line: AuditLine,
  ): Effect.Effect<{ readonly state: StateRow | undefined; readonly was: boolean }>
  /** Live runs of a scope: those that are held now, and the others. */
  counts(state_id: string): Effect.Effect<{ readonly running: number; readonly pending: number }>
  /** Whether a hire is projected. */
  knows(hired_instance_id: string): Effect.Effect<boolean>
  /** A goal and its hire as they are projected. */
  target(goal_instance_id: string): Effect.Effect<Option.Option<{ readonly goal: GoalRow; readonly hire: HireRow }>>
  /** Makes a run of an operator, unless the slot is taken, or paused and not forced. The same request again made it. */
  trigger(run: NewRun, line: AuditLine): Effect.Effect<TriggerResult>
  actions(filter: ActionFilter): Effect.Effect<ReadonlyArray<ActionRow>>
}>()("scheduler/ControlsRepo") {}
