/** Pure decisions on hires: what a draft changes, and when one can be finalized (domain.md, "States"). */
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import { defaults, type Values } from "@stint/domain/Bounds"
import { documentFaults } from "@stint/domain/Documents"
import { namedFaults } from "@stint/domain/FieldIssues"
import { isTimezone } from "@stint/domain/Formats"
import { configIssues, settingsIssues } from "@stint/domain/Definition/Validate"
import { GoalsDoNotHold, type HireDraft, HireNotConfigured, SubscriptionForOther } from "@stint/domain/hiring/Hires"
import type { HiredInstanceId } from "@stint/domain/Ids"
import type { FieldIssue } from "@stint/domain/Problem"
import { type DateTime, Result } from "effect"
import type { Decision } from "../Engagements/Amendment.ts"
import { DefinitionMoved, notDeactivated, writable } from "../Engagements/Policy.ts"
import type { Engagement, GoalRow, HireRow, SubscriptionRow } from "../Engagements/Row.ts"
import { defaultAt } from "../Goals/Policy.ts"

/** The zone in which a hire's goals run: config's `timezone`, else its first field of that format, else UTC. */
export const zoneOf = (definition: Pick<AgentTypeDefinition, "config_schema">, config: HireRow["config"]): string => {
  const { fields } = definition.config_schema
  const field = fields.find(({ key }) => key === "timezone") ??
    fields.find(({ format }) => format === "iana_timezone")
  const zone = field === undefined || !Object.hasOwn(config, field.key) ? undefined : config[field.key]
  return typeof zone === "string" && isTimezone(zone) ? zone : "UTC"
}

/** Every fault of a hire's config; one of before the bounds may be over one. */
export const configFaults = (
  definition: AgentTypeDefinition,
  config: HireRow["config"],
  bounds: Values,
): Array<FieldIssue> => [...documentFaults(config, "$.config", bounds), ...configIssues(definition, config)]

/** The faults of a hire's config, as many as a row holds. */
const missingOf = (faults: ReadonlyArray<FieldIssue>, bounds: Values): HireRow["missing"] => {
  const { issues, omitted } = namedFaults(faults, { faults: defaults.faults, fault_chars: bounds.fault_chars })
  return omitted === 0 ? issues : [...issues, { path: "$", message: `and ${omitted} more`, omitted }]
}

/** What is missing as its reader gets it: the first faults, and how many more there are. */
export const missingShown = (missing: HireRow["missing"], bounds: Values) => {
  const more = missing.at(-1)?.omitted ?? 0
  const { issues, omitted } = namedFaults(more === 0 ? missing : missing.slice(0, -1), bounds)
  return { missing: issues, ...(omitted + more === 0 ? {} : { errors_omitted: omitted + more }) }
}

const configured = (missing: HireRow["missing"], bounds: Values): Result.Result<void, HireNotConfigured> => {
  if (missing.length === 0) return Result.void
  const shown = missingShown(missing, bounds)
  const all = shown.missing.length + (shown.errors_omitted ?? 0)
  const count = all === 1 ? "1 field is" : `${all} fields are`
  return Result.fail(new HireNotConfigured({ detail: `${count} absent or not valid: see missing`, ...shown }))
}

/** Every fault of a goal under the definition. */
export const goalFaults = (definition: AgentTypeDefinition, goal: GoalRow, bounds: Values): Array<FieldIssue> => [
  ...documentFaults(goal.settings, "$.settings", bounds),
  ...settingsIssues(definition, goal.goal_template_id, goal.frequency, goal.settings),
]

/** Faults of a goal, where they are named beside those of others: each path names the goal. */
export const ofGoal = (goal_instance_id: string, faults: ReadonlyArray<FieldIssue>): Array<FieldIssue> =>
  faults.map(({ message, path }) => ({
    path: `$.goals[${JSON.stringify(goal_instance_id)}]${path.slice(1)}`,
    message,
  }))

const goalsHold = (
  definition: AgentTypeDefinition,
  goals: ReadonlyArray<GoalRow>,
  bounds: Values,
): Result.Result<void, GoalsDoNotHold> => {
  const errors = goals.flatMap((goal) => ofGoal(goal.goal_instance_id, goalFaults(definition, goal, bounds)))
  const detail = `Goals are not valid under version ${definition.version}: change or delete them first, see errors`
  return errors.length === 0 ? Result.void : Result.fail(new GoalsDoNotHold({ detail, errors }))
}

