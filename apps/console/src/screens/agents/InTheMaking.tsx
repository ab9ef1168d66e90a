/** The drafts of an agent that its makers work on now. */
import type { Hire } from "@stint/domain/hiring/Hires"
import { useQueries, useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { runQuery, runsHeadQuery } from "../../api/Runs.ts"
import { zoneOf } from "../../format/Time.ts"
import { counted } from "../../format/Words.ts"
import { Ago } from "../../ui/Instant.tsx"
import { Tag } from "../../ui/Tag.tsx"
import styles from "./agents.module.css"

/** How many are shown one by one. */
const SHOWN = 5

/** What is being made; nothing where nothing is. */
export const InTheMaking = ({ hire }: { readonly hire: Hire }): ReactNode => {
  const { hired_instance_id } = hire
  const running = useQuery(runsHeadQuery({ hired_instance_id, status: "running" })).data?.items ?? []
  const shown = useQueries({ queries: running.slice(0, SHOWN).map((run) => runQuery(run.scheduled_run_id)) })
    .flatMap(({ data }) => data?.making === undefined ? [] : [{ run: data, making: data.making }])
  if (shown.length === 0) return null
  const zone = zoneOf(hire.config)
  const others = running.length - shown.length
  return (
    <div className="column">
      <section aria-label="Being made">
        <h2 className="section-title">Being made</h2>
        <div className={styles.list}>
          {shown.map(({ making, run }) => (
            <Link
              key={run.scheduled_run_id}
              to="/runs/$run"
              params={{ run: run.scheduled_run_id }}
              className={styles.row}
            >
              <b className="ellipsis">{making.note ?? "Its maker is at work"}</b>
              <Tag kind="run">making</Tag>
              <span className="dim ellipsis">
                {making.calls === 0 ? "not called yet" : counted(making.calls, "call")}
              </span>
              <span className="dim">
                since <Ago at={making.since} zone={zone} />, late <Ago at={making.deadline} zone={zone} />
              </span>
            </Link>
          ))}
        </div>
        {others > 0 ? <p className="dim">{counted(others, "other run")} under way</p> : null}
      </section>
    </div>
  )
}
