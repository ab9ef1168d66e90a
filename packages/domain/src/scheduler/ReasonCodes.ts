/** Why a slot was skipped or missed, and why a run was cancelled or dead-lettered: the codes that programs decide by. */
import { Schema } from "effect"

/** Why the schedule decided that a slot does not run: an open run of its goal (`overlap`), or its `missed` rule. */
export const SkipCode = Schema.Literals(["overlap_open", "overlap_waiting", "missed_superseded", "missed_skipped"])
export type SkipCode = typeof SkipCode.Type

/** Codes by which deliverables says that a run's goal, hire or subscription is gone or may not run: it is cancelled. */
export const GoneCode = Schema.Literals([
  "goal_not_found",
  "hire_not_found",
  "hire_gone",
  "hire_not_runnable",
  "subscription_not_active",
])
export type GoneCode = typeof GoneCode.Type

/** Why a run was skipped, cancelled or dead-lettered (`scheduled_goal_runs.reason_code`); `reason` has the words. */
export const ReasonCode = Schema.Literals([
  ...SkipCode.literals,
  ...GoneCode.literals,
  "goal_deleted",
  "goal_disabled",
  "cancelled_by_operator",
  "dead_lettered",
  "predates_queue",
])
export type ReasonCode = typeof ReasonCode.Type

/** What deliverables answers for a run that its hire's budget does not allow: it is cancelled. */
export const BUDGET = "budget"

/**
 * The code that a person sees: `budget` is stored as `hire_not_runnable`, which programs of 0.2.0 know, with the code itself in
 * the error of its last attempt.
 */
export const RunReasonCode = Schema.Literals([...ReasonCode.literals, BUDGET])
export type RunReasonCode = typeof RunReasonCode.Type

/** Why a range of slots was recorded as missed (`missed_slots.reason_code`). */
export const MissedCode = Schema.Literals(["too_old", "schedule_invalid"])
export type MissedCode = typeof MissedCode.Type

/**
 * Why slots that were to run were dropped before they were decided (`dropped_slots.reason_code`): their goal got another
 * schedule before they fell due, or it was switched off or deleted, or its hire may not run any more.
 */
export const DropCode = Schema.Literals(["schedule_changed", "goal_disabled", "goal_deleted", "hire_not_runnable"])
export type DropCode = typeof DropCode.Type
