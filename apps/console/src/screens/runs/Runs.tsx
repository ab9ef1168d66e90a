/** Runs: the filter is the URL, the list is read as one scrolls, and its beginning is kept fresh. */
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import { type ReactNode, useEffect, useMemo, useState } from "react"
import { runsHeadQuery, runsSnapshotQuery } from "../../api/Runs.ts"
import { millisOf } from "../../format/Time.ts"
import { count } from "../../format/Words.ts"
import { Page } from "../../ui/Page.tsx"
import { Empty, Loaded } from "../../ui/States.tsx"
import { Filters } from "./Filters.tsx"
import { List, ListSkeleton } from "./List.tsx"
import { mergeHead } from "./Merge.ts"
import styles from "./runs.module.css"
import { queryOf, type RunsSearch } from "./Search.ts"
import { states, statuses } from "./Words.ts"

const route = getRouteApi("/app/runs")

/** The runs of a filter: a snapshot that grows as one scrolls, and its beginning, which is read again at every change. */
const useRuns = (search: RunsSearch) => {
  const client = useQueryClient()
  // one instant for as long as the filter stands: a window that moves would be another list at every look
  const key = JSON.stringify(search)
  const filter = useMemo(() => queryOf(JSON.parse(key), Date.now()), [key])
  const head = useQuery(runsHeadQuery(filter))
  const snapshot = useInfiniteQuery({ ...runsSnapshotQuery(filter), enabled: head.data?.next_cursor != null })
  const old = useMemo(() => snapshot.data?.pages.flatMap(({ items }) => items) ?? [], [snapshot.data])
  const { gap, lines } = useMemo(
    () =>
      mergeHead(head.data?.items ?? [], head.data?.next_cursor === null, old, (run) => ({
        id: run.scheduled_run_id,
        at: millisOf(run.scheduled_time),
      })),
    [head.data, old],
  )
  useEffect(() => {
    if (gap) void client.resetQueries({ queryKey: runsSnapshotQuery(filter).queryKey })
  }, [client, filter, gap])
  const more = head.data?.next_cursor != null && (snapshot.data === undefined || snapshot.hasNextPage)
  const loadMore = () => {
    if (!snapshot.isFetching && snapshot.data !== undefined) void snapshot.fetchNextPage()
  }
  return { head, lines, loadMore, more, failed: snapshot.isError ? snapshot : undefined }
}

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1)

const Tabs = (): ReactNode => {
  const search = route.useSearch()
  return (
    <nav className="tabs" aria-label="States">
      {[undefined, ...statuses].map((status) => (
        <Link
          key={status ?? "all"}
          to="/runs"
          search={({ status: _, ...was }) => ({ ...was, ...(status === undefined ? {} : { status }) })}
          aria-current={status === search.status ? "page" : undefined}
          activeProps={{}}
          activeOptions={{ exact: true }}
        >
          {status === undefined ? "All" : capital(states[status].words)}
        </Link>
      ))}
    </nav>
  )
}

/** The screen of runs. */
export const Runs = (): ReactNode => {
  const search = route.useSearch()
  const { failed, head, lines, loadMore, more } = useRuns(search)
  const [filtering, setFiltering] = useState(false)
  const filtered = Object.keys(search).length > 0
  return (
    <Page
      title="Runs"
      bare
      beside={head.data === undefined
        ? null
        : <span className="dim" data-testid="loaded">{`${count(lines.length)}${more ? "+" : ""}`}</span>}
      actions={<Tabs />}
    >
      <div className={styles.frame}>
        <Filters open={filtering} setOpen={setFiltering} />
        <Loaded of={head} skeleton={<ListSkeleton />}>
          {() =>
            lines.length === 0
              ? (
                <Empty title={filtered ? "No run is like that" : "Nothing has run yet"}>
                  {filtered ? <Link to="/runs">Show all runs</Link> : <p>Runs come here as goals fall due.</p>}
                </Empty>
              )
              : <List runs={lines} more={more} loadMore={loadMore} failed={failed} />}
        </Loaded>
      </div>
    </Page>
  )
}
