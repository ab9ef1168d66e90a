/** The list of the inbox: only the lines on the screen are in the page, and the next page is read as its end comes near. */
import { validationErrors } from "@stint/domain/Payload"
import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { useVirtualizer } from "@tanstack/react-virtual"
import { type ReactNode, useEffect, useRef } from "react"
import { hiresQuery } from "../../api/Hires.ts"
import { zoneOf } from "../../format/Time.ts"
import { hireName } from "../../format/Words.ts"
import { useCustomer } from "../../shell/User.ts"
import { Ago } from "../../ui/Instant.tsx"
import { Bone } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import type { Entry } from "./Entries.ts"
import styles from "./inbox.module.css"
import { stateOf, summaryOf } from "./Summary.ts"

/** The height of a line, in pixels, as in inbox.module.css. */
const LINE = 68

/** The list before it is read. */
export const ListSkeleton = (): ReactNode => (
  <>
    {Array.from({ length: 8 }, (_, index) => (
      <div key={index} className={styles.bones}>
        <Bone width={`${70 - (index % 3) * 12}%`} />
        <Bone width="50%" height={14} />
      </div>
    ))}
  </>
)

const Facts = (
  { entry, name, zone }: { readonly entry: Entry; readonly name: string; readonly zone: string },
): ReactNode => {
  const { delivery, draft } = entry
  if (delivery !== undefined) {
    return (
      <>
        <span className={styles.title}>{delivery.target?.url ?? "Local journal"}</span>
        <Tag kind="bad">failed</Tag>
        <span className={styles.about}>{name} · {delivery.last_error ?? "no answer"}</span>
      </>
    )
  }
  if (draft === undefined) return null
  const state = draft.review_status === "pending_review" && validationErrors(draft.payload).length === 0
    ? undefined
    : stateOf(draft)
  return (
    <>
      <span className={styles.title}>{draft.title}</span>
      {state === undefined
        ? (
          <span className="faint">
            <Ago at={draft.created_at} zone={zone} />
          </span>
        )
        : <Tag kind={state.kind}>{state.words}</Tag>}
      <span className={styles.about}>{name} · {summaryOf(draft.payload)}</span>
    </>
  )
}

/** The list. */
export const List = ({ entries, loadMore, more, open, selected, toggle }: {
  readonly entries: ReadonlyArray<Entry>
  readonly open: string | undefined
  readonly more: boolean
  readonly loadMore: () => void
  readonly selected: ReadonlySet<string>
  /** Absent where nothing can be selected. */
  readonly toggle: ((id: string) => void) | undefined
}): ReactNode => {
  const scroller = useRef<HTMLDivElement>(null)
  const hires = new Map(
    useQuery(hiresQuery(useCustomer())).data?.map((hire) => [hire.hired_instance_id as string, hire]),
  )
  const lines = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE,
    overscan: 8,
  })
  const shown = lines.getVirtualItems()
  const last = shown.at(-1)?.index ?? 0
  useEffect(() => {
    if (more && last >= entries.length - 10) loadMore()
  }, [entries.length, last, loadMore, more])
  const at = entries.findIndex(({ id }) => id === open)
  useEffect(() => {
    if (at !== -1) lines.scrollToIndex(at, { align: "auto" })
  }, [at, lines])
  return (
    <div ref={scroller} className={`list-scroller ${styles.scroller}`}>
      <ul className="list-lines" style={{ height: lines.getTotalSize() }}>
        {shown.map(({ index, start }) => {
          const entry = entries[index]
          if (entry === undefined) return null
          const hire = hires.get(entry.hire)
          return (
            <li
              key={entry.id}
              className={`list-line ${styles.line}`}
              data-on={entry.id === open ? "" : undefined}
              data-selecting={selected.size > 0 ? "" : undefined}
              style={{ transform: `translateY(${start}px)` }}
              aria-setsize={more ? -1 : entries.length}
              aria-posinset={index + 1}
            >
              {toggle === undefined ? null : (
                <input
                  type="checkbox"
                  className={styles.check}
                  aria-label={`Select ${entry.draft?.title ?? entry.id}`}
                  checked={selected.has(entry.id)}
                  onChange={() => toggle(entry.id)}
                />
              )}
              <Link
                to="/inbox/$deliverable"
                params={{ deliverable: entry.id }}
                search
                className={`list-entry ${styles.entry}`}
                preload={false}
                aria-current={entry.id === open ? "true" : undefined}
              >
                <Facts entry={entry} name={hire === undefined ? "" : hireName(hire)} zone={zoneOf(hire?.config)} />
              </Link>
            </li>
          )
        })}
      </ul>
    </div>
  )
}
