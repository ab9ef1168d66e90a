/** Filters of runs that are kept under names, in this browser: they are addresses, and no secret. */
import { Schema } from "effect"
import { type RunsSearch, runsSearch } from "./Search.ts"

/** A filter under its name. */
export interface View {
  readonly name: string
  readonly search: RunsSearch
}

/** The most views that are kept. */
export const MOST_VIEWS = 50

/** The longest name of a view. */
export const LONGEST_NAME = 60

const KEY = "stint-views-of-runs"

const decode = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Array(Schema.Struct({ name: Schema.String, search: Schema.Record(Schema.String, Schema.Unknown) })),
  ),
)

/** The views that are kept, by name. What can't be read counts as none. */
export const viewsIn = (text: string | null): ReadonlyArray<View> => {
  const decoded = decode(text)
  if (decoded._tag === "None") return []
  return decoded.value.slice(0, MOST_VIEWS).map(({ name, search }) => ({ name, search: runsSearch(search) }))
}

/** With a view under its name, which another one of that name loses; by name. */
export const withView = (views: ReadonlyArray<View>, view: View): ReadonlyArray<View> =>
  [...withoutView(views, view.name), view].sort((a, b) => a.name.localeCompare(b.name)).slice(0, MOST_VIEWS)

/** Without the view of that name. */
export const withoutView = (views: ReadonlyArray<View>, name: string): ReadonlyArray<View> =>
  views.filter((one) => one.name !== name)

const textOf = (search: RunsSearch): string =>
  JSON.stringify(Object.entries(search).sort(([a], [b]) => a.localeCompare(b)))

/** The view that is this filter. */
export const viewOf = (views: ReadonlyArray<View>, search: RunsSearch): View | undefined =>
  views.find((one) => textOf(one.search) === textOf(search))

/** What this browser keeps; nothing where it keeps nothing. */
export const stored = (): ReadonlyArray<View> => {
  try {
    return viewsIn(localStorage.getItem(KEY))
  } catch {
    return []
  }
}

/** Keeps them; false where this browser keeps nothing. */
export const store = (views: ReadonlyArray<View>): boolean => {
  try {
    localStorage.setItem(KEY, JSON.stringify(views))
    return true
  } catch {
    return false
  }
}
