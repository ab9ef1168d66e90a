/** The lines of the inbox: drafts, or the deliveries that failed; drafts of one goal may stand as one line. */
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import type { Delivery } from "@stint/domain/deliverables/Deliveries"
import type { CustomerId } from "@stint/domain/Ids"
import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { useMemo } from "react"
import { deliveriesQuery, inboxQuery } from "../../api/Deliverables.ts"
import { filterOf, type InboxSearch, isDecided } from "./Search.ts"

/** A draft, and of a failed delivery what is known of it. */
export interface Entry {
  /** The deliverable. */
  readonly id: string
  readonly hire: string
  readonly goal: string
  readonly draft?: Deliverable
  readonly delivery?: Delivery
}

/** The drafts of a list, and the query that reads them. */
export const useEntries = (customer_id: CustomerId, search: InboxSearch) => {
  const { age, agent, flat: _, goal, order, show = "waiting", type } = search
  // an age is one of the instant at which it was asked for: pages of one list have the same bounds
  const filter = useMemo(
    () => filterOf(customer_id, search, Date.now()),
    [age, agent, customer_id, goal, order, show, type],
  )
  const drafts = useInfiniteQuery({ ...inboxQuery(filter), enabled: show !== "failed" })
  const failed = useQuery({ ...deliveriesQuery(customer_id, "failed"), enabled: show === "failed" })
  const entries = useMemo((): ReadonlyArray<Entry> =>
    show === "failed"
      ? (failed.data?.items ?? [])
        .filter(({ goal_instance_id, hired_instance_id }) =>
          (agent === undefined || hired_instance_id === agent) && (goal === undefined || goal_instance_id === goal)
        )
        .map((delivery) => ({
          id: delivery.deliverable_id,
          hire: delivery.hired_instance_id,
          goal: delivery.goal_instance_id,
          delivery,
        }))
      : (drafts.data?.pages ?? []).flatMap(({ items }) => items)
        .map((draft) => ({
          id: draft.deliverable_id,
          hire: draft.hired_instance_id,
          goal: draft.goal_instance_id,
          draft,
        })), [
    agent,
    drafts.data,
    failed.data,
    goal,
    show,
  ])
  const { data, dataUpdatedAt, error, isError, refetch } = show === "failed" ? failed : drafts
  const more = show !== "failed" && drafts.hasNextPage
  const query = { data: data === undefined ? undefined : entries, dataUpdatedAt, error, isError, refetch }
  return { entries, query, more, loadMore: () => void drafts.fetchNextPage() }
}

/** From so many drafts of one goal on, they stand as one line. */
const FOLDED_FROM = 3

/** A line of the list: a draft, or the drafts of a goal, of which those that are unfolded follow. */
export type Line =
  | { readonly kind: "draft"; readonly entry: Entry; readonly within: boolean }
  | {
    readonly kind: "group"
    readonly goal: string
    readonly entries: ReadonlyArray<Entry>
    readonly unfolded: boolean
  }

/** The lines of drafts: a goal of many stands where its first draft does. */
export const linesOf = (
  entries: ReadonlyArray<Entry>,
  { folds, unfolded }: { readonly folds: boolean; readonly unfolded: ReadonlySet<string> },
): ReadonlyArray<Line> => {
  const alone = (entry: Entry): Line => ({ kind: "draft", entry, within: false })
  if (!folds) return entries.map(alone)
  const byGoal = Map.groupBy(entries, ({ goal }) => goal)
  return entries.flatMap((entry): ReadonlyArray<Line> => {
    const { goal } = entry
    const of = byGoal.get(goal) ?? []
    if (of.length < FOLDED_FROM) return [alone(entry)]
    if (of[0] !== entry) return []
    const open = unfolded.has(goal)
    return [
      { kind: "group", goal, entries: of, unfolded: open },
      ...(open ? of.map((entry): Line => ({ kind: "draft", entry, within: true })) : []),
    ]
  })
}

/** Whether drafts of this list are folded by their goals. */
export const folds = ({ flat, goal, show = "waiting" }: InboxSearch): boolean =>
  !isDecided(show) && goal === undefined && flat !== true

/** The draft that a line leads to; none where its drafts follow it. */
export const targetOf = (line: Line): string | undefined =>
  line.kind === "draft" ? line.entry.id : line.unfolded ? undefined : line.entries[0]?.id

/** The line that has a draft; -1 where none has. */
export const placeOf = (lines: ReadonlyArray<Line>, id: string | undefined): number =>
  lines.findIndex((line) =>
    line.kind === "draft" ? line.entry.id === id : !line.unfolded && line.entries.some((entry) => entry.id === id)
  )
