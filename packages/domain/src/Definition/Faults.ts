/** Checks of a definition beyond its shape. Each fault has a path. */
import type { Schema } from "effect"
import type { ConfigSchema, EnforcementDefaults, Field, FieldType, GoalTemplate } from "../Definition.ts"
import { slowMakerOf } from "./Maker.ts"
import { isTimezone } from "../Formats.ts"
import { isSecretKey } from "../Secrets.ts"

/** The most levels of nested fields. */
const maxDepth = 8

type Fault = Exclude<Schema.FilterIssue, string>
type Path = ReadonlyArray<PropertyKey>

const fault = (path: Path, issue: string): Fault => ({ path, issue })

const holds = (field: Field, type: FieldType) =>
  field.type === type || (field.type === "list" && field.item_type === type)

const isText = (type: FieldType | undefined) => type === "text" || type === "enum"

/** Values that occur more than once, with the index of each repeat. */
const repetitions = (values: ReadonlyArray<string>) =>
  values.flatMap((value, index) => values.indexOf(value) < index ? [{ value, index }] : [])

/** Why a well-formed key can't be the key of a field; undefined if it can. */
export const keyFault = (key: string): string | undefined => {
  if (isSecretKey(key)) return "names a secret; secrets never enter config or settings, ask for a reference (*_ref)"
  if (key in {}) return "is a reserved word; choose another key"
  return undefined
}

/** Faults of one field: a property that its type needs is missing, or one does not apply to its type. */
export const fieldFaults = (field: Field): Array<Fault> => {
  const faults: Array<Fault> = []
  const only = (key: keyof Field, allowed: boolean, owner: string) => {
    if (field[key] !== undefined && !allowed) faults.push(fault([key], `only ${owner} can have ${key}`))
  }
  if (holds(field, "enum") && !field.options?.length) faults.push(fault(["options"], "is required for an enum"))
  for (const { value, index } of repetitions(field.options ?? [])) {
    faults.push(fault(["options", index], `repeats ${value}`))
  }
  if (field.type === "list" && field.item_type === undefined) {
    faults.push(fault(["item_type"], "is required for a list"))
  }
  only("item_type", field.type === "list", "a list")
  only("min_items", field.type === "list", "a list")
  only("options", holds(field, "enum"), "an enum or a list of enum")
  only("min_exclusive", field.type === "number", "a number")
  only("max_length", holds(field, "text"), "text or a list of text")
  only("format", field.type === "text", "text")
  only("one_of_field", isText(field.type) || field.type === "number", "text, an enum or a number")
  only("keys_of_field", field.type === "object", "an object")
  only("fields", holds(field, "object"), "an object or a list of objects")
  return faults
}

/** Faults of a list of fields: repeated keys, and references to a field that is missing or is no suitable list. */
export const fieldListFaults = (fields: ReadonlyArray<Field>): Array<Fault> => {
  const faults = repetitions(fields.map((field) => field.key)).map(({ value, index }) =>
    fault([index, "key"], `repeats ${value}; keys are unique`)
  )
  fields.forEach((field, index) => {
    for (const rule of ["one_of_field", "keys_of_field"] as const) {
      const named = field[rule]
      if (named === undefined) continue
      const list = fields.find((other) => other.key === named)
      if (list?.type !== "list") {
        faults.push(fault([index, rule], `must name a list beside this field; there is no list ${named}`))
      } else if (isText(rule === "keys_of_field" ? "text" : field.type) !== isText(list.item_type)) {
        faults.push(fault([index, rule], `the items of ${named} are of another type`))
      } else if (!isText(list.item_type) && list.item_type !== "number") {
        faults.push(fault([index, rule], `the items of ${named} can't be compared`))
      }
    }
  })
  return faults
}

const depthOf = (fields: ReadonlyArray<Field>): number =>
  fields.length === 0 ? 0 : 1 + Math.max(...fields.map((field) => depthOf(field.fields ?? [])))

const depthFaults = (fields: ReadonlyArray<Field>, path: Path): Array<Fault> =>
  depthOf(fields) > maxDepth ? [fault(path, `must be at most ${maxDepth} levels deep`)] : []

