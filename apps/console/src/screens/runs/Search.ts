/** Which runs are shown: the filter, as it stands in the URL. */
import type { RunStatus } from "@stint/domain/scheduler/Runs"
import type { Query } from "../../api/Client.ts"
import { defined, instantOf, oneOf, textOf, wholeOf } from "../../format/Search.ts"
import { statuses } from "./Words.ts"

/** The filter. */
export interface RunsSearch {
  readonly status?: RunStatus
  readonly goal?: string
  readonly hire?: string
  readonly customer?: string
  /** An agent type. */
  readonly type?: string
  /** Slots from this instant on, and before that one. */
  readonly from?: string
  readonly to?: string
  /** Runs that began over so many seconds after their slot. */
  readonly late?: number
}

/** The filter of a URL. */
export const runsSearch = (search: Record<string, unknown>): RunsSearch =>
  defined({
    status: oneOf(statuses, search.status),
    goal: textOf(search.goal),
    hire: textOf(search.hire),
    customer: textOf(search.customer),
    type: textOf(search.type),
    from: instantOf(search.from),
    to: instantOf(search.to),
    late: wholeOf(search.late),
  })

/** How long before now slots are looked at for lateness, where no time is named: the API needs one. */
const LATE_MS = 7 * 86_400_000

/** The filter as the API takes it. */
export const queryOf = ({ customer, from, goal, hire, late, status, to, type }: RunsSearch, now: number): Query => ({
  status,
  goal_instance_id: goal,
  hired_instance_id: hire,
  customer_id: customer,
  agent_id: type,
  from: from ?? (late === undefined ? undefined : new Date(now - LATE_MS).toISOString()),
  to,
  late_over_seconds: late,
})

/** The filter of the counts beside the states; undefined where they would have to look at each run. */
export const countsOf = ({ late, status: _, type, ...rest }: RunsSearch): Query | undefined =>
  late === undefined && type === undefined ? queryOf(rest, 0) : undefined

/** What a filter by an id is called, and by which prefix such an id is known. */
export const idFilters = {
  goal: { label: "Goal", prefix: "GOI-" },
  hire: { label: "Hire", prefix: "HAI-" },
  customer: { label: "Customer", prefix: "CUS-" },
  type: { label: "Agent type", prefix: undefined },
} as const
/** A filter by an id. */
export type IdFilter = keyof typeof idFilters
/** The filters by an id, in their order. */
export const idFilterNames = Object.keys(idFilters) as ReadonlyArray<IdFilter>
