/** The figures of now: what is due, what waits for people, dead letters in and out, deliveries that failed. */
import { useQuery } from "@tanstack/react-query"
import { Link, type LinkProps } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { figuresQuery } from "../../api/Figures.ts"
import { decisionTimeQuery, spendingOfAllQuery } from "../../api/Makers.ts"
import { healthQuery } from "../../api/Operations.ts"
import { countsQuery } from "../../api/Waiting.ts"
import { span } from "../../format/Length.ts"
import { money } from "../../format/Money.ts"
import { count, counted } from "../../format/Words.ts"
import { Bone } from "../../ui/States.tsx"
import styles from "./overview.module.css"

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
  const health = useQuery(healthQuery)
  const { due_goals, oldest_due_ms, retrying_goals } = health.data ?? {}
  const age = oldest_due_ms == null ? "nothing waits" : `oldest ${span(oldest_due_ms)}`
  return (
    <Figure
      label="Due now"
      value={due_goals === undefined
        ? health.data === undefined && !health.isError ? undefined : null
        : count(due_goals)}
      below={`${age}${retrying_goals ? ` · ${count(retrying_goals)} retrying` : ""}`}
      to={{ to: "/runs", search: { status: "pending" } }}
    />
  )
}

const DeadLetters = (): ReactNode => {
  const health = useQuery(healthQuery)
  const day = useQuery(figuresQuery("24")).data?.total
  return (
    <Figure
      label="Dead letters"
      value={valueOf(health, ({ dlq_size }) => count(dlq_size))}
      kind={(health.data?.dlq_size ?? 0) > 0 ? "bad" : undefined}
      below={day === undefined
        ? "open"
        : `open · ${count(day.dead_letters_opened)} in, ${count(day.dead_letters_closed)} out in 24\u00a0h`}
      to={{ to: "/dead-letters" }}
    />
  )
}

/** What all agents' models cost this month, against their budgets. */
const Spent = (): ReactNode => {
  const spending = useQuery(spendingOfAllQuery)
  const { agents = 0, budget = 0, cost = 0, without_budget = 0 } = spending.data ?? {}
  const limited = agents > without_budget
  const others = without_budget === 0 ? "" : `${counted(without_budget, "agent")} without a budget`
  return (
    <Figure
      label="Spend this month"
      value={valueOf(spending, ({ cost }) => money(cost))}
      kind={limited && without_budget === 0 && cost >= budget ? "bad" : undefined}
      below={agents === 0
        ? "no model was called"
        : [...(limited ? [`of ${money(budget)}`] : []), ...(others === "" ? [] : [others])].join(" · ")}
      to={{ to: "/makers" }}
    />
  )
}

/** What waits for people, and how soon they decide. */
const Waiting = (): ReactNode => {
  const counts = useQuery(countsQuery)
  const median = useQuery(decisionTimeQuery).data?.median_seconds_to_decision
  return (
    <Figure
      label="Drafts waiting"
      value={valueOf(counts, ({ pending_review }) => count(pending_review))}
      below={[
        ...(median == null ? [] : [`median to decision ${span(median * 1_000)}`]),
        ...(counts.data === undefined ? [] : [`${count(counts.data.approved_waiting)} approved, not executed`]),
      ].join(" · ")}
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
      <Waiting />
      <Figure
        label="Deliveries failed"
        value={valueOf(counts, ({ delivery_failed }) => count(delivery_failed))}
        kind={failed > 0 ? "bad" : undefined}
        below={failed > 0 ? "until somebody tries again" : "none for good"}
      />
      <Spent />
    </div>
  )
}
