/** The lines of the inbox: drafts, or the deliveries that failed. */
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import type { Delivery } from "@stint/domain/deliverables/Deliveries"
import type { CustomerId } from "@stint/domain/Ids"
import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { useMemo } from "react"
import { deliveriesQuery, inboxQuery } from "../../api/Deliverables.ts"
import { type Show, shows } from "./Search.ts"

/** A line: a draft, and of a failed delivery what is known of it. */
export interface Entry {
  /** The deliverable. */
  readonly id: string
  readonly hire: string
  readonly draft?: Deliverable
  readonly delivery?: Delivery
}

/** The lines of a list, and the query that reads them. */
export const useEntries = (customer_id: CustomerId, show: Show, agent: string | undefined) => {
  const drafts = useInfiniteQuery({
    ...inboxQuery({ customer_id, review_status: shows[show].status, hired_instance_id: agent }),
    enabled: show !== "failed",
  })
  const failed = useQuery({ ...deliveriesQuery(customer_id, "failed"), enabled: show === "failed" })
  const entries = useMemo((): ReadonlyArray<Entry> =>
    show === "failed"
      ? (failed.data?.items ?? [])
        .filter(({ hired_instance_id }) => agent === undefined || hired_instance_id === agent)
        .map((delivery) => ({ id: delivery.deliverable_id, hire: delivery.hired_instance_id, delivery }))
      : (drafts.data?.pages ?? []).flatMap(({ items }) => items)
        .map((draft) => ({ id: draft.deliverable_id, hire: draft.hired_instance_id, draft })), [
    agent,
    drafts.data,
    failed.data,
    show,
  ])
  const { data, dataUpdatedAt, error, isError, refetch } = show === "failed" ? failed : drafts
  const more = show !== "failed" && drafts.hasNextPage
  const query = { data: data === undefined ? undefined : entries, dataUpdatedAt, error, isError, refetch }
  return { entries, query, more, loadMore: () => void drafts.fetchNextPage() }
}
