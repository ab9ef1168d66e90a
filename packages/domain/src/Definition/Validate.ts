/** Whether a hire's config and a goal's settings hold under a definition: every fault, as a JSONPath and a sentence. */
import { Schema } from "effect"
import { type AgentTypeDefinition, type Field, findTemplate, type Frequency } from "../Definition.ts"
import { issuesUnder, jsonPath } from "../FieldIssues.ts"
import type { FieldIssue } from "../Problem.ts"
import { ScheduleSettings } from "../Schedule.ts"
import { derive, type Derived, deriveShape } from "./Derive.ts"
import { referenceFaults } from "./References.ts"
import { scheduleFaults } from "./ScheduleKeys.ts"

type Fields = ReadonlyArray<Field>
type Validator = (value: unknown, root: string) => Array<FieldIssue>

/** Deriving costs more than validating, and a definition never changes: one validator per list of fields. */
const cached = (make: (fields: Fields) => Validator) => {
  const validators = new WeakMap<Fields, Validator>()
  return (fields: Fields): Validator => {
    const known = validators.get(fields)
    if (known !== undefined) return known
    const validator = make(fields)
    validators.set(fields, validator)
    return validator
  }
}

const validatorOf = (fields: Fields, more: Schema.Struct.Fields = {}): Validator => {
  const shape = issuesUnder(deriveShape(fields, more))
  return (value, root) => [
    ...shape(value, root),
    ...referenceFaults(fields, value).map(({ path, issue }) => ({ path: jsonPath(path, root), message: issue })),
  ]
}

/** A config's `timezone` is a zone in every type, since goals run in it, whether or not its field says so. */
const configFields = (fields: Fields): Fields =>
  fields.map((field) =>
    field.key === "timezone" && field.type === "text" ? { ...field, format: "iana_timezone" as const } : field
  )

const scheduleShape = issuesUnder(ScheduleSettings)

/** What is wrong with a `schedule` by itself, under a frequency: its keys, their values, and which go with which. */
export const scheduleIssues = (frequency: Frequency, schedule: unknown, root = "$.schedule"): Array<FieldIssue> => [
  ...scheduleShape(schedule, root),
  ...scheduleFaults(frequency, { schedule }).map(({ path, issue }) => ({
    path: jsonPath(path.slice(1), root),
    message: issue,
  })),
]

const schedule = { schedule: Schema.optionalKey(ScheduleSettings) }

const configValidator = cached((fields) => validatorOf(configFields(fields)))
const settingsValidator = cached((fields) => validatorOf(fields, schedule))

/** The schema of a config under the definition. */
export const configSchema = (definition: Pick<AgentTypeDefinition, "config_schema">): Derived =>
  derive(configFields(definition.config_schema.fields))

/** The schema of a goal's settings under a list of fields, `schedule` included, whatever the goal's frequency. */
export const settingsSchema = (fields: Fields): Derived => derive(fields, schedule)

/** What keeps a config from being whole: `missing` of a hire. Empty: it is configured. */
export const configIssues = (
  definition: Pick<AgentTypeDefinition, "config_schema">,
  config: unknown,
  root = "$.config",
): Array<FieldIssue> => configValidator(definition.config_schema.fields)(config, root)

/**
 * What is wrong with a goal's settings under its template and frequency. A template that the definition has not is the
 * one fault at `$.goal_template_id`.
 */
export const settingsIssues = (
  definition: AgentTypeDefinition,
  goal_template_id: string,
  frequency: Frequency,
  settings: unknown,
  root = "$.settings",
): Array<FieldIssue> => {
  const template = findTemplate(definition, goal_template_id)
  if (template === undefined) {
    const known = definition.goal_templates.map((one) => one.goal_template_id).join(", ")
    return [{ path: "$.goal_template_id", message: `must be a template of ${definition.agent_type_id}: ${known}` }]
  }
  return [
    ...settingsValidator(template.settings_schema.fields)(settings, root),
    ...scheduleFaults(frequency, settings).map(({ path, issue }) => ({ path: jsonPath(path, root), message: issue })),
  ]
}