/** A key that is reserved, so that no field can have it. */
const reservedFaults = (fields: ReadonlyArray<Field>, path: Path, key: string, why: string): Array<Fault> =>
  fields.flatMap((field, index) =>
    field.key === key ? [fault([...path, index, "key"], `${key} is reserved: ${why}`)] : []
  )

/** The config's `timezone` is the zone that goals run in: it must hold zones. */
const timezoneFaults = (fields: ReadonlyArray<Field>, path: Path): Array<Fault> =>
  fields.flatMap((field, index) => {
    const at = [...path, index]
    if (field.key !== "timezone" || field.type === "text") return []
    if (field.type !== "enum") {
      return [fault([...at, "type"], "timezone is the zone that goals run in: text or an enum")]
    }
    return (field.options ?? []).flatMap((option, nth) =>
      isTimezone(option) ? [] : [fault([...at, "options", nth], "must be a time zone, since goals run in it")]
    )
  })

/** Faults of a whole definition: depth, reserved keys, repeated templates. How large it may be is judged before (Documents.ts). */
export const definitionFaults = (definition: {
  readonly config_schema: ConfigSchema
  readonly goal_templates: ReadonlyArray<GoalTemplate>
}): Array<Fault> => {
  const config = ["config_schema", "fields"]
  const { fields } = definition.config_schema
  const faults = [
    ...depthFaults(fields, config),
    ...reservedFaults(fields, config, "execution", "it is a setting of every hire"),
    ...timezoneFaults(fields, config),
    ...repetitions(definition.goal_templates.map((template) => template.goal_template_id)).map(({ value, index }) =>
      fault(["goal_templates", index, "goal_template_id"], `repeats ${value}; templates are unique`)
    ),
  ]
  definition.goal_templates.forEach((template, index) => {
    const settings = ["goal_templates", index, "settings_schema", "fields"]
    faults.push(
      ...depthFaults(template.settings_schema.fields, settings),
      ...reservedFaults(template.settings_schema.fields, settings, "schedule", "every goal has it"),
      ...depthFaults(template.output?.fields ?? [], ["goal_templates", index, "output", "fields"]),
    )
  })
  return faults
}

/** Why a template can't have its maker under the type's rules; undefined when it can. */
export const makerFault = (
  { deterministic }: Pick<EnforcementDefaults, "deterministic">,
  template: Pick<GoalTemplate, "maker">,
): string | undefined =>
  deterministic && slowMakerOf(template) !== undefined
    ? "must be builtin, since the type is deterministic: no model and no program of another may take part in its work"
    : undefined

/** Faults of what templates ask of approvals: rules that say nothing, and rules of a type whose drafts may go unreviewed. */
export const approvalFaults = (definition: {
  readonly goal_templates: ReadonlyArray<GoalTemplate>
  readonly enforcement_defaults: EnforcementDefaults
}): Array<Fault> =>
  definition.goal_templates.flatMap(({ approval }, index) => {
    if (approval === undefined) return []
    const path = ["goal_templates", index, "approval"]
    return [
      ...(Object.keys(approval).length === 0
        ? [fault(path, "must have a rule; leave it out where nothing is asked")]
        : []),
      ...(definition.enforcement_defaults.approval_required
        ? []
        : [fault(path, "needs approval_required true: drafts of this type may be executed without any approval")]),
    ]
  })

/** Faults of the makers of a definition: one that its type does not allow, and an `output` that no maker would return. */
export const makerFaults = (definition: {
  readonly goal_templates: ReadonlyArray<GoalTemplate>
  readonly enforcement_defaults: EnforcementDefaults
}): Array<Fault> =>
  definition.goal_templates.flatMap((template, index) => {
    const refused = makerFault(definition.enforcement_defaults, template)
    return [
      ...(refused === undefined ? [] : [fault(["goal_templates", index, "maker", "kind"], refused)]),
      ...(template.output !== undefined && slowMakerOf(template) === undefined
        ? [fault(["goal_templates", index, "output"], "only a template with a model or http maker can have output")]
        : []),
    ]
  })
