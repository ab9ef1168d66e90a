/** Runs by outcome, and how late their drafts came, over a window. */
import type { Figures } from "@stint/domain/scheduler/Figures"
import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { lazy, type ReactNode, Suspense, useMemo } from "react"
import { figuresQuery } from "../../api/Figures.ts"
import { span } from "../../format/Length.ts"
import { millisOf } from "../../format/Time.ts"
import { count, counted } from "../../format/Words.ts"
import { Bone, Loaded } from "../../ui/States.tsx"
import styles from "./overview.module.css"
import type { Window } from "./Routes.ts"

const Chart = lazy(() => import("./Chart.tsx").then(({ Chart }) => ({ default: Chart })))

/** How runs end, in the order in which a chart stacks them. */
const outcomes = ["completed", "cancelled", "dead_lettered"] as const
type Outcome = typeof outcomes[number]

const colours: Readonly<Record<Outcome, string>> = { completed: "ok", cancelled: "faint", dead_lettered: "bad" }

const names: Readonly<Record<Outcome, string>> = {
  completed: "completed",
  cancelled: "cancelled",
  dead_lettered: "dead-lettered",
}

/** From how many drafts on a lateness is told by quantiles and a line: fewer are single cases. */
const ENOUGH = 20

const whole = (value: number): string => Number.isInteger(value) ? count(value) : ""

const Legend = ({ colour, label, value }: {
  readonly colour: string
  readonly label: string
  readonly value: ReactNode
}): ReactNode => (
  <span className={styles.key}>
    <i style={{ background: `var(--${colour})` }} aria-hidden="true" />
    {label} <b>{value}</b>
  </span>
)

const Quantile = ({ colour, label, value }: {
  readonly colour: string
  readonly label: string
  readonly value: number | null
}): ReactNode => <Legend colour={colour} label={label} value={value === null ? "–" : span(value)} />

const Drawn = ({ figures: { from, points, total }, hours }: {
  readonly figures: Figures
  readonly hours: Window
}): ReactNode => {
  const at = useMemo(() => points.map((point) => millisOf(point.at)), [points])
  const byOutcome = useMemo(
    () =>
      outcomes.map((name) => ({
        label: names[name],
        colour: colours[name],
        values: points.map((point) => point[name]),
      })),
    [points],
  )
  const late = useMemo(() => [
    { label: "p95", colour: "wait", values: points.map((point) => point.draft_lateness_p95_ms) },
    { label: "p50", colour: "run", values: points.map((point) => point.draft_lateness_p50_ms) },
  ], [points])
  const window = hours === 1 ? "hour" : counted(hours, "hour")
  const { completed: drafts, draft_lateness_p50_ms: p50, draft_lateness_p95_ms: p95 } = total
  const enough = drafts >= ENOUGH
  return (
    <div className={styles.charts}>
      <section className="card">
        <div className={styles.title}>
          <h2>Runs by outcome</h2>
          {outcomes.map((name) => (
            <Link
              key={name}
              to="/runs"
              search={{ from: new Date(millisOf(from)).toISOString(), status: name }}
            >
              <Legend colour={colours[name]} label={names[name]} value={count(total[name])} />
            </Link>
          ))}
        </div>
        <Suspense fallback={<div className={styles.chart} />}>
          <Chart
            bars
            label={`Runs of the last ${window}: ${outcomes.map((name) => `${total[name]} ${names[name]}`).join(", ")}`}
            at={at}
            series={byOutcome}
            words={whole}
          />
        </Suspense>
      </section>
      <section className="card">
        <div className={styles.title}>
          <h2>Lateness</h2>
          {enough
            ? (
              <>
                <Quantile colour="run" label="p50" value={p50} />
                <Quantile colour="wait" label="p95" value={p95} />
              </>
            )
            : null}
          <span className={styles.key}>from due to its draft</span>
        </div>
        {enough ? null : (
          <p className={styles.few}>
            {p50 === null
              ? `No draft came in the last ${window}.`
              : `${counted(drafts, "draft")} came in the last ${window}, ${
                drafts === 1 ? `after ${span(p50)}` : `half of them within ${span(p50)}`
              }. From ${ENOUGH} on this is a chart.`}
          </p>
        )}
        <Suspense fallback={<div className={styles.chart} />}>
          {enough
            ? (
              <Chart
                label={`Lateness of the last ${window}: half under ${span(p50 ?? 0)}, 95 % under ${span(p95 ?? 0)}`}
                at={at}
                series={late}
                words={span}
              />
            )
            : null}
        </Suspense>
      </section>
    </div>
  )
}

/** The charts. */
export const Charts = ({ hours }: { readonly hours: Window }): ReactNode => (
  <Loaded
    of={useQuery(figuresQuery(hours === 1 ? "1" : hours === 6 ? "6" : "24"))}
    skeleton={
      <div className={styles.charts}>
        <Bone height={218} />
        <Bone height={218} />
      </div>
    }
  >
    {(figures) => <Drawn figures={figures} hours={hours} />}
  </Loaded>
)
