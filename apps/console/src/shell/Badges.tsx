/** Counts beside the names of screens. */
import { useInfiniteQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { inboxQuery } from "../api/Deliverables.ts"
import { count } from "../format/Words.ts"
import { useCustomer } from "./User.ts"

/** How many drafts wait for a decision: as many as the inbox has read, with a + where there are others. */
export const WaitingBadge = (): ReactNode => {
  const { data } = useInfiniteQuery(inboxQuery({ customer_id: useCustomer(), review_status: "pending_review" }))
  const waiting = data?.pages.reduce((sum, { items }) => sum + items.length, 0) ?? 0
  if (waiting === 0) return null
  const more = data?.pages.at(-1)?.next_cursor !== null
  return (
    <span>
      {count(waiting)}
      {more ? "+" : ""}
      <span className="visually-hidden">wait</span>
    </span>
  )
}
