/** One dead letter: what failed, its runs, how long it is kept, and what can be done with it. */
import { Button } from "@mantine/core"
import type { DeadLetter } from "@stint/domain/scheduler/DeadLetters"
import { useQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { deadLetterQuery } from "../../api/DeadLetters.ts"
import { runQuery } from "../../api/Runs.ts"
import { goalPreviewQuery } from "../../api/Answers.ts"
import { count, titled } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { Id } from "../../ui/Id.tsx"
import { Ago, Instant } from "../../ui/Instant.tsx"
import { Page } from "../../ui/Page.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { GoalLink } from "../goals/GoalName.tsx"
import { states } from "../runs/Words.ts"
import styles from "./dead-letters.module.css"
import { DiscardForm } from "./DiscardForm.tsx"
import { Again, Countdown, RETRY, State, useRetry } from "./EntryParts.tsx"
import { adviceOn } from "./States.ts"

const route = getRouteApi("/app/dead-letters/entry/$entry")

/** The most runs of an entry that are shown. */
const RUNS = 20

const RunLine = ({ id, zone }: { readonly id: string; readonly zone: string }): ReactNode => {
  const run = useQuery(runQuery(id)).data
  return (
    <li className={styles.run}>
      {run === undefined ? <Bone width={86} /> : <Tag kind={states[run.status].kind}>{states[run.status].words}</Tag>}
      <Link to="/runs/$run" params={{ run: id }}>
        {run === undefined
          ? <span className="mono">{id}</span>
          : <Instant at={run.scheduled_time} zone={zone} as="exact" />}
      </Link>
    </li>
  )
}

const Facts = ({ entry, zone }: { readonly entry: DeadLetter; readonly zone: string }): ReactNode => (
  <dl className="facts card padded">
    <dt>Cause</dt>
    <dd>
      <Link className="mono" to="/dead-letters/$cause" params={{ cause: entry.fingerprint }}>{entry.fingerprint}</Link>
    </dd>
    <dt>First failed</dt>
    <dd>
      <Ago at={entry.first_failed_at} zone={zone} />
    </dd>
    <dt>Last failed</dt>
    <dd>
      <Ago at={entry.last_failed_at} zone={zone} />
    </dd>
    <dt>Failures</dt>
    <dd>{count(entry.failure_count)}</dd>
    <dt>Retried</dt>
    <dd>{count(entry.retry_count)}</dd>
    {entry.state !== "open" && entry.closed_at == null ? null : (
      <>
        <dt>{entry.state === "open" ? "Kept" : "Closed"}</dt>
        <dd>
          <Countdown entry={entry} />
        </dd>
      </>
    )}
    {entry.customer_id == null ? null : (
      <>
        <dt>Customer</dt>
        <dd>
          <Link to="/customers/$customer" params={{ customer: entry.customer_id }}>{entry.customer_id}</Link>
        </dd>
      </>
    )}
    <dt>Goal</dt>
    <dd>
      <GoalLink goal={entry.goal_instance_id} hire={entry.hired_instance_id} />{" "}
      <span className="faint">
        <Id id={entry.goal_instance_id} whole />
      </span>
    </dd>
    <dt>Agent</dt>
    <dd>
      {entry.agent_id == null ? null : `${titled(entry.agent_id)} `}
      <Link className="mono" to="/hires/$hire" params={{ hire: entry.hired_instance_id }}>
        {entry.hired_instance_id}
      </Link>
    </dd>
    <dt>Entry</dt>
    <dd>
      <Id id={entry.dlq_id} whole />
    </dd>
  </dl>
)

/** The screen of an entry. */
export const EntryScreen = (): ReactNode => {
  const { entry: id } = route.useParams()
  const query = useQuery(deadLetterQuery(id))
  const goal = query.data?.goal_instance_id
  const zone = useQuery({ ...goalPreviewQuery(goal ?? "", 1), enabled: goal !== undefined }).data?.timezone ?? "UTC"
  const operator = useIsOperator()
  const retry = useRetry()
  const [discarding, setDiscarding] = useState(false)
  const can = operator && query.data?.state === "open"
  useActions(
    can
      ? [
        { label: "Retry this dead letter", keys: "r", run: () => retry([id]) },
        { label: "Discard this dead letter", keys: "D", run: () => setDiscarding(true) },
      ]
      : [],
  )
  return (
    <Page
      title="Dead letter"
      beside={query.data === undefined ? null : <State state={query.data.state} />}
      actions={can
        ? (
          <>
            <Button size="xs" variant="default" onClick={() => setDiscarding(true)}>Discard…</Button>
            <Button size="xs" title={RETRY} onClick={() => retry([id])}>Retry</Button>
          </>
        )
        : null}
    >
      <div className="column">
        <Loaded
          of={query}
          skeleton={
            <>
              <Bone height={64} />
              <Bone height={240} />
            </>
          }
        >
          {(entry) => (
            <>
              <section className={styles.what}>
                <h2>{entry.error_message ?? "No message was kept"}</h2>
                <p className="dim">
                  {adviceOn(entry.error_type)} <Again entry={entry} />
                </p>
                {entry.stack_trace === null ? null : <pre className="code" tabIndex={0}>{entry.stack_trace}</pre>}
              </section>
              <Facts entry={entry} zone={zone} />
              <section>
                <div className="section-head">
                  <h2>Its runs</h2>
                  <Link className="dim" to="/runs" search={{ goal: entry.goal_instance_id }}>all of this goal</Link>
                </div>
                <ul className={styles.runs}>
                  {entry.scheduled_run_ids.slice(0, RUNS).map((run) => <RunLine key={run} id={run} zone={zone} />)}
                </ul>
                {entry.scheduled_run_ids.length > RUNS
                  ? <p className="dim">and {count(entry.scheduled_run_ids.length - RUNS)} others</p>
                  : null}
              </section>
            </>
          )}
        </Loaded>
      </div>
      {discarding ? <DiscardForm ids={[id]} close={() => setDiscarding(false)} /> : null}
    </Page>
  )
}
