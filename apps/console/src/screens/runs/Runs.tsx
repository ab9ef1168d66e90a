/** Runs: the filter is the URL, the list is read as one scrolls, and its beginning is kept fresh. */
import { Button } from "@mantine/core"
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import { memo, type ReactNode, useEffect, useMemo, useState } from "react"
import { failureOf } from "../../api/Client.ts"
import { runCountsQuery, runsHeadQuery, runsSnapshotQuery } from "../../api/Runs.ts"
import { type FileKind, save } from "../../format/Files.ts"
import { millisOf } from "../../format/Time.ts"
import { capital, count, counted } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { Counted } from "../../ui/Counted.tsx"
import { Page } from "../../ui/Page.tsx"
import { Empty, Loaded } from "../../ui/States.tsx"
import { toast } from "../../ui/Toasts.tsx"
import { CancelForm } from "./CancelForm.tsx"
import { columns, readAll, record } from "./Export.ts"
import { Filters } from "./Filters.tsx"
import { List, ListSkeleton } from "./List.tsx"
import { mergeHead } from "./Merge.ts"
import { countsOf, queryOf, type RunsSearch } from "./Search.ts"
import { isOpen, states, statuses } from "./Words.ts"

const route = getRouteApi("/app/runs")

/** The most runs that are cancelled at once. */
const CANCELLED = 200

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
  return { filter, head, lines, loadMore, more, failed: snapshot.isError ? snapshot : undefined }
}

/** As the filters: drawn again when the search changes, and not with each page of the list. */
const Tabs = memo((): ReactNode => {
  const search = route.useSearch()
  const filter = countsOf(search)
  const counts = useQuery({ ...runCountsQuery(filter ?? {}), enabled: filter !== undefined }).data
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
          {status === undefined || filter === undefined ? null : <Counted value={counts?.[status]} />}
        </Link>
      ))}
    </nav>
  )
})

/** The screen of runs. */
export const Runs = (): ReactNode => {
  const search = route.useSearch()
  const { failed, filter, head, lines, loadMore, more } = useRuns(search)
  const [filtering, setFiltering] = useState(false)
  const [cancelled, setCancelled] = useState<ReadonlyArray<string>>()
  const filtered = Object.keys(search).length > 0
  const open = useIsOperator() && search.status !== undefined ? lines.filter(isOpen).slice(0, CANCELLED) : []
  const saveAs = (kind: FileKind) =>
    void readAll(filter).then(({ items, more }) => {
      save("runs", kind, columns, items.map(record))
      toast("ok", `${counted(items.length, "run")} in the file${more ? ": there are others" : ""}.`)
    }, (error: unknown) => toast("bad", failureOf(error).message))
  const cancelAll = () => setCancelled(open.map(({ scheduled_run_id }) => scheduled_run_id))
  useActions([
    { label: "Export these runs as CSV", run: () => saveAs("csv") },
    { label: "Export these runs as JSON", run: () => saveAs("json") },
    ...(open.length > 0 ? [{ label: `Cancel ${counted(open.length, "run")}`, keys: "C", run: cancelAll }] : []),
  ])
  return (
    <Page
      title="Runs"
      bare
      beside={head.data === undefined
        ? null
        : <span className="dim" data-testid="loaded">{`${count(lines.length)}${more ? "+" : ""}`}</span>}
      actions={
        <>
          <Tabs />
          {open.length === 0
            ? null
            : <Button size="xs" color="red" onClick={cancelAll}>Cancel {counted(open.length, "run")}…</Button>}
          <Button size="xs" variant="default" onClick={() => saveAs("csv")}>CSV</Button>
          <Button size="xs" variant="default" onClick={() => saveAs("json")}>JSON</Button>
        </>
      }
    >
      <div className="list-frame">
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
      {cancelled === undefined ? null : <CancelForm ids={cancelled} close={() => setCancelled(undefined)} />}
    </Page>
  )
}
