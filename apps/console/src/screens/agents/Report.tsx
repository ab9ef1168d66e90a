/** What an agent did in the last four weeks: runs by outcome, how its drafts were judged, what its models used, and its budget. */
import type { Report as Figures, Tokens } from "@stint/domain/deliverables/Reports"
import type { Hire } from "@stint/domain/hiring/Hires"
import { useQueries, useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { lazy, type ReactNode, Suspense, useMemo } from "react"
import { reportQuery, spendingQuery } from "../../api/Makers.ts"
import { percent } from "../../format/Length.ts"
import { money, spent } from "../../format/Money.ts"
import { lengthOf, ownZone, timeIn } from "../../format/Time.ts"
import { count, counted } from "../../format/Words.ts"
import { useNow } from "../../ui/Now.ts"
import { Bone, Loaded } from "../../ui/States.tsx"
import { Table } from "../../ui/Table.tsx"
import styles from "./report.module.css"
import { SpendBar } from "./Spend.tsx"

const Chart = lazy(() => import("../overview/Chart.tsx").then(({ Chart }) => ({ default: Chart })))

const DAY = 86_400_000
/** How many weeks it looks back. */
const WEEKS = 4

const outcomes = [
  ["completed", "completed", "ok"],
  ["cancelled", "cancelled", "faint"],
  ["dead_lettered", "dead-lettered", "bad"],
] as const

const iso = (millis: number): string => new Date(millis).toISOString()

/** The beginnings of the weeks, the oldest first; the last one ends with today in UTC, so that a page that stays asks the same. */
const useWeeks = (): ReadonlyArray<number> => {
  const end = Math.ceil(useNow() / DAY) * DAY
  return useMemo(() => Array.from({ length: WEEKS }, (_, n) => end - (WEEKS - n) * 7 * DAY), [end])
}

const Figure = ({ below, label, value }: {
  readonly label: string
  readonly value: string
  readonly below: string
}): ReactNode => (
  <div className={`card ${styles.figure}`}>
    <span className="dim">{label}</span>
    <span className={styles.value}>{value}</span>
    <span className={styles.below}>{below}</span>
  </div>
)

const Judged = ({ report }: { readonly report: Figures }): ReactNode => {
  const { approval_rate, approved, cost, cost_per_approved, drafts, median_seconds_to_decision, rejected } = report
  return (
    <div className={styles.figures}>
      <Figure label="Drafts" value={count(drafts)} below={`${count(approved)} approved, ${count(rejected)} rejected`} />
      <Figure
        label="Approval rate"
        value={approval_rate === null ? "–" : percent(approval_rate)}
        below={approval_rate === null ? "none was decided on" : "of those that were decided on"}
      />
      <Figure
        label="To a decision"
        value={median_seconds_to_decision === null ? "–" : lengthOf(median_seconds_to_decision * 1_000)}
        below="the median"
      />
      <Figure
        label="Cost"
        value={money(cost)}
        below={cost_per_approved === null ? "no draft was approved" : `${money(cost_per_approved)} an approved draft`}
      />
    </div>
  )
}

const asDate = (millis: number): string => timeIn(new Date(millis), ownZone, "day")
/** The same below a chart, whose weeks all begin with the same day of the week: short, for a phone. */
const asTick = (millis: number): string => asDate(millis).replace(/^\p{L}+,? /u, "")
const whole = (value: number): string => Number.isInteger(value) ? count(value) : ""

const Weeks = ({ reports, weeks }: {
  readonly reports: ReadonlyArray<Figures>
  readonly weeks: ReadonlyArray<number>
}): ReactNode => {
  const runs = useMemo(() =>
    outcomes.map(([name, label, colour]) => ({
      label,
      colour,
      values: reports.map((report) => report.runs[name]),
    })), [reports])
  const rates = useMemo(() => [{
    label: "approval rate",
    colour: "run",
    values: reports.map(({ approval_rate }) => approval_rate),
  }], [reports])
  const total = (name: typeof outcomes[number][0]) => reports.reduce((sum, { runs }) => sum + runs[name], 0)
  const said = (rate: number | null) => rate === null ? "none" : percent(rate)
  return (
    <div className={styles.charts}>
      <section className="card padded">
        <h2 className="section-title">Runs by outcome, by week</h2>
        <p className="dim">{outcomes.map(([name, label]) => `${count(total(name))} ${label}`).join(" · ")}</p>
        <Suspense fallback={<Bone height={160} />}>
          <Chart
            bars
            label={`Runs by week: ${
              reports.map(({ runs }, n) =>
                `${asDate(weeks[n]!)} ${outcomes.map(([name, label]) => `${runs[name]} ${label}`).join(", ")}`
              ).join("; ")
            }`}
            at={weeks}
            series={runs}
            words={whole}
            ticks={asTick}
          />
        </Suspense>
      </section>
      <section className="card padded">
        <h2 className="section-title">Approval rate, by week</h2>
        <p className="dim">{reports.map(({ approval_rate }) => said(approval_rate)).join(" · ")}</p>
        <Suspense fallback={<Bone height={160} />}>
          <Chart
            label={`Approval rate by week: ${
              reports.map(({ approval_rate }, n) => `${asDate(weeks[n]!)} ${said(approval_rate)}`).join("; ")
            }`}
            at={weeks}
            series={rates}
            words={percent}
            ticks={asTick}
          />
        </Suspense>
      </section>
    </div>
  )
}

const Models = ({ report: { calls_unknown, tokens } }: { readonly report: Figures }): ReactNode => {
  const models: ReadonlyArray<readonly [string, Tokens]> = Object.entries(tokens)
  const most = Math.max(...models.map(([, { cost = 0 }]) => cost), 0)
  return (
    <section>
      <h2 className="section-title">Tokens and cost by model</h2>
      {models.length === 0 ? <p className="dim">No model was called.</p> : (
        <Table
          label="Tokens and cost by model"
          columns={[
            { label: "Model" },
            { label: "Tokens in", number: true, wide: true },
            { label: "Tokens out", number: true, wide: true },
            { label: "Cost", number: true },
          ]}
          rows={models.map(([model, { cost = 0, in: given, out }]) => ({
            key: model,
            cells: [
              <span key="model" className="mono">{model}</span>,
              count(given),
              count(out),
              <span key="cost" className={styles.share}>
                {money(cost)}
                <span className={styles.meter} aria-hidden="true">
                  <i style={{ width: `${most === 0 ? 0 : cost / most * 100}%` }} />
                </span>
              </span>,
            ],
          }))}
        />
      )}
      {calls_unknown === 0 ? null : (
        <p className="dim">
          Of {counted(calls_unknown, "call")} it is not known how they ended: they count with their maximum.
        </p>
      )}
    </section>
  )
}

const Month = ({ hire }: { readonly hire: Hire }): ReactNode => (
  <Loaded of={useQuery(spendingQuery(hire.hired_instance_id))} skeleton={<Bone height={86} />}>
    {(spending) => (
      <section className={`card padded ${styles.month}`} aria-label="Budget">
        <p>
          <b>Spent in {spending.month}: {spent(spending)}</b>
          <span className="dim">
            {spending.max_cost_per_month === null ? " · no budget is set" : ""}
            {spending.max_tokens_per_run === null
              ? ""
              : ` · at most ${count(spending.max_tokens_per_run)} tokens a run`}
          </span>
        </p>
        <SpendBar spending={spending} />
      </section>
    )}
  </Loaded>
)

/** The report. */
export const Report = ({ hire }: { readonly hire: Hire }): ReactNode => {
  const weeks = useWeeks()
  const id = hire.hired_instance_id
  const reports = useQueries({
    queries: weeks.map((from) => reportQuery(id, iso(from), iso(from + 7 * DAY))),
    combine: (queries) => queries.flatMap(({ data }) => data ?? []),
  })
  const all = useQuery(reportQuery(id, iso(weeks[0]!), iso(weeks.at(-1)! + 7 * DAY)))
  return (
    <div className="wide-column">
      <Month hire={hire} />
      <Loaded
        of={all}
        skeleton={
          <>
            <Bone height={90} />
            <Bone height={230} />
          </>
        }
      >
        {(report) => (
          <>
            <div className="section-head">
              <span className="dim">The last four weeks, since {asDate(weeks[0]!)}.</span>
              <Link to="/agents/$hire" params={{ hire: id }} search={{ tab: "drafts" }} replace>All its drafts</Link>
            </div>
            <Judged report={report} />
            {reports.length === WEEKS ? <Weeks reports={reports} weeks={weeks} /> : <Bone height={230} />}
            <Models report={report} />
          </>
        )}
      </Loaded>
    </div>
  )
}
