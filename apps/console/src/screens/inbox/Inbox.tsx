/** The inbox: what waits for a decision beside the draft that is being read. On a phone each is a screen of its own. */
import { useQuery } from "@tanstack/react-query"
import { getRouteApi, Link, useNavigate, useParams } from "@tanstack/react-router"
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from "react"
import { deliveriesQuery } from "../../api/Deliverables.ts"
import { hiresQuery } from "../../api/Hires.ts"
import { hireName } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { useCustomer } from "../../shell/User.ts"
import { Page } from "../../ui/Page.tsx"
import { Empty, Loaded } from "../../ui/States.tsx"
import { Draft } from "./Draft.tsx"
import { useEntries } from "./Entries.ts"
import styles from "./inbox.module.css"
import { List, ListSkeleton } from "./List.tsx"
import { type Show, shows } from "./Search.ts"
import { useWide } from "./Wide.ts"

const BulkBar = lazy(() => import("./BulkBar.tsx").then(({ BulkBar }) => ({ default: BulkBar })))

const route = getRouteApi("/app/inbox")

const Filters = ({ failed }: { readonly failed: number }): ReactNode => {
  const { agent, show = "waiting" } = route.useSearch()
  const navigate = useNavigate()
  const hires = useQuery(hiresQuery(useCustomer())).data ?? []
  return (
    <>
      <nav className="tabs" aria-label="Lists">
        {(Object.keys(shows) as Array<Show>).filter((one) => one !== "failed" || failed > 0 || show === "failed")
          .map((one) => (
            <Link
              key={one}
              to="/inbox"
              search={(was) => ({
                ...(was.agent === undefined ? {} : { agent: was.agent }),
                ...(one === "waiting" ? {} : { show: one }),
              })}
              aria-current={one === show ? "page" : undefined}
              activeProps={{}}
              activeOptions={{ exact: true }}
            >
              {shows[one].label}
              {one === "failed" ? ` ${failed}` : ""}
            </Link>
          ))}
      </nav>
      <select
        className="filter"
        aria-label="Agent"
        value={agent ?? ""}
        onChange={(event) =>
          void navigate({
            to: "/inbox",
            search: {
              ...(show === "waiting" ? {} : { show }),
              ...(event.target.value === "" ? {} : { agent: event.target.value }),
            },
          })}
      >
        <option value="">All agents</option>
        {hires.map((hire) => (
          <option key={hire.hired_instance_id} value={hire.hired_instance_id}>{hireName(hire)}</option>
        ))}
      </select>
    </>
  )
}

const Nothing = ({ filtered, show }: { readonly show: Show; readonly filtered: boolean }): ReactNode => {
  if (show !== "waiting" || filtered) {
    return (
      <Empty title="Nothing here">
        <Link to="/inbox">To what waits</Link>
      </Empty>
    )
  }
  return (
    <Empty title="Nothing waits for you">
      <p>Drafts come here as your agents make them.</p>
      <Link to="/calendar">What runs next</Link>
    </Empty>
  )
}

/** The ids that are selected, which a change of the list empties. */
const useSelection = (list: string) => {
  const [{ ids, of }, set] = useState<{ readonly of: string; readonly ids: ReadonlySet<string> }>({
    of: list,
    ids: new Set(),
  })
  const selected: ReadonlySet<string> = of === list ? ids : new Set()
  const select = (ids: Iterable<string>) => set({ of: list, ids: new Set(ids) })
  const toggle = (id: string) =>
    select(selected.has(id) ? [...selected].filter((one) => one !== id) : [...selected, id])
  return { selected, select, toggle }
}

/** The inbox. */
export const Inbox = (): ReactNode => {
  const { agent, show = "waiting" } = route.useSearch()
  const { deliverable } = useParams({ strict: false })
  const navigate = useNavigate()
  const wide = useWide()
  const customer = useCustomer()
  const failed = useQuery(deliveriesQuery(customer, "failed")).data?.items.length ?? 0
  const { entries, loadMore, more, query } = useEntries(customer, show, agent)
  const { select, selected, toggle } = useSelection(`${show} ${agent ?? ""}`)
  // a draft that left the list, because it was decided on, leaves its place to what follows
  const place = useRef(0)
  const first = entries[0]?.id
  const open = deliverable ?? (wide ? first : undefined)
  useEffect(() => {
    // beside a list a draft is open; with its address, so that it stays when a decision takes it off the list
    if (!wide || deliverable !== undefined || first === undefined) return
    void navigate({ to: "/inbox/$deliverable", params: { deliverable: first }, search: true, replace: true })
  }, [deliverable, first, navigate, wide])
  const at = entries.findIndex(({ id }) => id === open)
  if (at !== -1) place.current = at
  const go = (index: number) => {
    const id = entries[Math.max(0, Math.min(index, entries.length - 1))]?.id
    if (id === undefined) return
    void navigate({
      to: "/inbox/$deliverable",
      params: { deliverable: id },
      search: true,
      replace: deliverable !== undefined,
    })
  }
  const back = () => void navigate({ to: "/inbox", search: true })
  useActions([
    { label: "Next draft", keys: "j", run: () => go(at === -1 ? place.current : at + 1) },
    { label: "Draft before", keys: "k", run: () => go(at === -1 ? place.current - 1 : at - 1) },
    ...(show === "waiting" && open !== undefined
      ? [{ label: "Select or unselect this draft", keys: "s", run: () => toggle(open) }]
      : []),
    ...(deliverable !== undefined && !wide ? [{ label: "Back to the list", keys: "Escape", run: back }] : []),
    ...(selected.size > 0 ? [{ label: "Unselect all", keys: "Escape", run: () => select([]) }] : []),
  ])
  return (
    <Page
      title="Inbox"
      bare
      beside={show === "waiting" && entries.length > 0
        ? <span className="dim">{`${entries.length}${more ? "+" : ""} wait`}</span>
        : null}
      actions={<Filters failed={failed} />}
    >
      <div className={styles.panes} data-open={deliverable === undefined ? undefined : ""}>
        <section className={styles.list} aria-label={shows[show].label}>
          <Loaded of={query} skeleton={<ListSkeleton />}>
            {() =>
              entries.length === 0 ? <Nothing show={show} filtered={agent !== undefined} /> : (
                <List
                  entries={entries}
                  open={open}
                  more={more}
                  loadMore={loadMore}
                  selected={selected}
                  toggle={show === "waiting" ? toggle : undefined}
                />
              )}
          </Loaded>
          {selected.size > 0
            ? (
              <Suspense fallback={null}>
                <BulkBar
                  chosen={entries.flatMap(({ draft, id }) => draft !== undefined && selected.has(id) ? [draft] : [])}
                  all={() => select(entries.map(({ id }) => id))}
                  select={select}
                />
              </Suspense>
            )
            : null}
        </section>
        {open === undefined ? null : <Draft key={open} id={open} back={back} />}
      </div>
    </Page>
  )
}
