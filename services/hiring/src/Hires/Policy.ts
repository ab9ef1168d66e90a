/** Pure decisions on hires: what a draft comes to, and when it can be finalized (domain.md, "States"). */
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import { isTimezone } from "@stint/domain/Formats"
import { configIssues, settingsIssues } from "@stint/domain/Definition/Validate"
import {
  GoalsDoNotHold,
  HireDeactivated,
  type HireDraft,
  HireNotConfigured,
  SubscriptionForOther,
} from "@stint/domain/hiring/Hires"
import type { HiredInstanceId } from "@stint/domain/Ids"
import type { FieldIssue } from "@stint/domain/Problem"
import { SubscriptionNotActive } from "@stint/domain/hiring/Subscriptions"
import { Data, type DateTime, Result } from "effect"
import type { Decision } from "../Engagements/Policy.ts"
import type { Engagement, GoalRow, HireRow, SubscriptionRow } from "../Engagements/Rows.ts"
import { defaultAt } from "../Goals/Policy.ts"
import { notActive } from "../Subscriptions/Policy.ts"

/** The definition that was fetched is no longer the hire's: another draft moved it meanwhile. Fetch it anew. */
export class DefinitionMoved extends Data.TaggedError("DefinitionMoved") {}

/** The zone that a hire's goals run in: config's `timezone`, else its first field of zones; UTC without a valid one. */
export const zoneOf = (definition: Pick<AgentTypeDefinition, "config_schema">, config: HireRow["config"]): string => {
  const { fields } = definition.config_schema
  const field = fields.find(({ key }) => key === "timezone") ??
    fields.find(({ format }) => format === "iana_timezone")
  const zone = field === undefined || !Object.hasOwn(config, field.key) ? undefined : config[field.key]
  return typeof zone === "string" && isTimezone(zone) ? zone : "UTC"
}

/** Writing under a subscription needs it to be active. */
export const writable = (
  subscription: Pick<SubscriptionRow, "status">,
): Result.Result<void, SubscriptionNotActive> => {
  const detail = notActive(subscription)
  return detail === undefined
    ? Result.void
    : Result.fail(new SubscriptionNotActive({ detail, subscription_status: subscription.status }))
}

/** A deactivated hire is final. */
export const notDeactivated = (hire: HireRow | undefined): Result.Result<void, HireDeactivated> =>
  hire === undefined || hire.active
    ? Result.void
    : Result.fail(new HireDeactivated({ detail: "It was deactivated, which is final: subscribe anew to hire again" }))

const configured = (missing: ReadonlyArray<FieldIssue>): Result.Result<void, HireNotConfigured> => {
  if (missing.length === 0) return Result.void
  const count = missing.length === 1 ? "1 field is" : `${missing.length} fields are`
  return Result.fail(new HireNotConfigured({ detail: `${count} missing or not valid: see missing`, missing }))
}

/** What in the hire's goals does not hold under the definition, each by the goal's id. */
const goalFaults = (definition: AgentTypeDefinition, goals: ReadonlyArray<GoalRow>): Array<FieldIssue> =>
  goals.flatMap((goal) =>
    settingsIssues(definition, goal.goal_template_id, goal.frequency, goal.settings).map(({ message, path }) => ({
      path: `$.goals[${JSON.stringify(goal.goal_instance_id)}]${path.slice(1)}`,
      message,
    }))
  )

const goalsHold = (
  definition: AgentTypeDefinition,
  goals: ReadonlyArray<GoalRow>,
): Result.Result<void, GoalsDoNotHold> => {
  const errors = goalFaults(definition, goals)
  const detail = `Under version ${definition.version} they do not hold: change or delete them first, see errors`
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

/** Whether a draft can be taken at all, whatever it says. */
export const draftable = (
  { hire, subscription }: { readonly hire: HireRow | undefined; readonly subscription: SubscriptionRow },
  agent_id: HireDraft["agent_id"],
) =>
  Result.gen(function* () {
    yield* writable(subscription)
    if (agent_id !== subscription.agent_id) {
      const detail = `The subscription is for ${subscription.agent_id}: send that agent_id, or subscribe to the other`
      yield* Result.fail(new SubscriptionForOther({ detail, subscribed_agent_id: subscription.agent_id }))
    }
    yield* notDeactivated(hire)
  })

/**
 * What a draft comes to under the definition: the first one makes the hire, under `id`, and pins the version. The whole
 * is refused when it would leave a finalized hire not configured, or goals that do not hold.
 */
export const draft = (
  engagement: Engagement,
  input: HireDraft,
  definition: AgentTypeDefinition,
  id: HiredInstanceId,
  now: DateTime.Utc,
) =>
  Result.gen(function* () {
    yield* draftable(engagement, input.agent_id)
    const pinned = engagement.hire?.definition_version ?? definition.version
    const moves = definition.version !== pinned
    if (moves && input.definition_version === undefined) yield* Result.fail(new DefinitionMoved())
    if (moves) yield* goalsHold(definition, engagement.goals)
    const before = engagement.hire ?? firstDraft(engagement, id, now)
    const config = input.config ?? before.config
    const missing = configIssues(definition, config)
    if (before.finalized_at !== null) yield* configured(missing)
    const decision: Decision = {
      hire: {
        ...before,
        definition_version: definition.version,
        config,
        settings: input.settings ?? before.settings,
        configured: missing.length === 0,
        missing,
        timezone: zoneOf(definition, config),
      },
      goals: moves ? retimed(definition, engagement.goals, now) : [],
    }
    return decision
  })

/** The goals whose default time of day is another one under the definition. */
const retimed = (definition: AgentTypeDefinition, goals: ReadonlyArray<GoalRow>, now: DateTime.Utc) =>
  goals.flatMap((goal): Array<GoalRow> => {
    const default_at = defaultAt(definition, goal.goal_template_id, goal.settings)
    return default_at === goal.default_at ? [] : [{ ...goal, default_at, updated_at: now, version: goal.version + 1 }]
  })

/** The hire is whole: from now on it stays configured. Finalizing again changes nothing. */
export const finalize = ({ subscription }: Engagement, hire: HireRow, now: DateTime.Utc) =>
  Result.gen(function* () {
    yield* notDeactivated(hire)
    const nothing: Decision = {}
    if (hire.finalized_at !== null) return nothing
    yield* writable(subscription)
    yield* configured(hire.missing)
    const decision: Decision = { hire: { ...hire, finalized_at: now } }
    return decision
  })

/** The hire ends for good. Deactivating again changes nothing. */
export const deactivate = (hire: HireRow, now: DateTime.Utc): Decision =>
  hire.active ? { hire: { ...hire, active: false, deactivated_at: now } } : {}
