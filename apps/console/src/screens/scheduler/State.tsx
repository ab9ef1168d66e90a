/** Whether the scheduler runs, what is paused by whom and why, and what keeps it from being healthy. */
import { Button } from "@mantine/core"
import type { SchedulerHealth } from "@stint/domain/scheduler/Health"
import type { Status } from "@stint/domain/scheduler/Pauses"
import { useQuery } from "@tanstack/react-query"
import { type ReactNode, useState } from "react"
import { healthQuery, statusQuery } from "../../api/Operations.ts"
import { percent, span } from "../../format/Length.ts"
import { ownZone } from "../../format/Time.ts"
import { count, counted } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { Ago, Instant } from "../../ui/Instant.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import { Table } from "../../ui/Table.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { Problems } from "./Problems.tsx"
import { PauseForm, ResumeForm } from "./PauseForms.tsx"
import { Replicas } from "./Replicas.tsx"
import styles from "./scheduler.module.css"
import { scopeWords, type SentScope } from "./Scopes.ts"

type Asked = { readonly kind: "pause" } | {
  readonly kind: "resume"
  readonly scope: SentScope | undefined
} | undefined

const Headline = ({ status }: { readonly status: Status }): ReactNode => (
  <div className={styles.headline}>
    <h2>{status.is_paused ? "The scheduler is paused" : "The scheduler runs"}</h2>
    {status.is_paused
      ? (
        <p className="dim">
          {status.paused_by === null ? null : `By ${status.paused_by}, `}
          {status.paused_at === null ? null : <Instant at={status.paused_at} zone={ownZone} />}
          {status.paused_reason === null ? null : `: ${status.paused_reason}`}
        </p>
      )
      : status.resumed_at === null
      ? null
      : (
        <p className="dim">
          Resumed <Ago at={status.resumed_at} zone={ownZone} />
          {status.resumed_by === null ? null : ` by ${status.resumed_by}`}
        </p>
      )}
  </div>
)

const Scopes = ({ resume, status }: {
  readonly status: Status
  readonly resume: (scope: SentScope) => void
}): ReactNode => {
  const operator = useIsOperator()
  if (status.scopes.length === 0) return <p className="dim">No customer and no agent is paused.</p>
  return (
    <Table
      label="What is paused"
      columns={[{ label: "What" }, { label: "Since" }, { label: "By", wide: true }, { label: "Reason" }, {
        label: "Actions",
        silent: true,
      }]}
      rows={status.scopes.map(({ paused_at, paused_by, reason, scope }) => ({
        key: scopeWords(scope),
        cells: [
          scopeWords(scope),
          <Ago key="since" at={paused_at} zone={ownZone} />,
          paused_by,
          reason,
          operator
            ? (
              <span key="do" className="row-actions">
                <button type="button" className="link-button" onClick={() => resume(scope)}>Resume…</button>
              </span>
            )
            : null,
        ],
      }))}
    />
  )
}

const Figures = ({ health }: { readonly health: SchedulerHealth }): ReactNode => (
  <dl className={`facts card padded`}>
    <dt>Waiting</dt>
    <dd>
      {counted(health.pending_goals, "run")}
      {health.due_goals === undefined ? null : (
        <span className="dim">
          , {count(health.due_goals)} due now, {count(health.retrying_goals ?? 0)} to be tried again
        </span>
      )}
    </dd>
    {health.oldest_due_ms == null ? null : (
      <>
        <dt>Longest overdue</dt>
        <dd>{span(health.oldest_due_ms)}</dd>
      </>
    )}
    <dt>Running</dt>
    <dd>{counted(health.running_goals, "run")}</dd>
    <dt>Tried in the last hour</dt>
    <dd>
      {counted(health.total_executions_1h, "time")}
      {health.success_rate_1h === null
        ? null
        : <span className="dim">, {percent(health.success_rate_1h)} succeeded</span>}
    </dd>
    <dt>A run takes, on average</dt>
    <dd>
      {health.avg_duration_ms === null
        ? <span className="dim">none in the last hour</span>
        : span(health.avg_duration_ms)}
    </dd>
    <dt>The latest a draft came</dt>
    <dd>
      {health.max_draft_lateness_ms === null
        ? <span className="dim">none in the last hour</span>
        : `${span(health.max_draft_lateness_ms)} after it was due`}
    </dd>
    {health.last_run === null ? null : (
      <>
        <dt>Last run began</dt>
        <dd>
          <Ago at={health.last_run} zone={ownZone} />
        </dd>
      </>
    )}
    {health.last_failure === null ? null : (
      <>
        <dt>Last failure</dt>
        <dd>
          <Ago at={health.last_failure} zone={ownZone} />
        </dd>
      </>
    )}
  </dl>
)

/** The part. */
export const State = (): ReactNode => {
  const status = useQuery(statusQuery)
  const health = useQuery(healthQuery)
  const operator = useIsOperator()
  const [asked, setAsked] = useState<Asked>()
  const paused = status.data?.is_paused === true
  const close = () => setAsked(undefined)
  useActions(
    operator
      ? [
        { label: "Pause the scheduler, a customer or an agent", keys: "p", run: () => setAsked({ kind: "pause" }) },
        ...(paused
          ? [
            {
              label: "Resume the scheduler",
              keys: "r",
              run: () => setAsked({ kind: "resume", scope: undefined }),
            } as const,
          ]
          : []),
      ]
      : [],
  )
  return (
    <>
      <Loaded
        of={status}
        skeleton={
          <>
            <Bone height={56} />
            <Bone height={72} />
          </>
        }
      >
        {(status) => (
          <>
            <section className={styles.top}>
              <Headline status={status} />
              {operator
                ? (
                  <div className="row-actions">
                    {paused
                      ? <Button onClick={() => setAsked({ kind: "resume", scope: undefined })}>Resume…</Button>
                      : null}
                    <Button variant="default" onClick={() => setAsked({ kind: "pause" })}>Pause…</Button>
                  </div>
                )
                : null}
            </section>
            <section>
              <div className="section-head">
                <h2>Paused customers and agents</h2>
              </div>
              <Scopes status={status} resume={(scope) => setAsked({ kind: "resume", scope })} />
            </section>
          </>
        )}
      </Loaded>
      <Loaded of={health} skeleton={<Bone height={220} />}>
        {(health) => (
          <section>
            <div className="section-head">
              <h2>How it does</h2>
              <Tag kind={health.status === "healthy" ? "ok" : health.status === "degraded" ? "wait" : "bad"}>
                {health.status}
              </Tag>
            </div>
            <div className={styles.health}>
              <Problems problems={health.problems} />
              <Figures health={health} />
            </div>
          </section>
        )}
      </Loaded>
      <Replicas />
      {asked?.kind === "pause" ? <PauseForm close={close} /> : null}
      {asked?.kind === "resume" ? <ResumeForm scope={asked.scope} close={close} /> : null}
    </>
  )
}
