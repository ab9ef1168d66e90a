/** Overview: at a glance what waits, what failed, and what needs a person. */
import type { SchedulerHealth } from "@stint/domain/scheduler/Health"
import type { Status } from "@stint/domain/scheduler/Pauses"
import { useQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { onlyCustomerQuery } from "../../api/DeadLetters.ts"
import { replicasQuery } from "../../api/Figures.ts"
import { healthQuery, statusQuery } from "../../api/Operations.ts"
import { counted } from "../../format/Words.ts"
import { Page } from "../../ui/Page.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import type { Kind } from "../../ui/Tag.tsx"
import { Charts } from "./Charts.tsx"
import { Figures } from "./Figures.tsx"
import { Needs } from "./Needs.tsx"
import styles from "./overview.module.css"
import { type Window, windows } from "./Routes.ts"

const route = getRouteApi("/app/overview")

const words: Readonly<Record<SchedulerHealth["status"], { readonly kind: Kind; readonly words: string }>> = {
  healthy: { kind: "ok", words: "Healthy" },
  degraded: { kind: "wait", words: "Degraded" },
  down: { kind: "bad", words: "Down" },
}

/** Whether runs that failed make the status what it is, and no part that is away. */
const isOfRuns = ({ problems, status }: SchedulerHealth): boolean => status !== "healthy" && problems.length === 0

/** That all of it is one customer's, where it is: the rule of the health counts all runs alike. */
const OneCustomer = ({ health }: { readonly health: SchedulerHealth }): ReactNode => {
  const customer = useQuery({ ...onlyCustomerQuery, enabled: isOfRuns(health) }).data
  return customer == null || !isOfRuns(health) ? null : (
    <>
      <p>All runs that fail are of one customer, {customer}.</p>
      <Link to="/runs" search={{ customer, status: "dead_lettered" }}>See them</Link>
    </>
  )
}

/** Why the status is what it is, by the rule of the health (api.md). */
const reasonOf = ({ dlq_size, problems, success_rate_1h }: SchedulerHealth): string => {
  const reasons = [
    ...(problems.length > 0 ? [counted(problems.length, "problem")] : []),
    ...(success_rate_1h !== null && success_rate_1h < 0.95
      ? [`${Math.round(success_rate_1h * 100)} % of the last hour's attempts succeeded`]
      : []),
    ...(dlq_size >= 5 ? [counted(dlq_size, "open dead letter")] : []),
  ]
  return reasons.length === 0 ? "no problem" : reasons.join(", ")
}

const Headline = (
  { health, status }: { readonly health: SchedulerHealth; readonly status: Status | undefined },
): ReactNode => {
  const shown = words[health.status]
  const isPaused = status?.is_paused === true
  const here = useQuery(replicasQuery).data?.items.filter(({ state }) => state === "here").length
  return (
    <div className={styles.headline}>
      <h2 data-kind={isPaused && shown.kind === "ok" ? "wait" : shown.kind}>
        <span className={styles.dot} aria-hidden="true" />
        {isPaused ? "Paused" : shown.words}
      </h2>
      <p className="dim">
        {isPaused ? `no run begins; otherwise ${shown.words.toLowerCase()}, ` : ""}
        {reasonOf(health)}
        {here === undefined ? null : ` · ${counted(here, "scheduler")}`}
        {status === undefined || (isPaused && status.scopes.length === 0)
          ? null
          : ` · ${
            status.scopes.length === 0
              ? "no customer or agent is"
              : `${counted(status.scopes.length, "customer or agent", "customers or agents")}`
          } paused`}
      </p>
      <OneCustomer health={health} />
    </div>
  )
}

/** The screen. */
export const Overview = (): ReactNode => {
  const { hours = 1 } = route.useSearch()
  const navigate = route.useNavigate()
  const health = useQuery(healthQuery)
  const status = useQuery(statusQuery)
  return (
    <Page
      title="Overview"
      actions={
        <select
          className="filter"
          aria-label="Time"
          value={String(hours)}
          onChange={({ target: { value } }) =>
            void navigate({ search: value === "1" ? {} : { hours: Number(value) as Window } })}
        >
          {windows.map((one) => <option key={one} value={one}>{one === 1 ? "Last hour" : `Last ${one} hours`}</option>)}
        </select>
      }
    >
      <div className="wide-column">
        <Loaded of={health} skeleton={<Bone height={56} width="50%" />}>
          {(health) => <Headline health={health} status={status.data} />}
        </Loaded>
        <Figures />
        <Charts hours={hours} />
        <Needs health={health.data} status={status.data} />
      </div>
    </Page>
  )
}
