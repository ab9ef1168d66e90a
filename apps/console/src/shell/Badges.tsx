/** Counts beside the names of screens. */
import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { countsQuery } from "../api/Waiting.ts"
import { count } from "../format/Words.ts"

/** How many drafts wait for a decision of the customer that is signed in. */
export const WaitingBadge = (): ReactNode => {
  const { data } = useQuery(countsQuery)
  if (data === undefined || data.pending_review === 0) return null
  return (
    <span>
      {count(data.pending_review)}
      <span className="visually-hidden">wait</span>
    </span>
  )
}
