/** Runs by outcome, and how late they began, over a window. */
import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { lazy, type ReactNode, Suspense, useMemo } from "react"
import { runsSampleQuery } from "../../api/Runs.ts"
import { span } from "../../format/Length.ts"
import { count, counted } from "../../format/Words.ts"
import { Bone, Loaded } from "../../ui/States.tsx"
import styles from "./overview.module.css"
import type { Window } from "./Routes.ts"
import { chart, type Charted, type Outcome, outcomes } from "./Sample.ts"

const Chart = lazy(() => import("./Chart.tsx").then(({ Chart }) => ({ default: Chart })))

/** The most pages of 200 runs that the figures are taken of. */
const PAGES = 10

const HOUR_MS = 3_600_000

const colours: Readonly<Record<Outcome, string>> = {
  completed: "ok",
  open: "run",
  cancelled: "faint",
  dead_lettered: "bad",
}

const names: Readonly<Record<Outcome, string>> = {
  completed: "completed",
  open: "open",
  cancelled: "cancelled",
  dead_lettered: "dead-lettered",
}

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

const Drawn = ({ from, hours, more, sample }: {
  readonly sample: Charted
  readonly hours: Window
  readonly more: boolean
  readonly from: number
}): ReactNode => {
  const { lateness, totals } = sample
  const byOutcome = useMemo(
    () => outcomes.map((name) => ({ label: names[name], colour: colours[name], values: sample.counts[name] })),
    [sample],
  )
  const late = useMemo(() => [
    { label: "p95", colour: "wait", values: sample.p95 },
    { label: "p50", colour: "run", values: sample.p50 },
  ], [sample])
  const window = counted(hours, "hour")
  return (
    <div className={styles.charts}>
      <section className="card">
        <div className={styles.title}>
          <h2>Runs by outcome</h2>
          {outcomes.map((name) => (
            <Link
              key={name}
              to="/runs"
              search={{ from: new Date(from).toISOString(), ...(name === "open" ? {} : { status: name }) }}
              className={styles.keyLink}
            >
              <Legend colour={colours[name]} label={names[name]} value={count(totals[name])} />
            </Link>
          ))}
        </div>
        <Suspense fallback={<div className={styles.chart} />}>
          <Chart
            bars
            label={`Runs of the last ${window}: ${outcomes.map((name) => `${totals[name]} ${names[name]}`).join(", ")}`}
            at={sample.at}
            series={byOutcome}
            words={whole}
          />
        </Suspense>
        {more
          ? <p className={styles.note}>Of the latest {count(PAGES * 200)} runs: there are others in this time.</p>
          : null}
      </section>
      <section className="card">
        <div className={styles.title}>
          <h2>Lateness</h2>
          <Legend colour="run" label="p50" value={lateness.p50 === undefined ? "–" : span(lateness.p50)} />
          <Legend colour="wait" label="p95" value={lateness.p95 === undefined ? "–" : span(lateness.p95)} />
          <span className="faint">slot to first attempt</span>
        </div>
        <Suspense fallback={<div className={styles.chart} />}>
          <Chart
            label={lateness.p50 === undefined
              ? `No run by schedule began in the last ${window}`
              : `Lateness of the last ${window}: half under ${span(lateness.p50)}, 95 % under ${
                span(lateness.p95 ?? 0)
              }`}
            at={sample.at}
            series={late}
            words={span}
          />
        </Suspense>
      </section>
    </div>
  )
}

/** The charts. */
export const Charts = ({ hours }: { readonly hours: Window }): ReactNode => {
  const query = useQuery(
    runsSampleQuery(`${hours} hours`, (now) => ({
      from: new Date(now - hours * HOUR_MS).toISOString(),
      to: new Date(now).toISOString(),
    }), PAGES),
  )
  const sample = useMemo(
    () => query.data === undefined ? undefined : chart(query.data.items, query.data.now, hours * HOUR_MS),
    [hours, query.data],
  )
  return (
    <Loaded
      of={query}
      skeleton={
        <div className={styles.charts}>
          <Bone height={218} />
          <Bone height={218} />
        </div>
      }
    >
      {({ more, now }) =>
        sample === undefined ? null : <Drawn sample={sample} hours={hours} more={more} from={now - hours * HOUR_MS} />}
    </Loaded>
  )
}
