/** Pure decisions on goals: their faults, their default time of day, their row after a write, the slot of a run. */
import { type AgentTypeDefinition, findTemplate } from "@stint/domain/Definition"
import { localTime } from "@stint/domain/Formats"
import { settingsIssues } from "@stint/domain/Definition/Validate"
import type { GoalDraft } from "@stint/domain/hiring/Goals"
import type { GoalInstanceId } from "@stint/domain/Ids"
import type { FieldIssue } from "@stint/domain/Problem"
import { secretIssues } from "@stint/domain/Secrets"
import { DateTime } from "effect"
import type { GoalRow, HireRow } from "../Engagements/Row.ts"

/** What `schedule.at` defaults to when a setting of format local_time says so (HH:MM); null without one. */
export const defaultAt = (
  definition: AgentTypeDefinition,
  goal_template_id: string,
  settings: GoalRow["settings"],
): string | null => {
  const fields = findTemplate(definition, goal_template_id)?.settings_schema.fields ?? []
  const field = fields.find(({ format }) => format === "local_time")
  const value = field === undefined || !Object.hasOwn(settings, field.key) ? undefined : settings[field.key]
  return typeof value === "string" && localTime.test(value) ? value : null
}

/** Every fault of a goal under its hire's definition, secrets included. No message repeats a value. */
export const goalIssues = (definition: AgentTypeDefinition, goal: GoalDraft): Array<FieldIssue> => [
  ...secretIssues(goal.settings, "$.settings"),
  ...settingsIssues(definition, goal.goal_template_id, goal.frequency, goal.settings),
]

/** The goal's row after a write: a new one under `id`, or `before` with what was sent. */
export const written = (
  hire: HireRow,
  before: GoalRow | undefined,
  goal: GoalDraft,
  definition: AgentTypeDefinition,
  id: GoalInstanceId,
  now: DateTime.Utc,
): GoalRow => ({
  goal_instance_id: id,
  hired_instance_id: hire.hired_instance_id,
  goal_template_id: goal.goal_template_id,
  frequency: goal.frequency,
  settings: goal.settings,
  enabled: goal.enabled ?? before?.enabled ?? true,
  default_at: defaultAt(definition, goal.goal_template_id, goal.settings),
  last_run_slot: before?.last_run_slot ?? null,
  last_run_request: before?.last_run_request ?? null,
  created_at: before?.created_at ?? now,
  updated_at: now,
  version: (before?.version ?? 0) + 1,
})

/**
 * The slot of a run that was asked for at `instant`: that instant, or the millisecond after the goal's latest such slot
 * when that is later (domain.md: "the next free one if taken"). A repeated request keeps the slot that it got.
 */
export const runSlot = (
  goal: Pick<GoalRow, "last_run_slot" | "last_run_request">,
  request_id: string,
  instant: DateTime.Utc,
): DateTime.Utc => {
  if (goal.last_run_slot === null) return instant
  return goal.last_run_request === request_id
    ? goal.last_run_slot
    : DateTime.max(instant, DateTime.add(goal.last_run_slot, { milliseconds: 1 }))
}
