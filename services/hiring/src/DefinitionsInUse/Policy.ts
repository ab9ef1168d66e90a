/** Pure decisions on definitions in use: what would not hold, and a hire's move to a version (domain.md, "Definitions in use"). */
import type { Values } from "@stint/domain/Bounds"
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import { namedFaults } from "@stint/domain/FieldIssues"
import type { Break, SkippedHire } from "@stint/domain/hiring/DefinitionsInUse"
import type { GoalInstanceId } from "@stint/domain/Ids"
import type { FieldIssue } from "@stint/domain/Problem"
import { type DateTime, Result } from "effect"
import type { Decision } from "../Engagements/Amendment.ts"
import type { Engagement, HireRow } from "../Engagements/Row.ts"
import { configFaults, goalFaults, hireUnder, ofGoal, retimed } from "../Hires/Policy.ts"

/** The faults of a hire's config, or of one of its goals; never empty. */
export interface Faulty {
  readonly goal_instance_id?: GoalInstanceId
  readonly faults: ReadonlyArray<FieldIssue>
}

/** What of a hire's config would not hold: a draft that is not configured has nothing to lose. */
export const configStands = (definition: AgentTypeDefinition, hire: HireRow, bounds: Values): Array<FieldIssue> =>
  hire.configured ? configFaults(definition, hire.config, bounds) : []

const named = (faults: ReadonlyArray<FieldIssue>, most: number, bounds: Values) => {
  const { issues: errors, omitted } = namedFaults(faults, { faults: most, fault_chars: bounds.fault_chars })
  return { errors, ...omitted === 0 ? {} : { errors_omitted: omitted } }
}

/** What breaks of a hire, as an answer names it: the faults of all together are bounded, and each has one at least. */
export const breaksOf = (
  { hired_instance_id }: Pick<HireRow, "hired_instance_id">,
  faulty: ReadonlyArray<Faulty>,
  bounds: Values,
): Array<Break> => {
  let left = bounds.faults
  return faulty.map(({ faults, goal_instance_id }) => {
    const one = named(faults, Math.max(left, 1), bounds)
    left -= one.errors.length
    return { hired_instance_id, ...goal_instance_id === undefined ? {} : { goal_instance_id }, ...one }
  })
}

/** The same of a hire that is left at its version: all in one list, where a path names its goal. */
export const skippedFor = (
  { hired_instance_id }: Pick<HireRow, "hired_instance_id">,
  faulty: ReadonlyArray<Faulty>,
  bounds: Values,
): SkippedHire => ({
  hired_instance_id,
  ...named(
    faulty.flatMap(({ faults, goal_instance_id }) =>
      goal_instance_id === undefined ? faults : ofGoal(goal_instance_id, faults)
    ),
    bounds.faults,
    bounds,
  ),
})

/**
 * Moves a hire, whose goals are all there, to the definition's version; fails with what would not hold, and with nothing when
 * it is at the version already or has ended since it was found.
 */
export const migrate = (
  definition: AgentTypeDefinition,
  { goals, hire, subscription }: Engagement,
  { bounds, now }: { readonly now: DateTime.Utc; readonly bounds: Values },
): Result.Result<Decision, ReadonlyArray<Faulty>> => {
  if (hire === undefined || !hire.active || subscription.status === "canceled") return Result.fail([])
  if (hire.definition_version === definition.version) return Result.fail([])
  const config = configStands(definition, hire, bounds)
  const faulty = [
    ...config.length === 0 ? [] : [{ faults: config }],
    ...goals.flatMap((goal): Array<Faulty> => {
      const faults = goalFaults(definition, goal, bounds)
      return faults.length === 0 ? [] : [{ goal_instance_id: goal.goal_instance_id, faults }]
    }),
  ]
  return faulty.length > 0
    ? Result.fail(faulty)
    : Result.succeed({ hire: hireUnder(definition, hire, bounds), goals: retimed(definition, goals, now) })
}
