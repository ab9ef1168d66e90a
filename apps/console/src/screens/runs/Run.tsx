/** One run: how it stands, every attempt with its error, the draft that it made, and its cancellation. */
import { Button } from "@mantine/core"
import type { DeadLetter } from "@stint/domain/scheduler/DeadLetters"
import type { Run } from "@stint/domain/scheduler/Runs"
import { useQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { deadLetterOfGoalQuery } from "../../api/DeadLetters.ts"
import { hireQuery } from "../../api/Hires.ts"
import { runQuery } from "../../api/Runs.ts"
import { goalPreviewQuery } from "../../api/Answers.ts"
import { span } from "../../format/Length.ts"
import { zoneOf } from "../../format/Time.ts"
import { hireName, titled } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { useUser } from "../../shell/User.ts"
import { Id } from "../../ui/Id.tsx"
import { Ago, Instant } from "../../ui/Instant.tsx"
import { Page } from "../../ui/Page.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { useRetry } from "../dead-letters/EntryParts.tsx"
import { GoalLink } from "../goals/GoalName.tsx"
import { Attempts } from "./Attempts.tsx"
import { CancelForm } from "./CancelForm.tsx"
import { Made } from "./Made.tsx"
import { BeingMade } from "./Making.tsx"
import styles from "./runs.module.css"
import { isOpen, latenessOf, origins, states } from "./Words.ts"

const route = getRouteApi("/app/runs/$run")

/** The zone that a run's goal counts in; UTC until it is known. */
const useZone = (goal: string | undefined): string =>
  useQuery({ ...goalPreviewQuery(goal ?? "", 1), enabled: goal !== undefined }).data?.timezone ?? "UTC"

/** The open dead letter that a run is in; undefined where it is in none, or that is not known yet. */
const useDeadLetter = (run: Run | undefined): DeadLetter | undefined => {
  const dead = run?.status === "dead_lettered"
  const letter = useQuery({ ...deadLetterOfGoalQuery(run?.goal_instance_id ?? ""), enabled: dead }).data
  return dead && letter?.scheduled_run_ids.includes(run.scheduled_run_id) ? letter : undefined
}

const Facts = ({ run, zone }: { readonly run: Run; readonly zone: string }): ReactNode => {
  const hire = useQuery(hireQuery(run.hired_instance_id)).data
  const staff = useUser().role !== "customer"
  const late = latenessOf(run)
  const customer = run.customer_id ?? hire?.customer_id
  return (
    <section className="card padded">
      <dl className="facts">
        <dt>Slot</dt>
        <dd>
          <Instant at={run.scheduled_time} zone={zone} as="exact" named />
        </dd>
        <dt>Came to be</dt>
        <dd>{origins[run.origin]}</dd>
        {late === undefined ? null : (
          <>
            <dt>Began</dt>
            <dd>{late <= 0 ? "in time" : `${span(late)} after its slot`}</dd>
          </>
        )}
        {run.next_attempt_at === null ? null : (
          <>
            <dt>Next attempt</dt>
            <dd>
              <Ago at={run.next_attempt_at} zone={zone} />
            </dd>
          </>
        )}
        {run.reason === null ? null : (
          <>
            <dt>Reason</dt>
            <dd>
              {run.reason}
              {run.reason_code === null || run.reason_code === run.status
                ? null
                : <span className="faint mono">{` ${run.reason_code}`}</span>}
            </dd>
          </>
        )}
        <dt>Agent</dt>
        <dd>
          {hire === undefined ? <Id id={run.hired_instance_id} /> : `${hireName(hire)} (${zoneOf(hire.config)})`}
          {run.agent_id == null ? null : <span className="dim">{` ${titled(run.agent_id)}`}</span>}
        </dd>
        {customer == null || !staff ? null : (
          <>
            <dt>Customer</dt>
            <dd>
              <Link to="/customers/$customer" params={{ customer }}>{customer}</Link>
            </dd>
          </>
        )}
        <dt>Goal</dt>
        <dd>
          <GoalLink goal={run.goal_instance_id} hire={run.hired_instance_id} />{" "}
          <span className="faint">
            <Id id={run.goal_instance_id} whole />
          </span>
        </dd>
        <dt>Run</dt>
        <dd>
          <Id id={run.scheduled_run_id} whole />
        </dd>
        {run.run_id === null ? null : (
          <>
            <dt>Execution</dt>
            <dd>
              <Id id={run.run_id} whole />
            </dd>
          </>
        )}
        <dt>Key</dt>
        <dd>
          <Id id={run.idempotency_key} whole />
        </dd>
        {run.trace_url === undefined ? null : (
          <>
            <dt>Trace</dt>
            <dd>
              <a href={run.trace_url} target="_blank" rel="noreferrer">Every attempt, draft and delivery</a>
            </dd>
          </>
        )}
      </dl>
    </section>
  )
}

const Skeleton = (): ReactNode => (
  <div className={styles.cols}>
    <Bone height={240} />
    <Bone height={280} />
  </div>
)

/** The screen of a run. */
export const RunScreen = (): ReactNode => {
  const { run: id } = route.useParams()
  const query = useQuery(runQuery(id))
  const run = query.data
  const zone = useZone(run?.goal_instance_id)
  const operator = useIsOperator()
  const [cancelling, setCancelling] = useState(false)
  const cancellable = operator && run !== undefined && isOpen(run)
  const navigate = route.useNavigate()
  const toWhy = () => {
    if (run === undefined) return
    void navigate({
      to: "/goals/$goal/why",
      params: { goal: run.goal_instance_id },
      search: { at: new Date(run.scheduled_time.epochMilliseconds).toISOString() },
    })
  }
  const letter = useDeadLetter(run)
  const retry = useRetry()
  const again = operator && letter !== undefined ? () => retry([letter.dlq_id]) : undefined
  useActions([
    { label: "Why did it run, or not?", keys: "w", run: toWhy },
    ...(again === undefined ? [] : [{ label: "Retry the run", keys: "r", run: again }]),
    ...(cancellable ? [{ label: "Cancel the run", keys: "c", run: () => setCancelling(true) }] : []),
  ])
  return (
    <Page
      title="Run"
      beside={run === undefined ? null : <Tag kind={states[run.status].kind}>{states[run.status].words}</Tag>}
      actions={run === undefined ? null : (
        <>
          <Link className="dim" to="/runs" search={{ goal: run.goal_instance_id }}>All of this goal</Link>
          {operator
            ? (
              <Link className="dim" to="/scheduler" search={{ show: "trigger", goal: run.goal_instance_id }}>
                Run this goal…
              </Link>
            )
            : null}
          {letter === undefined
            ? null
            : (
              <Link className="dim" to="/dead-letters/entry/$entry" params={{ entry: letter.dlq_id }}>
                Its dead letter
              </Link>
            )}
          <Button size="xs" variant="default" onClick={toWhy}>Why?</Button>
          {again === undefined ? null : <Button size="xs" onClick={again}>Retry</Button>}
          {cancellable ? <Button size="xs" color="red" onClick={() => setCancelling(true)}>Cancel…</Button> : null}
        </>
      )}
    >
      <div className="wide-column">
        <Loaded of={query} skeleton={<Skeleton />}>
          {(run) => (
            <div className={styles.cols}>
              <div className="column">
                {run.making === undefined ? null : <BeingMade making={run.making} zone={zone} />}
                <Attempts run={run} zone={zone} />
                {run.deliverable_id === null ? null : <Made id={run.deliverable_id} zone={zone} />}
              </div>
              <Facts run={run} zone={zone} />
            </div>
          )}
        </Loaded>
      </div>
      {cancelling ? <CancelForm ids={[id]} close={() => setCancelling(false)} /> : null}
    </Page>
  )
}
