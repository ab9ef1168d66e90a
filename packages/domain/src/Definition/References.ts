/** The rules between two fields: `one_of_field` and `keys_of_field`. */
import type { Field } from "../Definition.ts"

type Fields = ReadonlyArray<Field>

/** A path below the validated value, and what is wrong there. */
export interface Fault {
  readonly path: ReadonlyArray<PropertyKey>
  readonly issue: string
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const own = (record: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(record, key) ? record[key] : undefined

/** Text is compared trimmed and in upper case (domain.md, of coins). */
const comparable = (value: unknown) => typeof value === "string" ? value.trim().toUpperCase() : value

const isBlank = (value: unknown) =>
  value === undefined || value === null || (typeof value === "string" && value.trim() === "")

const shown = (items: ReadonlyArray<unknown>) =>
  items.length <= 20 ? items.join(", ") : `${items.slice(0, 20).join(", ")} and ${items.length - 20} more`

const oneOfFault = (field: Field, list: string, record: Record<string, unknown>): Array<Fault> => {
  const value = own(record, field.key)
  const items = own(record, list) ?? []
  if (isBlank(value) || (typeof value !== "string" && typeof value !== "number") || !Array.isArray(items)) return []
  if (items.some((item) => comparable(item) === comparable(value))) return []
  const issue = items.length === 0
    ? `must be one of ${list}, which is empty`
    : `must be one of ${list}: ${shown(items)}`
  return [{ path: [field.key], issue }]
}

const keysOfFaults = (field: Field, list: string, record: Record<string, unknown>): Array<Fault> => {
  const value = own(record, field.key)
  const items = own(record, list)
  if (!isRecord(value) || !Array.isArray(items)) return []
  const keys = new Set(items.filter((item) => typeof item === "string"))
  return [...keys].flatMap((key) =>
    isBlank(own(value, key)) ? [{ path: [field.key, key], issue: `is required, since ${list} has ${key}` }] : []
  )
}

const under = (key: PropertyKey, faults: ReadonlyArray<Fault>): Array<Fault> =>
  faults.map((fault) => ({ path: [key, ...fault.path], issue: fault.issue }))

const nestedFaults = (field: Field, value: unknown): Array<Fault> => {
  if (field.fields === undefined) return []
  const { fields } = field
  if (field.type === "object") return under(field.key, referenceFaults(fields, value))
  if (!Array.isArray(value)) return []
  return under(field.key, value.flatMap((item, index) => under(index, referenceFaults(fields, item))))
}

/**
 * Every violation of these rules, at any depth. It takes any value and skips what has not the shape that a rule needs:
 * faults of shape are found elsewhere, and one answer can name both.
 */
export const referenceFaults = (fields: Fields, value: unknown): Array<Fault> => {
  if (!isRecord(value)) return []
  return fields.flatMap((field) => [
    ...field.one_of_field === undefined ? [] : oneOfFault(field, field.one_of_field, value),
    ...field.keys_of_field === undefined ? [] : keysOfFaults(field, field.keys_of_field, value),
    ...nestedFaults(field, own(value, field.key)),
  ])
}
