/** What a form holds: JSON, as the service takes it; a field that is left empty has no key. */
import type { Field } from "@stint/domain/Definition"
import type { FieldIssue } from "@stint/domain/Problem"
import type { JsonObject } from "@stint/domain/Protocol"
import { hashKey } from "@tanstack/react-query"

/** The JSON of a form. */
export type Values = JsonObject
/** A value of it. */
export type Value = Values[string]

/** The object with another value at a key; without the key where the value is undefined. */
export const withValue = (values: Values, key: string, value: Value | undefined): Values => {
  const { [key]: _, ...others } = values
  return value === undefined ? others : { ...others, [key]: value }
}

/** Whether two forms hold the same: their keys are in the order of the input in one, and in that of the store in the other. */
export const isSame = (one: object, other: object): boolean => hashKey([one]) === hashKey([other])

/** A value as an object; empty where it is none. */
export const objectOf = (value: Value | undefined): Values =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value as Values : {}

/** A value as a list; empty where it is none. */
export const listOf = (value: Value | undefined): ReadonlyArray<Value> => Array.isArray(value) ? value : []

/** A value as text: what a form has of another type is shown as JSON. */
export const textOf = (value: Value | undefined): string =>
  value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value)

/** The fault of a field, of its own path or, where it has no fields within, of one below it. */
export const faultAt = (faults: ReadonlyArray<FieldIssue>, path: string, deep: boolean): string | undefined => {
  const found = faults.find((fault) => fault.path === path) ??
    (deep ? faults.find((fault) => fault.path.startsWith(`${path}[`) || fault.path.startsWith(`${path}.`)) : undefined)
  if (found === undefined) return undefined
  const below = found.path.slice(path.length)
  const nth = /^\[(\d+)\]/.exec(below)
  return nth === null ? found.message : `item ${Number(nth[1]) + 1} ${found.message}`
}

/** Moves the focus to the first field that a fault is at; whether there is one on the screen. */
export const focusFirst = (faults: ReadonlyArray<FieldIssue>): boolean => {
  for (const { path } of faults) {
    // a fault below a field is shown at that field
    for (let at = path; at.includes(".") || at.includes("["); at = at.replace(/(\.[^.[\]]+|\[[^\]]*\])$/, "")) {
      const field = document.getElementById(at)
      if (field === null) continue
      field.scrollIntoView({ block: "center" })
      field.focus()
      return true
    }
  }
  return false
}

/** Whether a key is of references to credentials, by its name: `credential_ref`, `platform_credentials`. */
const isReference = (key: string): boolean => /(?:_refs?|credentials?)$/i.test(key)

/** What stands under the label of a field; at a reference also what one looks like: nothing else says whether a name or a secret is asked for. */
export const descriptionOf = ({ description, key }: Field): string | undefined =>
  isReference(key)
    ? [description, "It is the name that it is kept under, such as: vault-7"].filter((part) => part !== undefined)
      .join(". ")
    : description
