/** Which part of the scheduler is shown, and what its form begins with, as it stands in the URL. */
import { defined, instantOf, oneOf, textOf } from "../../format/Search.ts"

/** The parts. */
export const parts = { state: "State", trigger: "Run a goal", backfill: "Run past slots", limits: "Limits" } as const
/** A part. */
export type Part = keyof typeof parts
const names = Object.keys(parts) as ReadonlyArray<Part>

/** The search. */
export interface SchedulerSearch {
  readonly show?: Part
  readonly goal?: string
  readonly from?: string
  readonly to?: string
}

/** The search of a URL. */
export const schedulerSearch = (search: Record<string, unknown>): SchedulerSearch =>
  defined({
    show: oneOf(names, search.show),
    goal: textOf(search.goal),
    from: instantOf(search.from),
    to: instantOf(search.to),
  })
