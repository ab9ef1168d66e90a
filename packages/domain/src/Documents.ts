/** The sizes of what people write in JSON: a config, settings, a definition (domain.md, "Bounds"). Judged before any decoding. */
import type { Schema } from "effect"
import type { BoundName, Values } from "./Bounds.ts"
import { jsonPath } from "./JsonPath.ts"
import type { FieldIssue } from "./Problem.ts"

const utf8 = new TextEncoder()

const bytesOf = (text: string): number => utf8.encode(text).length

type Json = Schema.Json
type Path = ReadonlyArray<PropertyKey>

const isRecord = (value: Json | undefined): value is Readonly<Record<string, Json>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A key of a JSON object; undefined for any other value. */
export const own = (value: Json | undefined, key: string): Json | undefined =>
  isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined

/** The items of a JSON list; none of any other value. */
export const listOf = (value: Json | undefined): ReadonlyArray<Json> => Array.isArray(value) ? value : []

const over = (has: number, name: BoundName, bounds: Values, what: string): string | undefined =>
  has > bounds[name] ? `must have at most ${bounds[name]} ${what}; it has ${has} (bound ${name})` : undefined

/** The fault of a count that is over a bound, at its path. */
export const overBound = (
  has: number,
  name: BoundName,
  bounds: Values,
  path: string,
  what: string,
): Array<FieldIssue> => {
  const message = over(has, name, bounds, what)
  return message === undefined ? [] : [{ path, message }]
}

/**
 * The faults of size of a config or of settings: its bytes as canonical JSON, its keys in all, and the first list or text
 * that is too long. A value that is none (undefined) has no fault.
 */
export const documentFaults = (document: Json | undefined, root: string, bounds: Values): Array<FieldIssue> => {
  if (document === undefined) return []
  // as canonical: its keys stand in another order, which changes no length
  const large = over(bytesOf(JSON.stringify(document)), "document_bytes", bounds, "bytes as canonical JSON")
  const faults: Array<FieldIssue> = large === undefined ? [] : [{ path: root, message: large }]
  let keys = 0
  let long: FieldIssue | undefined
  const say = (path: Path, message: string | undefined) => {
    if (message !== undefined) long ??= { path: jsonPath(path, root), message }
  }
  const visit = (at: Json, path: Path): void => {
    // what is short in UTF-16 is so in UTF-8
    if (typeof at === "string" && at.length * 3 > bounds.text_bytes) {
      say(path, over(bytesOf(at), "text_bytes", bounds, "bytes"))
    } else if (Array.isArray(at)) {
      say(path, over(at.length, "list_items", bounds, "items"))
      at.forEach((item, index) =>
        typeof item === "object" || typeof item === "string" ? visit(item, [...path, index]) : 0
      )
    } else if (isRecord(at)) {
      for (const [key, value] of Object.entries(at)) {
        keys++
        visit(value, [...path, key])
      }
    }
  }
  visit(document, [])
  const many = over(keys, "document_keys", bounds, "keys in all")
  if (many !== undefined) faults.push({ path: root, message: many })
  return long === undefined ? faults : [...faults, long]
}

/** The number of fields, nested ones included, and of their options. */
const countFields = (fields: Json | undefined): { readonly fields: number; readonly options: number } =>
  listOf(fields).reduce<{ fields: number; options: number }>((sum, field) => {
    const nested = countFields(own(field, "fields"))
    return {
      fields: sum.fields + 1 + nested.fields,
      options: sum.options + listOf(own(field, "options")).length + nested.options,
    }
  }, { fields: 0, options: 0 })

/** The faults of size of a definition: its bytes as canonical JSON, its templates, fields and options, each in all. */
export const definitionSizeFaults = (definition: Json, bounds: Values): Array<FieldIssue> => {
  const templates = listOf(own(definition, "goal_templates"))
  const counts = [
    own(own(definition, "config_schema"), "fields"),
    ...templates.flatMap((
      template,
    ) => [own(own(template, "settings_schema"), "fields"), own(own(template, "output"), "fields")]),
  ].map(countFields)
  const sum = (of: "fields" | "options") => counts.reduce((all, one) => all + one[of], 0)
  const faults: ReadonlyArray<readonly [path: string, message: string | undefined]> = [
    ["$", over(bytesOf(JSON.stringify(definition)), "definition_bytes", bounds, "bytes as canonical JSON")],
    ["$.goal_templates", over(templates.length, "definition_templates", bounds, "templates")],
    ["$", over(sum("fields"), "definition_fields", bounds, "fields in all, nested ones included")],
    ["$", over(sum("options"), "definition_options", bounds, "options in all")],
  ]
  return faults.flatMap(([path, message]) => message === undefined ? [] : [{ path, message }])
}
