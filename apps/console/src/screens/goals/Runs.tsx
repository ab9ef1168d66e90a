/** The runs of a goal, the latest slot first, and why each ran or did not. */
import { Button } from "@mantine/core"
import type { Run } from "@stint/domain/scheduler/Runs"
import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { explanationQuery } from "../../api/Answers.ts"
import { runsQuery } from "../../api/Runs.ts"
import { counted } from "../../format/Words.ts"
import { Dialog } from "../../ui/Dialog.tsx"
import { Instant } from "../../ui/Instant.tsx"
import { More } from "../../ui/More.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { failureOfRun } from "../agents/Standing.tsx"
import styles from "./goals.module.css"
import { states } from "./Words.ts"

const Why = (
  { at, close, goal }: { readonly goal: string; readonly at: Date; readonly close: () => void },
): ReactNode => (
  <Dialog label="Why" close={close} wide>
    <div className={styles.why}>
      <Loaded of={useQuery(explanationQuery(goal, at))} skeleton={<Bone height={140} />}>
        {({ because, sentence }) => (
          <>
            <h2>{sentence}</h2>
            {because.length === 0 ? null : <ol>{because.map((one) => <li key={one}>{one}</li>)}</ol>}
          </>
        )}
      </Loaded>
      <div>
        <Button variant="default" onClick={close}>Close</Button>
      </div>
    </div>
  </Dialog>
)

const origins: Record<Run["origin"], string> = {
  schedule: "",
  manual: "by hand",
  trigger: "by an operator",
  backfill: "backfilled",
}

const about = (run: Run): string =>
  [
    origins[run.origin],
    run.attempt > 1 ? counted(run.attempt, "attempt") : "",
    run.status === "dead_lettered"
      ? failureOfRun(run)
      : run.reason ?? run.attempts.at(-1)?.error_details?.message ?? "",
  ]
    .filter((part) => part !== "").join(" · ")

/** The runs of a goal. */
export const Runs = ({ goal, zone }: { readonly goal: string; readonly zone: string }): ReactNode => {
  const query = useInfiniteQuery(runsQuery({ goal_instance_id: goal }))
  const [asked, setAsked] = useState<Date>()
  return (
    <section className={styles.runs}>
      <h2 className="section-title">Runs</h2>
      <Loaded of={query} skeleton={<Bone height={120} />}>
        {({ pages }) => {
          const runs = pages.flatMap(({ items }) => items)
          return runs.length === 0 ? <p className="dim">It has not run yet.</p> : (
            <div className="card">
              {runs.map((run) => (
                <div key={run.scheduled_run_id} className={styles.run}>
                  <span>
                    <Instant at={run.scheduled_time} zone={zone} />
                  </span>
                  <span>
                    <Tag kind={states[run.status].kind}>{states[run.status].words}</Tag>
                  </span>
                  <span className="dim ellipsis" title={about(run)}>{about(run)}</span>
                  <span>
                    {run.deliverable_id === null ? null : (
                      <>
                        <Link
                          to="/inbox/$deliverable"
                          params={{ deliverable: run.deliverable_id }}
                          search={{ show: "all" }}
                        >
                          draft
                        </Link>
                        {" · "}
                      </>
                    )}
                    <button
                      type="button"
                      className="link-button"
                      onClick={() => setAsked(new Date(run.scheduled_time.epochMilliseconds))}
                    >
                      why
                    </button>
                  </span>
                </div>
              ))}
            </div>
          )
        }}
      </Loaded>
      <More of={query}>Older runs</More>
      {asked === undefined ? null : <Why goal={goal} at={asked} close={() => setAsked(undefined)} />}
    </section>
  )
}
