/** The list of runs: only the lines on the screen are in the page, and the next page is read as its end comes near. */
import type { Run } from "@stint/domain/scheduler/Runs"
import { Link, useNavigate } from "@tanstack/react-router"
import { useVirtualizer } from "@tanstack/react-virtual"
import { memo, type ReactNode, useEffect, useRef, useState } from "react"
import { failureOf } from "../../api/Client.ts"
import { span } from "../../format/Length.ts"
import { ownZone } from "../../format/Time.ts"
import { titled } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { Instant } from "../../ui/Instant.tsx"
import { Bone } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import styles from "./runs.module.css"
import { durationOf, latenessOf, origins, states } from "./Words.ts"

/** The heights of a line and of the heads, in pixels, as in runs.module.css. */
const LINE = 44
const HEADS = 32

/** How far from its end the next page of a list is read, in lines. */
const AHEAD = 100

/** The list before it is read. */
export const ListSkeleton = (): ReactNode => (
  <div className="list-scroller">
    {Array.from({ length: 14 }, (_, index) => (
      <div key={index} className={styles.bones}>
        <Bone width={84} />
        <Bone width={`${60 - (index % 4) * 8}%`} />
      </div>
    ))}
  </div>
)

/** The type of the agent and its customer, as far as the scheduler knows them. */
const whose = ({ agent_id, customer_id }: Run): string =>
  [agent_id == null ? "an agent that is gone" : titled(agent_id), customer_id ?? ""].filter((one) => one !== "").join(
    " · ",
  )

/** The columns, in their order. */
const columns = [
  { label: "State" },
  { label: "Slot", sort: "descending" },
  { label: "Agent, customer, goal" },
  { label: "Why" },
  { label: "Attempt", figure: true },
  { label: "Began late", figure: true },
  { label: "Took", figure: true },
] as const satisfies ReadonlyArray<{ readonly label: string; readonly sort?: "descending"; readonly figure?: boolean }>

/** The heads of the columns, which stay while the list is scrolled. */
const Heads = (): ReactNode => (
  <div role="rowgroup" className={styles.heads}>
    <div role="row" aria-rowindex={1} className={styles.entry}>
      {columns.map(({ label, ...column }) => (
        <span
          key={label}
          role="columnheader"
          aria-sort={"sort" in column ? column.sort : undefined}
          className={"figure" in column ? styles.figure : undefined}
        >
          {label}
          {"sort" in column ? <span aria-hidden="true" className={styles.sorted}>↓</span> : null}
        </span>
      ))}
    </div>
  </div>
)

const Line = ({ run }: { readonly run: Run }): ReactNode => {
  const state = states[run.status]
  const late = latenessOf(run)
  const took = durationOf(run)
  const error = run.attempts.at(-1)?.error_details?.message
  return (
    <>
      <span role="cell">
        <Tag kind={state.kind}>{state.words}</Tag>
      </span>
      <span role="cell" className={styles.slot}>
        <Link to="/runs/$run" params={{ run: run.scheduled_run_id }} preload={false} className={styles.open}>
          <Instant at={run.scheduled_time} zone={ownZone} as="exact" />
        </Link>
      </span>
      <span role="cell" className={styles.goal}>
        <span className="ellipsis">{whose(run)}</span>
        <span className="mono ellipsis">{run.goal_instance_id}</span>
      </span>
      <span role="cell" className={`dim ellipsis ${styles.why}`}>
        {run.status === "completed" ? origins[run.origin] : run.reason ?? error ?? origins[run.origin]}
      </span>
      <span role="cell" className={styles.figure}>{run.attempt > 0 ? run.attempt : ""}</span>
      <span role="cell" className={styles.figure}>{late === undefined ? "" : `+${span(Math.max(0, late))}`}</span>
      <span role="cell" className={styles.figure}>{took === undefined ? "" : span(took)}</span>
    </>
  )
}

/** A line in its place. One that stays where it is is not drawn again when others come: links are what costs in a long list. */
const Row = memo(({ index, on, run, start }: {
  readonly run: Run
  readonly index: number
  /** Its top, in pixels. */
  readonly start: number
  readonly on: boolean
}): ReactNode => (
  <div
    role="row"
    className={`list-line ${styles.line} ${styles.entry}`}
    data-on={on ? "" : undefined}
    style={{ transform: `translateY(${start}px)` }}
    // the heads are the first
    aria-rowindex={index + 2}
  >
    <Line run={run} />
  </div>
))

/** The list. */
export const List = ({ failed, loadMore, more, runs }: {
  readonly runs: ReadonlyArray<Run>
  readonly more: boolean
  readonly loadMore: () => void
  readonly failed: { readonly error: unknown; readonly refetch: () => unknown } | undefined
}): ReactNode => {
  const scroller = useRef<HTMLDivElement>(null)
  const navigate = useNavigate()
  const [at, setAt] = useState(-1)
  const lines = useVirtualizer({
    count: runs.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE,
    overscan: 12,
    // the heads lie over what is scrolled under them
    scrollMargin: HEADS,
    scrollPaddingStart: HEADS,
  })
  const shown = lines.getVirtualItems()
  const last = shown.at(-1)?.index ?? 0
  useEffect(() => {
    if (more && failed === undefined && last >= runs.length - AHEAD) loadMore()
  }, [failed, last, loadMore, more, runs.length])
  const go = (index: number) => {
    const next = Math.max(0, Math.min(index, runs.length - 1))
    setAt(next)
    lines.scrollToIndex(next, { align: "auto" })
  }
  useActions([
    { label: "Next run", keys: "j", run: () => go(at + 1) },
    { label: "Run before", keys: "k", run: () => go(at - 1) },
    {
      label: "Open the run",
      keys: "o",
      run: () => {
        const run = runs[at]
        if (run !== undefined) void navigate({ to: "/runs/$run", params: { run: run.scheduled_run_id } })
      },
    },
  ])
  return (
    <>
      {failed === undefined ? null : (
        <div className="notice" role="status">
          <span>What follows can't be read: {failureOf(failed.error).message}</span>
          <button type="button" className="link-button" onClick={() => void failed.refetch()}>Try again</button>
        </div>
      )}
      <div ref={scroller} className="list-scroller">
        <div role="table" aria-label="Runs" aria-rowcount={more ? -1 : runs.length + 1}>
          <Heads />
          <div role="rowgroup" className="list-lines" style={{ height: lines.getTotalSize() }}>
            {shown.map(({ index, start }) => {
              const run = runs[index]
              return run === undefined ? null : (
                <Row
                  key={run.scheduled_run_id}
                  run={run}
                  index={index}
                  start={start - HEADS}
                  on={index === at}
                />
              )
            })}
          </div>
        </div>
      </div>
    </>
  )
}
