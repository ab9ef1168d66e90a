/** What differs between two JSON values, by path: pure. Items of lists are matched by their key or id where they have one. */
import { jsonPath } from "@stint/domain/JsonPath"

/** A difference. `before` is undefined for what was added, `after` for what was removed. */
export interface Difference {
  readonly path: string
  readonly before: unknown
  readonly after: unknown
}

type Path = ReadonlyArray<string | number>

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** What names an item of a list: a field's key, a template's id. */
const nameOf = (item: unknown): string | undefined => {
  if (!isObject(item)) return undefined
  const name = item.key ?? item.goal_template_id
  return typeof name === "string" ? name : undefined
}

/** A list whose items have names, as an object by these; undefined where they have not, or not each its own. */
const byName = (list: ReadonlyArray<unknown>): Readonly<Record<string, unknown>> | undefined => {
  const names = list.map(nameOf)
  if (names.includes(undefined) || new Set(names).size !== names.length) return undefined
  return Object.fromEntries(list.map((item, index) => [names[index]!, item]))
}

const order = (list: ReadonlyArray<unknown>): string => list.map(nameOf).join(", ")

const listsDiffer = (
  before: ReadonlyArray<unknown>,
  after: ReadonlyArray<unknown>,
  path: Path,
): ReadonlyArray<Difference> => {
  const [was, is] = [byName(before), byName(after)]
  if (was !== undefined && is !== undefined) {
    const inner = differ(was, is, path)
    const [old, now] = [order(before), order(after)]
    // the same items in another order: people see fields in that order
    return inner.length > 0 || old === now ? inner : [{ path: `${jsonPath(path)} (order)`, before: old, after: now }]
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path: jsonPath(path), before, after }]
}

/** The differences, in the order of the paths as they come. */
export const differ = (before: unknown, after: unknown, path: Path = []): ReadonlyArray<Difference> => {
  if (Array.isArray(before) && Array.isArray(after)) return listsDiffer(before, after, path)
  if (isObject(before) && isObject(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      differ(before[key], after[key], [...path, key])
    )
  }
  return Object.is(before, after) ? [] : [{ path: jsonPath(path), before, after }]
}
