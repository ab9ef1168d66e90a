/** The inbox: what waits for a decision beside the draft that is being read. On a phone each is a screen of its own. */
import { getRouteApi, Link, useNavigate, useParams } from "@tanstack/react-router"
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useRef, useState } from "react"
import { useActions } from "../../shell/Actions.ts"
import { useCustomer, useMay } from "../../shell/User.ts"
import { Page } from "../../ui/Page.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { Draft } from "./Draft.tsx"
import { folds, linesOf, placeOf, targetOf, useEntries } from "./Entries.ts"
import styles from "./inbox.module.css"
import { List, ListSkeleton, toggled } from "./List.tsx"
import { type InboxSearch, isDecided, listOf } from "./Search.ts"
import { Tabs, Waiting } from "./Tabs.tsx"
import { useWide } from "./Wide.ts"

const Filters = lazy(() => import("./Filters.tsx").then(({ Filters }) => ({ default: Filters })))
const BulkBar = lazy(() => import("./BulkBar.tsx").then(({ BulkBar }) => ({ default: BulkBar })))

const route = getRouteApi("/app/inbox")

const Nothing = ({ search }: { readonly search: InboxSearch }): ReactNode => {
  const { flat: _, order: __, show = "waiting", ...filter } = search
  if (show !== "waiting" || Object.keys(filter).length > 0) {
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

const NONE: ReadonlySet<string> = new Set()

/** A set of names that a change of the list empties. */
const useNames = (list: string) => {
  const [{ names, of }, set] = useState<{ readonly of: string; readonly names: ReadonlySet<string> }>({
    of: list,
    names: new Set(),
  })
  const now: ReadonlySet<string> = of === list ? names : NONE
  return [now, (names: Iterable<string>) => set({ of: list, names: new Set(names) })] as const
}

/** The lines that are shown, the one that is open, and how one goes on from it. */
const useLines = (search: InboxSearch, wide: boolean) => {
  const { deliverable } = useParams({ strict: false })
  const navigate = useNavigate()
  const list = useEntries(useCustomer(), search)
  const [unfolded, setUnfolded] = useNames(JSON.stringify(search))
  const folding = folds(search)
  const lines = useMemo(() => linesOf(list.entries, { folds: folding, unfolded }), [folding, list.entries, unfolded])
  // a draft that left the list, because it was decided on, leaves its place to what follows
  const place = useRef(0)
  const first = lines[0] === undefined ? undefined : targetOf(lines[0])
  const open = deliverable ?? (wide ? first : undefined)
  useEffect(() => {
    // beside a list a draft is open; with its address, so that it stays when a decision takes it off the list
    if (!wide || deliverable !== undefined || first === undefined) return
    void navigate({ to: "/inbox/$deliverable", params: { deliverable: first }, search: true, replace: true })
  }, [deliverable, first, navigate, wide])
  const at = placeOf(lines, open)
  if (at !== -1) place.current = at
  const go = (from: number, step: 1 | -1) => {
    for (let index = Math.max(0, Math.min(from, lines.length - 1)); lines[index] !== undefined; index += step) {
      const id = targetOf(lines[index]!)
      if (id === undefined) continue
      void navigate({
        to: "/inbox/$deliverable",
        params: { deliverable: id },
        search: true,
        replace: deliverable !== undefined,
      })
      return
    }
  }
  return {
    ...list,
    lines,
    open,
    isAlone: deliverable !== undefined && !wide,
    next: () => go(at === -1 ? place.current : at + 1, 1),
    before: () => go(at === -1 ? place.current - 1 : at - 1, -1),
    back: () => void navigate({ to: "/inbox", search: true }),
    unfold: (goal: string) => setUnfolded(toggled(unfolded, goal)),
  }
}

/** The inbox. */
export const Inbox = (): ReactNode => {
  const search: InboxSearch = route.useSearch()
  const { show = "waiting" } = search
  const { back, before, entries, isAlone, lines, loadMore, more, next, open, query, unfold } = useLines(
    search,
    useWide(),
  )
  const [selected, select] = useNames(JSON.stringify(search))
  const selects = useMay("reviewer") && !isDecided(show)
  useActions([
    { label: "Next draft", keys: "j", run: next },
    { label: "Draft before", keys: "k", run: before },
    ...(selects && open !== undefined
      ? [{ label: "Select or unselect this draft", keys: "s", run: () => select(toggled(selected, open)) }]
      : []),
    ...(isAlone ? [{ label: "Back to the list", keys: "Escape", run: back }] : []),
    ...(selected.size > 0 ? [{ label: "Unselect all", keys: "Escape", run: () => select([]) }] : []),
  ])
  return (
    <Page
      title="Inbox"
      bare
      beside={<Waiting />}
      actions={
        <>
          <Suspense fallback={<Bone width={280} height={29} />}>
            <Filters />
          </Suspense>
          <Tabs />
        </>
      }
    >
      <div className={styles.panes} data-open={isAlone ? "" : undefined}>
        <section className={styles.list} aria-label={listOf(show).label}>
          <Loaded of={query} skeleton={<ListSkeleton />}>
            {() =>
              entries.length === 0 ? <Nothing search={search} /> : (
                <List
                  lines={lines}
                  open={open}
                  more={more}
                  loadMore={loadMore}
                  selected={selected}
                  select={select}
                  selects={selects}
                  unfold={unfold}
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
