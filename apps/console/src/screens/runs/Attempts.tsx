/** The attempts of a run: in time as bars, and one by one with what went wrong. */
import type { Attempt, Run } from "@stint/domain/scheduler/Runs"
import type { ReactNode } from "react"
import { span } from "../../format/Length.ts"
import { millisOf } from "../../format/Time.ts"
import { Instant } from "../../ui/Instant.tsx"
import { useNow } from "../../ui/Now.ts"
import type { Kind } from "../../ui/Tag.tsx"
import { Tag } from "../../ui/Tag.tsx"
import styles from "./runs.module.css"

const kindOf = ({ ended_at, error_details }: Attempt): Kind =>
  error_details !== null ? "bad" : ended_at === null ? "run" : "ok"

const words: Readonly<Record<Kind, string>> = { bad: "failed", run: "running", ok: "succeeded", wait: "", plain: "" }

const Bars = ({ run }: { readonly run: Run }): ReactNode => {
  const now = useNow()
  const from = millisOf(run.attempts[0]!.started_at)
  const last = run.attempts.at(-1)!
  const to = Math.max(from + 1, last.ended_at === null ? now : millisOf(last.ended_at))
  return (
    <div className={styles.bars} aria-hidden="true">
      {run.attempts.map((attempt, index) => {
        const start = millisOf(attempt.started_at)
        const end = attempt.ended_at === null ? to : millisOf(attempt.ended_at)
        return (
          <div
            key={index}
            className={styles.bar}
            data-kind={kindOf(attempt)}
            title={`Attempt ${attempt.attempt}`}
            style={{ left: `${(start - from) / (to - from) * 100}%`, width: `${(end - start) / (to - from) * 100}%` }}
          />
        )
      })}
    </div>
  )
}

const Entry = ({ again, attempt, zone }: {
  readonly attempt: Attempt
  /** Whether its number was there before: one that was redriven begins to count anew, and some tries are not charged. */
  readonly again: boolean
  readonly zone: string
}): ReactNode => {
  const { ended_at, error_details, started_at } = attempt
  const kind = kindOf(attempt)
  return (
    <li className={styles.attempt} data-kind={kind}>
      <p>
        <b>Attempt {attempt.attempt}</b>
        {again ? <span className="dim">again</span> : null}
        <Tag kind={kind}>{words[kind]}</Tag>
        <span className="dim">
          <Instant at={started_at} zone={zone} as="exact" />
        </span>
        {ended_at === null ? null : <span className="dim">took {span(millisOf(ended_at) - millisOf(started_at))}</span>}
      </p>
      {error_details === null ? null : (
        <>
          <p>
            <span className="faint">{error_details.type}</span>
            <span>{error_details.message}</span>
          </p>
          {error_details.stack_trace === undefined ? null : (
            <details>
              <summary className="dim">Stack</summary>
              <pre className="code" tabIndex={0}>{error_details.stack_trace}</pre>
            </details>
          )}
        </>
      )}
    </li>
  )
}

/** The timeline of a run. */
export const Attempts = ({ run, zone }: { readonly run: Run; readonly zone: string }): ReactNode => (
  <section>
    <div className="section-head">
      <h2>Attempts</h2>
    </div>
    {run.attempts.length === 0 ? <p className="dim">None began{run.status === "pending" ? " yet" : ""}.</p> : (
      <>
        {run.attempts.length > 1 ? <Bars run={run} /> : null}
        <ol className={styles.timeline}>
          {run.attempts.map((attempt, index) => (
            <Entry
              key={index}
              attempt={attempt}
              again={index > 0 && attempt.attempt <= run.attempts[index - 1]!.attempt}
              zone={zone}
            />
          ))}
        </ol>
      </>
    )}
  </section>
)
