/** Audit: who did what, of all four services in order of time, and the same as a file. */
import { Button } from "@mantine/core"
import { useInfiniteQuery } from "@tanstack/react-query"
import { getRouteApi } from "@tanstack/react-router"
import { type ReactNode, useMemo, useState } from "react"
import { actionsQuery, loggedActions } from "../../api/ActionLogs.ts"
import { failureOf } from "../../api/Client.ts"
import { type Logger, loggers } from "../../api/Loggers.ts"
import { type FileKind, save } from "../../format/Files.ts"
import { ownZone } from "../../format/Time.ts"
import { count, counted, titled } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { Page } from "../../ui/Page.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { toast } from "../../ui/Toasts.tsx"
import styles from "./audit.module.css"
import { columns, MOST, readAll, record } from "./Export.ts"
import { Lines } from "./Lines.tsx"
import { isAsked, mergeLogs } from "./Merge.ts"

const route = getRouteApi("/app/audit")

/** The times that are offered, in days. */
const times = [[1, "Last 24 hours"], [7, "Last 7 days"], [30, "Last 30 days"]] as const

/** One service's log, read only where it is asked for. */
const useLog = (service: Logger, operator: string | undefined, enabled: boolean) => {
  const query = useInfiniteQuery({ ...actionsQuery(service, operator), enabled })
  const lines = useMemo(() => query.data?.pages.flatMap(({ items }) => items) ?? [], [query.data])
  return { query, read: { service, lines, more: query.data === undefined ? enabled : query.hasNextPage }, enabled }
}

const useAudit = () => {
  const { action, days, operator, service } = route.useSearch()
  const asks = (one: Logger) =>
    (service === undefined || service === one) &&
    (action === undefined || loggedActions[one].includes(action))
  const logs = [
    useLog("catalog", operator, asks("catalog")),
    useLog("hiring", operator, asks("hiring")),
    useLog("deliverables", operator, asks("deliverables")),
    useLog("scheduler", operator, asks("scheduler")),
  ]
  const asked = logs.filter(({ enabled }) => enabled)
  const since = useMemo(() => days === undefined ? undefined : Date.now() - days * 86_400_000, [days])
  const { blocked, lines } = mergeLogs(asked.map(({ read }) => read))
  const old = since !== undefined && lines.some(({ timestamp }) => timestamp.epochMilliseconds < since)
  const shown = lines.filter((line) => isAsked(line, { action, since }))
  const failed = asked.find(({ query }) => query.isError)?.query
  return {
    shown,
    services: asked.map(({ read }) => read.service),
    since,
    loading: asked.some(({ query }) => query.isPending),
    more: !old && blocked.length > 0,
    loadMore: () => {
      for (const { query, read } of asked) {
        if (blocked.includes(read.service) && !query.isFetching) void query.fetchNextPage()
      }
    },
    query: {
      data: asked.some(({ query }) => query.isPending) ? undefined : shown,
      dataUpdatedAt: Math.min(...asked.map(({ query }) => query.dataUpdatedAt)),
      error: failed?.error ?? null,
      isError: failed !== undefined,
      refetch: () => asked.forEach(({ query }) => void query.refetch()),
    },
  }
}

const Filters = (): ReactNode => {
  const { action, days, operator, service } = route.useSearch()
  const navigate = route.useNavigate()
  const [who, setWho] = useState(operator ?? "")
  const actions = [...new Set((service === undefined ? loggers : [service]).flatMap((one) => loggedActions[one]))]
  return (
    <div className="list-filters">
      <select
        className="filter"
        aria-label="Service"
        value={service ?? ""}
        onChange={({ target: { value } }) =>
          void navigate({
            search: ({ action: _, service: __, ...was }) => value === "" ? was : { ...was, service: value as Logger },
          })}
      >
        <option value="">All services</option>
        {loggers.map((one) => <option key={one} value={one}>{titled(one)}</option>)}
      </select>
      <select
        className="filter"
        aria-label="Action"
        value={action ?? ""}
        onChange={({ target: { value } }) =>
          void navigate({ search: ({ action: _, ...was }) => value === "" ? was : { ...was, action: value } })}
      >
        <option value="">All actions</option>
        {actions.map((one) => <option key={one} value={one}>{titled(one)}</option>)}
      </select>
      <select
        className="filter"
        aria-label="Time"
        value={days === undefined ? "" : String(days)}
        onChange={({ target: { value } }) =>
          void navigate({ search: ({ days: _, ...was }) => value === "" ? was : { ...was, days: Number(value) } })}
      >
        <option value="">Any time</option>
        {times.map(([days, label]) => <option key={days} value={days}>{label}</option>)}
      </select>
      <form
        role="search"
        onSubmit={(event) => {
          event.preventDefault()
          const text = who.trim()
          void navigate({ search: ({ operator: _, ...was }) => text === "" ? was : { ...was, operator: text } })
        }}
      >
        <input
          className={`field-input ${styles.operator}`}
          aria-label="Who"
          placeholder="Who, then Enter"
          value={who}
          onChange={(event) => setWho(event.target.value)}
        />
      </form>
    </div>
  )
}

/** The screen. */
export const Audit = (): ReactNode => {
  const { action, operator } = route.useSearch()
  const { loadMore, more, query, services, shown, since } = useAudit()
  const [busy, setBusy] = useState(false)
  const saveAs = (kind: FileKind) => {
    setBusy(true)
    void readAll({ services, operator, action, since })
      .then(({ lines, more }) => {
        save("audit", kind, columns, lines.map(record))
        toast(
          "ok",
          more
            ? `The latest ${count(MOST)} lines are in the file: there are others.`
            : `${counted(lines.length, "line")} in the file.`,
        )
      })
      .catch((error: unknown) => toast("bad", failureOf(error).message))
      .finally(() => setBusy(false))
  }
  useActions([
    { label: "Export the action log as CSV", run: () => saveAs("csv") },
    { label: "Export the action log as JSON", run: () => saveAs("json") },
  ])
  return (
    <Page
      title="Audit"
      bare
      actions={
        <>
          <Button size="xs" variant="default" loading={busy} onClick={() => saveAs("csv")}>CSV</Button>
          <Button size="xs" variant="default" loading={busy} onClick={() => saveAs("json")}>JSON</Button>
        </>
      }
    >
      <div className="list-frame">
        <Filters key={operator ?? ""} />
        <Loaded
          of={query}
          skeleton={
            <div className="padded">
              <Bone height={320} />
            </div>
          }
        >
          {() =>
            shown.length === 0 && !more
              ? (
                <Empty title="Nothing was done like that">
                  <p>What operators and the system do is written here, and can't be altered.</p>
                </Empty>
              )
              : <Lines lines={shown} more={more} loadMore={loadMore} zone={ownZone} />}
        </Loaded>
      </div>
    </Page>
  )
}