const firstDraft = ({ subscription }: Engagement, id: HiredInstanceId, now: DateTime.Utc): HireRow => ({
  hired_instance_id: id,
  subscription_id: subscription.subscription_id,
  agent_id: subscription.agent_id,
  customer_id: subscription.customer_id,
  definition_version: "",
  config: {},
  settings: {},
  configured: false,
  missing: [],
  timezone: "UTC",
  goals_completed: false,
  active: true,
  finalized_at: null,
  deactivated_at: null,
  trial_start: null,
  trial_end: null,
  trial_status: "not_started",
  created_at: now,
  updated_at: now,
  version: 1,
})

/** Whether the hire can be drafted at all, whatever the draft holds. */
export const draftable = (
  { hire, subscription }: { readonly hire: HireRow | undefined; readonly subscription: SubscriptionRow },
  agent_id: HireDraft["agent_id"],
) =>
  Result.gen(function* () {
    yield* writable(subscription)
    if (agent_id !== subscription.agent_id) {
      const detail =
        `The subscription is for ${subscription.agent_id}: send that agent_id, or subscribe to the other one`
      yield* Result.fail(new SubscriptionForOther({ detail, subscribed_agent_id: subscription.agent_id }))
    }
    yield* notDeactivated(hire)
  })

/**
 * The hire after a draft. The first draft adds the hire, under `id`, and pins the definition's version. A draft is refused
 * when a finalized hire would no longer be configured, or a goal would not be valid.
 */
export const draft = (
  engagement: Engagement,
  input: HireDraft,
  definition: AgentTypeDefinition,
  id: HiredInstanceId,
  { bounds, now }: { readonly now: DateTime.Utc; readonly bounds: Values },
) =>
  Result.gen(function* () {
    yield* draftable(engagement, input.agent_id)
    const pinned = engagement.hire?.definition_version ?? definition.version
    const moves = definition.version !== pinned
    if (moves && input.definition_version === undefined) yield* Result.fail(new DefinitionMoved())
    if (moves) yield* goalsHold(definition, engagement.goals, bounds)
    const before = engagement.hire ?? firstDraft(engagement, id, now)
    const config = input.config ?? before.config
    const hire = hireUnder(definition, { ...before, config, settings: input.settings ?? before.settings }, bounds)
    if (before.finalized_at !== null) yield* configured(hire.missing, bounds)
    const decision: Decision = { hire, goals: moves ? retimed(definition, engagement.goals, now) : [] }
    return decision
  })

/** The hire under the definition, with all that follows from its config. */
export const hireUnder = (definition: AgentTypeDefinition, hire: HireRow, bounds: Values): HireRow => {
  const missing = missingOf(configFaults(definition, hire.config, bounds), bounds)
  return {
    ...hire,
    definition_version: definition.version,
    configured: missing.length === 0,
    missing,
    timezone: zoneOf(definition, hire.config),
  }
}

/** The goals whose default time of day changes with the definition. */
export const retimed = (definition: AgentTypeDefinition, goals: ReadonlyArray<GoalRow>, now: DateTime.Utc) =>
  goals.flatMap((goal): Array<GoalRow> => {
    const default_at = defaultAt(definition, goal.goal_template_id, goal.settings)
    return default_at === goal.default_at ? [] : [{ ...goal, default_at, updated_at: now, version: goal.version + 1 }]
  })

/** Finalizes a configured hire; a finalized one stays as it is. */
export const finalize = ({ subscription }: Engagement, hire: HireRow, now: DateTime.Utc, bounds: Values) =>
  Result.gen(function* () {
    yield* notDeactivated(hire)
    const nothing: Decision = {}
    if (hire.finalized_at !== null) return nothing
    yield* writable(subscription)
    yield* configured(hire.missing, bounds)
    const decision: Decision = { hire: { ...hire, finalized_at: now } }
    return decision
  })

/** Deactivates a hire; a deactivated one stays as it is. */
export const deactivate = (hire: HireRow, now: DateTime.Utc): Decision =>
  hire.active ? { hire: { ...hire, active: false, deactivated_at: now } } : {}
