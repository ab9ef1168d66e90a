/** Whether a run may have a draft, whether a key belongs to it, and the draft itself. */
import { type AgentTypeDefinition, findTemplate } from "@stint/domain/Definition"
import { makerFault } from "@stint/domain/Definition/Faults"
import { slowMakerOf, type SlowTemplateMaker } from "@stint/domain/Definition/Maker"
import {
  DraftImpossible,
  DraftKeyMismatch,
  type DraftRequest,
  RunGoalNotFound,
  RunNotRunnable,
} from "@stint/domain/deliverables/Drafts"
import { MakerMisconfigured } from "@stint/domain/deliverables/Makings"
import { runKey } from "@stint/domain/scheduler/Runs"
import { DateTime, Result } from "effect"
import { draftFrom } from "../Makers/Builtin.ts"
import type { Draft } from "../Makers/Maker.ts"
import type { GoalOfRun, HireOfRun } from "./Known.ts"

/** Whether a stored draft is of the requested run: the same goal, hire and slot. */
export const sameRun = (
  stored: Pick<DraftRequest, "goal_instance_id" | "hired_instance_id" | "scheduled_time">,
  asked: DraftRequest,
): boolean =>
  stored.goal_instance_id === asked.goal_instance_id &&
  stored.hired_instance_id === asked.hired_instance_id &&
  DateTime.toEpochMillis(stored.scheduled_time) === DateTime.toEpochMillis(asked.scheduled_time)

/** Whether the key is the run's own, which its goal and slot make: under another it would have a second draft, or take one's. */
export const isOwnKey = (key: string, { goal_instance_id, scheduled_time }: DraftRequest): boolean =>
  key === runKey(goal_instance_id, DateTime.toEpochMillis(scheduled_time))

/** The refusal of a key that belongs to another run. */
export const mismatch = (key: string) =>
  new DraftKeyMismatch({ detail: `${key} belongs to another goal, hire or slot; each run has its own key` })

/** A goal that may run, with its hire. */
export interface Runnable {
  readonly goal: GoalOfRun
  readonly hire: HireOfRun
}

/** The goal and hire of a run, as hiring has them; fails when hiring knows no such goal or says that it may not run. */
export const runnable = (
  asked: DraftRequest,
  goal: GoalOfRun | undefined,
  hire: HireOfRun | undefined,
): Result.Result<Runnable, RunGoalNotFound | RunNotRunnable> => {
  if (goal === undefined || hire === undefined || goal.hired_instance_id !== asked.hired_instance_id) {
    const of = goal === undefined ? "" : ` of ${asked.hired_instance_id}`
    return Result.fail(new RunGoalNotFound({ detail: `${asked.goal_instance_id}${of}: hiring knows no such goal` }))
  }
  if (!hire.runnable) return Result.fail(new RunNotRunnable({ detail: hire.reason ?? "hiring gives no reason" }))
  return Result.succeed({ goal, hire })
}

/**
 * The slow maker of a run; undefined when a builtin makes its draft. A planted definition, whose type allows builtins alone, is
 * refused here.
 */
export const slowMakerFor = (
  definition: AgentTypeDefinition,
  { goal: { goal_template_id } }: Runnable,
): Result.Result<SlowTemplateMaker | undefined, MakerMisconfigured> => {
  const template = findTemplate(definition, goal_template_id)
  const maker = template && slowMakerOf(template)
  if (maker === undefined) return Result.succeed(undefined)
  const refused = makerFault(definition.enforcement_defaults, template!)
  return refused === undefined
    ? Result.succeed(maker)
    : Result.fail(new MakerMisconfigured({ detail: `The maker of ${goal_template_id} ${refused}` }))
}

/** The draft that a builtin makes of a run. */
export const draftOf = (
  definition: AgentTypeDefinition,
  { goal, hire }: Runnable,
  slot: DateTime.Utc,
): Result.Result<Draft, DraftImpossible> => draftFrom({ definition, hire, goal, slot: DateTime.toEpochMillis(slot) })
