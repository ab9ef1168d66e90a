/** The lists of the inbox, with how many each has. */
import { MOST_COUNTED } from "@stint/domain/deliverables/Deliverables"
import { useQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { countsQuery } from "../../api/Waiting.ts"
import { count } from "../../format/Words.ts"
import styles from "./inbox.module.css"
import { type InboxSearch, listOf, searchOf, showNames } from "./Search.ts"

const route = getRouteApi("/app/inbox")

const number = (value: number): string => value >= MOST_COUNTED ? `${count(MOST_COUNTED)}+` : count(value)

/** How many wait, and how many of them expire within a day. */
export const Waiting = (): ReactNode => {
  const { data } = useQuery(countsQuery)
  if (data === undefined || data.pending_review === 0) return null
  const { expiring, pending_review } = data
  return (
    <span className="dim">
      {number(pending_review)} wait{expiring === 0 ? "" : (
        <>
          {" "}· <span className={styles.expiring}>{number(expiring)} expire within a day</span>
        </>
      )}
    </span>
  )
}

/** The tabs. */
export const Tabs = (): ReactNode => {
  const search: InboxSearch = route.useSearch()
  const counts = useQuery(countsQuery).data
  const { show = "waiting" } = search
  return (
    <nav className={`tabs ${styles.tabs}`} aria-label="Lists">
      {showNames.map((one) => {
        const { counted, label } = listOf(one)
        const has = counted === undefined ? undefined : counts?.[counted]
        return (
          <Link
            key={one}
            to="/inbox"
            search={searchOf({ ...search, show: one })}
            aria-current={one === show ? "page" : undefined}
            activeProps={{}}
            activeOptions={{ exact: true }}
          >
            {label}
            {has === undefined || has === 0 ? null : (
              <>
                {" "}
                <span className="counted">{number(has)}</span>
              </>
            )}
          </Link>
        )
      })}
    </nav>
  )
}
