/**
 * Where in a payload a rule of a mandate looks: `theme`, `variants[*].text`, `variants[0].hashtags`, `fields["unit price"]`. `[*]`
 * stands for every item of a list. `$.` may stand before it.
 */
import { jsonPath } from "../../JsonPath.ts"

/** A key of an object, an index of a list, or every item of a list. */
export type Step = string | number | { readonly every: true }

/** The most characters and steps of a path. */
export const PATH_CHARS = 300
export const PATH_STEPS = 20

const step = /\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d{1,6})\]|\[(\*)\]|\[("(?:[^"\\]|\\.)*")\]/y

/** The steps of a path; undefined when it is none. */
export const parsePath = (text: string): ReadonlyArray<Step> | undefined => {
  if (text.length > PATH_CHARS) return undefined
  // every step begins with a point or a bracket: the first one's point is left out in the text
  const rest = text.startsWith("$") ? text.slice(1) : text.startsWith("[") ? text : `.${text}`
  const steps: Array<Step> = []
  for (step.lastIndex = 0; step.lastIndex < rest.length;) {
    const [, name, index, every, quoted] = step.exec(rest) ?? []
    if (name !== undefined) steps.push(name)
    else if (index !== undefined) steps.push(Number(index))
    else if (every !== undefined) steps.push({ every: true })
    else if (quoted !== undefined) {
      const key = keyOf(quoted)
      if (key === undefined) return undefined
      steps.push(key)
    } else return undefined
  }
  return steps.length === 0 || steps.length > PATH_STEPS ? undefined : steps
}

const keyOf = (quoted: string): string | undefined => {
  try {
    return JSON.parse(quoted)
  } catch {
    return undefined
  }
}

/** A place in a payload as the text of a path. */
export const placeText = (place: ReadonlyArray<PropertyKey>): string => jsonPath(place).replace(/^\$\.?/, "")

/** A place that a path leads to, and what is there; `found` is false where the path leads on and nothing is. */
export interface Place {
  readonly path: ReadonlyArray<string | number>
  readonly found: boolean
  readonly value?: unknown
}

/**
 * The places of a payload that a path leads to, in their order. Where a key, an index or a list is missing on the way, that is a
 * place with nothing found, and so is an empty list under `[*]`: no rule is satisfied by what is not there.
 */
export function* placesOf(
  value: unknown,
  [first, ...rest]: ReadonlyArray<Step>,
  path: ReadonlyArray<string | number> = [],
): Generator<Place> {
  if (first === undefined) return yield { path, found: true, value }
  if (typeof first === "string") {
    const isThere = typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, first)
    if (!isThere) return yield { path: [...path, first], found: false }
    return yield* placesOf((value as Record<string, unknown>)[first], rest, [...path, first])
  }
  if (typeof first === "number") {
    if (!Array.isArray(value) || first >= value.length) return yield { path: [...path, first], found: false }
    return yield* placesOf(value[first], rest, [...path, first])
  }
  if (!Array.isArray(value) || value.length === 0) return yield { path, found: false }
  for (const [nth, item] of value.entries()) yield* placesOf(item, rest, [...path, nth])
}
