/** One run: how it stands, every attempt with its error, the draft that it made, and its cancellation. */
import { Button } from "@mantine/core"
import type { Run } from "@stint/domain/scheduler/Runs"
import { useQuery, useQueryClient } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { hireQuery } from "../../api/Hires.ts"
import { cancelRun, runQuery } from "../../api/Runs.ts"
import { goalPreviewQuery } from "../../api/Answers.ts"
import { span } from "../../format/Length.ts"
import { zoneOf } from "../../format/Time.ts"
import { hireName } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { useUser } from "../../shell/User.ts"
import { Ask, isReason, ReasonField } from "../../ui/Ask.tsx"
import { Id } from "../../ui/Id.tsx"
import { Ago, Instant } from "../../ui/Instant.tsx"
import { Page } from "../../ui/Page.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { toast } from "../../ui/Toasts.tsx"
import { Attempts } from "./Attempts.tsx"
import { Made } from "./Made.tsx"
import styles from "./runs.module.css"
import { isOpen, latenessOf, origins, states } from "./Words.ts"

const route = getRouteApi("/app/runs/$run")

/** The zone that a run's goal counts in; UTC until it is known. */
const useZone = (goal: string | undefined): string =>
  useQuery({ ...goalPreviewQuery(goal ?? "", 1), enabled: goal !== undefined }).data?.timezone ?? "UTC"

const Cancel = ({ close, run }: { readonly run: Run; readonly close: () => void }): ReactNode => {
  const client = useQueryClient()
  const [reason, setReason] = useState("")
  const act = () =>
    cancelRun(run.scheduled_run_id, reason).then((answer) => {
      client.setQueryData(runQuery(run.scheduled_run_id).queryKey, answer)
      void client.invalidateQueries({ queryKey: ["runs"] })
      toast("ok", "Cancelled.")
    })
  return (
    <Ask title="Cancel this run?" verb="Cancel the run" bad act={act} close={close} ready={isReason(reason)}>
      <p className="dim">
        It ends without a draft, and its slot counts as decided: the schedule does not run it again.
      </p>
      <ReasonField reason={reason} set={setReason} autoFocus />
    </Ask>
  )
}

const Facts = ({ run, zone }: { readonly run: Run; readonly zone: string }): ReactNode => {
  const hire = useQuery(hireQuery(run.hired_instance_id)).data
  const staff = useUser().role !== "customer"
  const late = latenessOf(run)
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
              {run.reason_code === null ? null : <span className="faint mono">{` ${run.reason_code}`}</span>}
            </dd>
          </>
        )}
        <dt>Agent</dt>
        <dd>{hire === undefined ? <Id id={run.hired_instance_id} /> : `${hireName(hire)} (${zoneOf(hire.config)})`}</dd>
        {hire === undefined || !staff ? null : (
          <>
            <dt>Customer</dt>
            <dd>
              <Link to="/customers/$customer" params={{ customer: hire.customer_id }}>{hire.customer_id}</Link>
            </dd>
          </>
        )}
        <dt>Goal</dt>
        <dd>
          <Id id={run.goal_instance_id} whole />
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
  useActions([
    { label: "Why did it run, or not?", keys: "w", run: toWhy },
    ...(cancellable ? [{ label: "Cancel the run", keys: "c", run: () => setCancelling(true) }] : []),
  ])
  return (
    <Page
      title="Run"
      beside={run === undefined ? null : <Tag kind={states[run.status].kind}>{states[run.status].words}</Tag>}
      actions={run === undefined ? null : (
        <>
          <Link className="dim" to="/runs" search={{ goal: run.goal_instance_id }}>All of this goal</Link>
          <Button size="xs" variant="default" onClick={toWhy}>Why?</Button>
          {cancellable ? <Button size="xs" color="red" onClick={() => setCancelling(true)}>Cancel…</Button> : null}
        </>
      )}
    >
      <div className="wide-column">
        <Loaded of={query} skeleton={<Skeleton />}>
          {(run) => (
            <div className={styles.cols}>
              <div className="column">
                <Attempts run={run} zone={zone} />
                {run.deliverable_id === null ? null : <Made id={run.deliverable_id} zone={zone} />}
              </div>
              <Facts run={run} zone={zone} />
            </div>
          )}
        </Loaded>
      </div>
      {cancelling && run !== undefined ? <Cancel run={run} close={() => setCancelling(false)} /> : null}
    </Page>
  )
}
