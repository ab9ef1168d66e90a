/** Whether a draft can be stored. */

/** How deep an answer may be nested, as the body of a request (bounds, `body_depth`): what reads or writes a deeper one may overflow. */
export const MOST_DEPTH = 64

/** Whether a value of JSON is nested deeper than that. */
export const isTooDeep = (value: unknown, left = MOST_DEPTH): boolean =>
  typeof value === "object" && value !== null &&
  (left === 0 || Object.values(value).some((below) => isTooDeep(below, left - 1)))

/** Whether Postgres can store the value: text with U+0000 or lone surrogates it can't. */
export const isStorable = (value: unknown): boolean => {
  if (typeof value === "string") return value.isWellFormed() && !value.includes("\0")
  if (typeof value !== "object" || value === null) return true
  if (Array.isArray(value)) return value.every(isStorable)
  for (const key in value) {
    if (!isStorable(key) || !isStorable((value as Record<string, unknown>)[key])) return false
  }
  return true
}
