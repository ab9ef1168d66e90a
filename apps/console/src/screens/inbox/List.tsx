/** The list of the inbox: only the lines on the screen are in the page, and the next page is read as its end comes near. */
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { validationErrors } from "@stint/domain/Payload"
import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { useVirtualizer } from "@tanstack/react-virtual"
import { type ReactNode, useEffect, useRef } from "react"
import { hiresQuery } from "../../api/Hires.ts"
import { millisOf, zoneOf } from "../../format/Time.ts"
import { hireName, titled } from "../../format/Words.ts"
import { useCustomer } from "../../shell/User.ts"
import { Ago } from "../../ui/Instant.tsx"
import { Left } from "../../ui/Left.tsx"
import { Bone } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { type Entry, type Line, placeOf } from "./Entries.ts"
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

/** How long is left to decide on a draft, else how old it is. */
const When = ({ draft, zone }: { readonly draft: Deliverable; readonly zone: string }): ReactNode =>
  draft.review_status === "pending_review" && draft.expires_at !== undefined && draft.expires_at !== null
    ? (
      <span className="faint">
        <Left at={draft.expires_at} zone={zone} after=" left" brief />
      </span>
    )
    : (
      <span className="faint">
        <Ago at={draft.created_at} zone={zone} />
      </span>
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
  const { approvals_given = 0, approvals_needed = 1, revision = 1 } = draft
  return (
    <>
      <span className={styles.title}>{draft.title}</span>
      {state === undefined ? <When draft={draft} zone={zone} /> : <Tag kind={state.kind}>{state.words}</Tag>}
      <span className={styles.about}>
        {[
          name,
          summaryOf(draft.payload),
          ...(revision > 1 ? [`revision ${revision}`] : []),
          ...(approvals_needed > 1 ? [`${approvals_given} of ${approvals_needed} signed`] : []),
        ].join(" · ")}
      </span>
    </>
  )
}

/** The drafts of a goal as one line: how many, and what expires first. */
const Group = ({ line, more, name, selected, select, unfold, zone }: {
  readonly line: Extract<Line, { kind: "group" }>
  readonly more: boolean
  readonly name: string
  readonly zone: string
  readonly selected: ReadonlySet<string>
  readonly select: (ids: Iterable<string>) => void
  readonly unfold: () => void
}): ReactNode => {
  const { entries, unfolded } = line
  const first = entries[0]?.draft
  const isSelected = entries.every(({ id }) => selected.has(id))
  const others = () => [...selected].filter((id) => entries.every((entry) => entry.id !== id))
  const ends = entries.flatMap(({ draft }) => draft?.expires_at ? [draft.expires_at] : [])
    .toSorted((one, other) => millisOf(one) - millisOf(other))[0]
  const goal = titled(first?.goal_template_id.split(".").at(-2) ?? "")
  return (
    <>
      <input
        type="checkbox"
        className={styles.check}
        aria-label={`Select all ${entries.length} of ${goal}`}
        checked={isSelected}
        onChange={() => select(isSelected ? others() : [...others(), ...entries.map(({ id }) => id)])}
      />
      <button
        type="button"
        className={`list-entry ${styles.entry} ${styles.group}`}
        aria-expanded={unfolded}
        onClick={unfold}
      >
        <span className={styles.title}>
          <span aria-hidden="true">{unfolded ? "▾" : "▸"}</span> {goal}
        </span>
        <span className="tag">{entries.length}{more ? "+" : ""} drafts</span>
        <span className={styles.about}>
          {name}
          {ends === undefined ? null : (
            <>
              {" "}· the first <Left at={ends} zone={zone} after=" left" brief />
            </>
          )}
        </span>
      </button>
    </>
  )
}

/** The list. */
export const List = ({ lines, loadMore, more, open, select, selected, selects, unfold }: {
  readonly lines: ReadonlyArray<Line>
  readonly open: string | undefined
  readonly more: boolean
  readonly loadMore: () => void
  readonly selected: ReadonlySet<string>
  readonly select: (ids: Iterable<string>) => void
  /** Whether drafts can be selected. */
  readonly selects: boolean
  readonly unfold: (goal: string) => void
}): ReactNode => {
  const scroller = useRef<HTMLDivElement>(null)
  const hires = new Map(
    useQuery(hiresQuery(useCustomer())).data?.map((hire) => [hire.hired_instance_id as string, hire]),
  )
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE,
    overscan: 8,
  })
  const shown = virtual.getVirtualItems()
  const last = shown.at(-1)?.index ?? 0
  useEffect(() => {
    if (more && last >= lines.length - 10) loadMore()
  }, [lines.length, last, loadMore, more])
  const at = placeOf(lines, open)
  useEffect(() => {
    if (at !== -1) virtual.scrollToIndex(at, { align: "auto" })
  }, [at, virtual])
  return (
    <div ref={scroller} className={`list-scroller ${styles.scroller}`}>
      <ul className="list-lines" style={{ height: virtual.getTotalSize() }}>
        {shown.map(({ index, start }) => {
          const line = lines[index]
          if (line === undefined) return null
          const hire = hires.get(line.kind === "draft" ? line.entry.hire : line.entries[0]?.hire ?? "")
          const about = { name: hire === undefined ? "" : hireName(hire), zone: zoneOf(hire?.config) }
          return (
            <li
              key={line.kind === "draft" ? line.entry.id : line.goal}
              className={`list-line ${styles.line}`}
              data-on={index === at ? "" : undefined}
              data-within={line.kind === "draft" && line.within ? "" : undefined}
              data-selecting={selected.size > 0 ? "" : undefined}
              style={{ transform: `translateY(${start}px)` }}
              aria-setsize={more ? -1 : lines.length}
              aria-posinset={index + 1}
            >
              {line.kind === "group"
                ? (
                  <Group
                    line={line}
                    more={more}
                    selected={selected}
                    select={select}
                    unfold={() => unfold(line.goal)}
                    {...about}
                  />
                )
                : (
                  <>
                    {selects
                      ? (
                        <input
                          type="checkbox"
                          className={styles.check}
                          aria-label={`Select ${line.entry.draft?.title ?? line.entry.id}`}
                          checked={selected.has(line.entry.id)}
                          onChange={() => select(toggled(selected, line.entry.id))}
                        />
                      )
                      : null}
                    <Link
                      to="/inbox/$deliverable"
                      params={{ deliverable: line.entry.id }}
                      search
                      className={`list-entry ${styles.entry}`}
                      preload={false}
                      aria-current={line.entry.id === open ? "true" : undefined}
                    >
                      <Facts entry={line.entry} {...about} />
                    </Link>
                  </>
                )}
            </li>
          )
        })}
      </ul>
    </div>
  )
}

/** The selection with an id, or without it. */
export const toggled = (selected: ReadonlySet<string>, id: string): ReadonlyArray<string> =>
  selected.has(id) ? [...selected].filter((one) => one !== id) : [...selected, id]
