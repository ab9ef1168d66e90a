/** The figures of now: what is due, what waits for people, dead letters in and out, deliveries that failed. */
import { useQuery } from "@tanstack/react-query"
import { Link, type LinkProps } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { deadLettersOfDayQuery } from "../../api/DeadLetters.ts"
import { healthQuery } from "../../api/Operations.ts"
import { runsSampleQuery } from "../../api/Runs.ts"
import { countsQuery } from "../../api/Waiting.ts"
import { span } from "../../format/Length.ts"
import { millisOf } from "../../format/Time.ts"
import { count } from "../../format/Words.ts"
import { Bone } from "../../ui/States.tsx"
import styles from "./overview.module.css"

/** The most pages of 200 due runs that are counted. */
const PAGES = 5

const Figure = ({ below, kind, label, to, value }: {
  readonly label: string
  /** Undefined until it is known, null where it can't be. */
  readonly value: string | undefined | null
  readonly below: ReactNode
  readonly kind?: "bad" | "wait" | undefined
  readonly to?: LinkProps | undefined
}): ReactNode => {
  const body = (
    <>
      <span className={styles.label}>{label}</span>
      {value === undefined
        ? <Bone height={28} width={56} />
        : <span className={styles.value} data-kind={kind}>{value ?? "–"}</span>}
      <span className={styles.below}>{value === null ? "can't be read now" : below}</span>
    </>
  )
  return to === undefined
    ? <div className={`card ${styles.figure}`}>{body}</div>
    : <Link {...to} className={`card ${styles.figure}`}>{body}</Link>
}

const valueOf = <A,>(
  { data, isError }: { readonly data: A | undefined; readonly isError: boolean },
  words: (data: A) => string,
) => data === undefined ? isError ? null : undefined : words(data)

const Due = (): ReactNode => {
  const due = useQuery(runsSampleQuery("due", (now) => ({ status: "pending", to: new Date(now).toISOString() }), PAGES))
  const retrying = useQuery(runsSampleQuery("retrying", () => ({ status: "retrying" }), 1))
  const oldest = due.data?.items.at(-1)
  const age = due.data === undefined || oldest === undefined
    ? "nothing waits"
    : `${due.data.more ? "oldest of these" : "oldest"} ${span(due.data.now - millisOf(oldest.scheduled_time))}`
  const again = retrying.data === undefined || retrying.data.items.length === 0
    ? ""
    : ` · ${count(retrying.data.items.length)}${retrying.data.more ? "+" : ""} retrying`
  return (
    <Figure
      label="Due now"
      value={valueOf(due, ({ items, more }) => `${count(items.length)}${more ? "+" : ""}`)}
      below={`${age}${again}`}
      to={{ to: "/runs", search: { status: "pending" } }}
    />
  )
}

const DeadLetters = (): ReactNode => {
  const health = useQuery(healthQuery)
  const day = useQuery(deadLettersOfDayQuery)
  const of = (state: string) => day.data?.items.filter((one) => one.state === state).length ?? 0
  const more = day.data?.more === true ? "+" : ""
  const closed = of("resolved") + of("discarded") + of("expired")
  return (
    <Figure
      label="Dead letters"
      value={valueOf(health, ({ dlq_size }) => count(dlq_size))}
      kind={(health.data?.dlq_size ?? 0) > 0 ? "bad" : undefined}
      below={day.data === undefined
        ? "open"
        : `open · ${count(day.data.items.length)}${more} failed in 24 h, ${count(closed)} of them closed`}
      to={{ to: "/dead-letters" }}
    />
  )
}

/** The figures. */
export const Figures = (): ReactNode => {
  const counts = useQuery(countsQuery)
  const health = useQuery(healthQuery)
  const failed = counts.data?.delivery_failed ?? 0
  return (
    <div className={styles.figures}>
      <Due />
      <Figure
        label="Running"
        value={valueOf(health, ({ running_goals }) => count(running_goals))}
        below={health.data?.avg_duration_ms == null
          ? "none ended in the last hour"
          : `a run takes ${span(health.data.avg_duration_ms)}`}
        to={{ to: "/runs", search: { status: "running" } }}
      />
      <DeadLetters />
      <Figure
        label="Drafts waiting"
        value={valueOf(counts, ({ pending_review }) => count(pending_review))}
        below={counts.data === undefined
          ? ""
          : `for approval · ${count(counts.data.approved_waiting)} approved, not executed`}
      />
      <Figure
        label="Deliveries failed"
        value={valueOf(counts, ({ delivery_failed }) => count(delivery_failed))}
        kind={failed > 0 ? "bad" : undefined}
        below={failed > 0 ? "until somebody tries again" : "none for good"}
      />
    </div>
  )
}
