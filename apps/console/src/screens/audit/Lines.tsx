/** The lines of the action logs: only those on the screen are in the page. */
import { Link } from "@tanstack/react-router"
import { useVirtualizer } from "@tanstack/react-virtual"
import { type ReactNode, useEffect, useRef } from "react"
import { titled } from "../../format/Words.ts"
import { Instant } from "../../ui/Instant.tsx"
import styles from "./audit.module.css"
import type { Line } from "./Merge.ts"

/** The height of a line before it is measured, in pixels. */
const LINE = 60

/** How far from its end the next pages are read, in lines. */
const AHEAD = 30

/** What was done it to, as names and values. */
const metaWords = (metadata: Line["action_metadata"]): string =>
  Object.entries(metadata)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" · ")

const Entry = ({ line, zone }: { readonly line: Line; readonly zone: string }): ReactNode => (
  <>
    <span className={styles.when}>
      <Instant at={line.timestamp} zone={zone} as="exact" />
    </span>
    <span className={styles.what}>
      <span>
        <b>{titled(line.action)}</b> <span className="dim">{line.service}</span>
      </span>
      {line.reason === null ? null : <span>{line.reason}</span>}
      <span className={`dim ${styles.meta}`}>
        {line.goal_instance_id === null ? null : (
          <>
            <Link to="/runs" search={{ goal: line.goal_instance_id }} className="mono">{line.goal_instance_id}</Link>
            {" "}
          </>
        )}
        {metaWords(line.action_metadata)}
      </span>
    </span>
    <Link to="/audit" search={(was) => ({ ...was, operator: line.operator })} className={`${styles.who} ellipsis`}>
      {line.operator}
    </Link>
  </>
)

/** The lines. */
export const Lines = ({ lines, loadMore, more, zone }: {
  readonly lines: ReadonlyArray<Line>
  readonly more: boolean
  readonly loadMore: () => void
  readonly zone: string
}): ReactNode => {
  const scroller = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE,
    getItemKey: (index) => lines[index]?.log_id ?? index,
    overscan: 8,
  })
  const shown = rows.getVirtualItems()
  const last = shown.at(-1)?.index ?? 0
  useEffect(() => {
    if (more && last >= lines.length - AHEAD) loadMore()
  }, [last, lines.length, loadMore, more])
  return (
    <div ref={scroller} className="list-scroller" tabIndex={0} role="region" aria-label="Lines of the action logs">
      <ol className="list-lines" style={{ height: rows.getTotalSize() }}>
        {shown.map(({ index, key, start }) => {
          const line = lines[index]
          return line === undefined ? null : (
            <li
              key={key}
              ref={rows.measureElement}
              data-index={index}
              className={`list-line ${styles.line}`}
              style={{ transform: `translateY(${start}px)` }}
              aria-setsize={more ? -1 : lines.length}
              aria-posinset={index + 1}
            >
              <Entry line={line} zone={zone} />
            </li>
          )
        })}
      </ol>
    </div>
  )
}
