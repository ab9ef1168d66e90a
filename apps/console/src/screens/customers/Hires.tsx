/** The hires of a customer, each with its state; one is open, with its goals and its config. */
import type { Goal } from "@stint/domain/hiring/Goals"
import type { Hire } from "@stint/domain/hiring/Hires"
import { useQuery, useQueryClient } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { failureOf } from "../../api/Client.ts"
import { goalsQuery, runGoal } from "../../api/Goals.ts"
import { statusQuery } from "../../api/Operations.ts"
import { goalPreviewQuery } from "../../api/Answers.ts"
import { zoneOf } from "../../format/Time.ts"
import { hireName, titled } from "../../format/Words.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { Id } from "../../ui/Id.tsx"
import { Ago, Instant } from "../../ui/Instant.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import { Table } from "../../ui/Table.tsx"
import { type Kind, Tag } from "../../ui/Tag.tsx"
import { toast } from "../../ui/Toasts.tsx"
import { PauseForm, ResumeForm } from "../scheduler/PauseForms.tsx"
import styles from "./customers.module.css"

const route = getRouteApi("/app/customers/$customer")

type WireGoal = typeof Goal.json.Type

const stateOf = (hire: Hire): { readonly kind: Kind; readonly words: string } => {
  if (!hire.active) return { kind: "plain", words: "deactivated" }
  if (hire.finalized_at === null) return { kind: "wait", words: hire.configured ? "draft" : "draft, incomplete" }
  if (hire.subscription_status !== "active") {
    return { kind: "bad", words: hire.subscription_status.replaceAll("_", " ") }
  }
  return { kind: "ok", words: "runs" }
}

const Rule = ({ goal, zone }: { readonly goal: WireGoal; readonly zone: string }): ReactNode => {
  const preview = useQuery({ ...goalPreviewQuery(goal.goal_instance_id, 1), retry: false }).data
  if (preview === undefined) return <span className="dim">{goal.frequency.replaceAll("_", " ")}</span>
  const next = preview.items[0]
  return (
    <span className={styles.rule}>
      <span>{preview.rule_in_words}</span>
      {!preview.will_run
        ? <span className="dim">{preview.reason}</span>
        : next === undefined
        ? null
        : (
          <span className="dim">
            next <Instant at={next.scheduled_time} zone={preview.timezone === "" ? zone : preview.timezone} />
          </span>
        )}
    </span>
  )
}

const Goals = ({ hire }: { readonly hire: Hire }): ReactNode => {
  const query = useQuery(goalsQuery(hire.hired_instance_id))
  const client = useQueryClient()
  const operator = useIsOperator()
  const run = (goal: string) =>
    void runGoal(hire.hired_instance_id, goal).then(
      ({ scheduler }) => {
        toast("ok", scheduler === "paused" ? "Queued: it runs on resume." : "It runs now.")
        void client.invalidateQueries({ queryKey: ["runs"] })
      },
      (error: unknown) => toast("bad", failureOf(error).message),
    )
  return (
    <Loaded of={query} skeleton={<Bone height={100} />}>
      {(goals) =>
        goals.length === 0 ? <p className="dim">It has no goals.</p> : (
          <Table
            label={`Goals of ${hireName(hire)}`}
            columns={[{ label: "Goal" }, { label: "When", wide: true }, { label: "Actions", silent: true }]}
            rows={goals.map((goal) => ({
              key: goal.goal_instance_id,
              cells: [
                <span key="goal" className={styles.rule}>
                  <span>{titled(goal.goal_template_id)} {goal.enabled ? null : <Tag>switched off</Tag>}</span>
                  <span className="dim">
                    <Id id={goal.goal_instance_id} />
                  </span>
                </span>,
                <Rule key="rule" goal={goal} zone={zoneOf(hire.config)} />,
                <span key="do" className="row-actions">
                  <Link to="/runs" search={{ goal: goal.goal_instance_id }}>Runs</Link>
                  <Link to="/goals/$goal/why" params={{ goal: goal.goal_instance_id }}>Why?</Link>
                  {operator
                    ? (
                      <button type="button" className="link-button" onClick={() => run(goal.goal_instance_id)}>
                        Run now
                      </button>
                    )
                    : null}
                </span>,
              ],
            }))}
          />
        )}
    </Loaded>
  )
}

const OneHire = ({ hire, open }: { readonly hire: Hire; readonly open: boolean }): ReactNode => {
  const operator = useIsOperator()
  const paused =
    useQuery(statusQuery).data?.scopes.some(({ scope }) => scope.hired_instance_id === hire.hired_instance_id) === true
  const [asking, setAsking] = useState(false)
  const scope = { hired_instance_id: hire.hired_instance_id }
  const state = stateOf(hire)
  const close = () => setAsking(false)
  return (
    <li className={styles.hire}>
      <div className={styles.head}>
        <Link
          to="/customers/$customer"
          params={{ customer: hire.customer_id }}
          search={open ? {} : { hire: hire.hired_instance_id }}
          className={styles.name}
          aria-expanded={open}
        >
          <b>{hireName(hire)}</b>
          <span className="dim ellipsis">{hire.agent_id}@{hire.definition_version}</span>
        </Link>
        {paused ? <Tag kind="wait">paused</Tag> : null}
        <Tag kind={state.kind}>{state.words}</Tag>
      </div>
      {open
        ? (
          <div className={styles.body}>
            <div className={styles.line}>
              <span className="dim">{zoneOf(hire.config)}</span>
              {hire.trial_status === "active" && hire.trial_end !== null
                ? (
                  <span className="dim">
                    trial ends <Ago at={hire.trial_end} zone={zoneOf(hire.config)} />
                  </span>
                )
                : null}
              <Id id={hire.hired_instance_id} />
              <Link to="/runs" search={{ hire: hire.hired_instance_id }}>Runs</Link>
              {operator
                ? (
                  <button type="button" className="link-button" onClick={() => setAsking(true)}>
                    {paused ? "Resume…" : "Pause…"}
                  </button>
                )
                : null}
            </div>
            {hire.missing.length === 0 ? null : (
              <ul className={styles.missing}>
                {hire.missing.map(({ message, path }) => (
                  <li key={path}>
                    <code>{path}</code> {message}
                  </li>
                ))}
              </ul>
            )}
            <Goals hire={hire} />
            <details>
              <summary className="dim">Config and settings</summary>
              <pre
                className="code"
                tabIndex={0}
              >{JSON.stringify({ config: hire.config, settings: hire.settings }, null, 2)}</pre>
            </details>
          </div>
        )
        : null}
      {asking ? paused ? <ResumeForm scope={scope} close={close} /> : <PauseForm scope={scope} close={close} /> : null}
    </li>
  )
}

/** The hires. */
export const Hires = ({ hires }: { readonly hires: ReadonlyArray<Hire> }): ReactNode => {
  const { hire: open } = route.useSearch()
  if (hires.length === 0) return <p className="dim">None.</p>
  return (
    <ul className={`card ${styles.hires}`}>
      {hires.map((hire) => (
        <OneHire
          key={hire.hired_instance_id}
          hire={hire}
          open={hires.length === 1 || hire.hired_instance_id === open}
        />
      ))}
    </ul>
  )
}
