/** Validates a hire's config and a goal's settings by a definition. Every fault has a JSONPath and a sentence. */
import { Schema } from "effect"
import { type AgentTypeDefinition, type Field, findTemplate, type Frequency } from "../Definition.ts"
import { issuesUnder } from "../FieldIssues.ts"
import { jsonPath } from "../JsonPath.ts"
import type { FieldIssue } from "../Problem.ts"
import { ScheduleSettings } from "../Schedule.ts"
import { derive, type Derived, deriveShape } from "./Derive.ts"
import { referenceFaults } from "./References.ts"
import { scheduleFaults } from "./ScheduleKeys.ts"

type Fields = ReadonlyArray<Field>
type Validator = (value: unknown, root: string) => Array<FieldIssue>

/** One validator per list of fields: deriving it costs more than validating, and definitions never change. */
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

/** The field `timezone` of a config holds a zone in every type, also without a format, since goals run in it. */
const configFields = (fields: Fields): Fields =>
  fields.map((field) =>
    field.key === "timezone" && field.type === "text" ? { ...field, format: "iana_timezone" as const } : field
  )

const scheduleShape = issuesUnder(ScheduleSettings)

/** Every fault of a `schedule` for a frequency. */
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

/** The schema of a config. */
export const configSchema = (definition: Pick<AgentTypeDefinition, "config_schema">): Derived =>
  derive(configFields(definition.config_schema.fields))

/** The schema of a goal's settings with these fields, `schedule` included, for any frequency. */
export const settingsSchema = (fields: Fields): Derived => derive(fields, schedule)

/** Every fault of a config: the `missing` of a hire. A hire without any is configured. */
export const configIssues = (
  definition: Pick<AgentTypeDefinition, "config_schema">,
  config: unknown,
  root = "$.config",
): Array<FieldIssue> => configValidator(definition.config_schema.fields)(config, root)

/**
 * Every fault of a goal's settings for its template and frequency. A template that the definition does not have is the
 * only fault, at `$.goal_template_id`.
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
