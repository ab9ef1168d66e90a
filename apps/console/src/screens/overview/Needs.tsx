/** What needs a person: causes of dead letters, deliveries that failed for good, who waits for a payment, what is paused, and what is wrong. */
import type { Delivery } from "@stint/domain/deliverables/Deliveries"
import type { SchedulerHealth } from "@stint/domain/scheduler/Health"
import type { Status } from "@stint/domain/scheduler/Pauses"
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { failureOf } from "../../api/Client.ts"
import { subscriptionsInQuery } from "../../api/Customers.ts"
import { causesQuery } from "../../api/DeadLetters.ts"
import { retryDelivery } from "../../api/Deliverables.ts"
import { failedDeliveriesQuery } from "../../api/Waiting.ts"
import { ownZone } from "../../format/Time.ts"
import { count, counted, titled } from "../../format/Words.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { Ago } from "../../ui/Instant.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { toast } from "../../ui/Toasts.tsx"
import { Problems } from "../scheduler/Problems.tsx"
import { scopeWords } from "../scheduler/Scopes.ts"
import styles from "./overview.module.css"

/** The most lines of a kind. */
const LINES = 5

const More = ({ and = false, of, to }: {
  readonly of: number
  /** Whether there are more than those. */
  readonly and?: boolean
  readonly to?: ReactNode
}): ReactNode =>
  of <= LINES ? null : (
    <li className={styles.need}>
      <span />
      <span className="dim">and {count(of - LINES)}{and ? "+" : ""} others</span>
      <span />
      {to ?? <span />}
    </li>
  )

const Causes = (): ReactNode => {
  const causes = useQuery(causesQuery("open")).data?.items ?? []
  return (
    <>
      {causes.slice(0, LINES).map((cause) => (
        <li key={cause.fingerprint} className={styles.need}>
          <Tag kind="bad">dead letters</Tag>
          <span className={styles.what}>{cause.error_message ?? "No message was kept"}</span>
          <span className="dim">
            {counted(cause.entries, "goal")}, last <Ago at={cause.last_failed_at} zone={ownZone} />
          </span>
          <Link to="/dead-letters/$cause" params={{ cause: cause.fingerprint }}>Look</Link>
        </li>
      ))}
      <More of={causes.length} to={<Link to="/dead-letters">Look</Link>} />
    </>
  )
}

const Deliveries = (): ReactNode => {
  const client = useQueryClient()
  const operator = useIsOperator()
  const failed = useQuery(failedDeliveriesQuery).data?.items ?? []
  const again = ({ delivery_id }: Delivery) =>
    void retryDelivery(delivery_id)
      .then(() => toast("ok", "It is being tried again."), (error: unknown) => toast("bad", failureOf(error).message))
      .finally(() => client.invalidateQueries({ queryKey: ["deliverables"] }))
  return (
    <>
      {failed.slice(0, LINES).map((delivery) => (
        <li key={delivery.delivery_id} className={styles.need}>
          <Tag kind="bad">delivery failed</Tag>
          <span className={styles.what}>
            {delivery.target?.url ?? "journal"}: {delivery.last_error ?? "no answer"}
          </span>
          <span className="dim">
            <Link to="/hires/$hire" params={{ hire: delivery.hired_instance_id }} className="dim">
              {delivery.customer_id}
            </Link>
            {delivery.gave_up_at === null ? null : (
              <>
                , given up <Ago at={delivery.gave_up_at} zone={ownZone} />
              </>
            )}
          </span>
          {operator
            ? <button type="button" className="link-button" onClick={() => again(delivery)}>Try again</button>
            : <span />}
        </li>
      ))}
      <More of={failed.length} />
    </>
  )
}

/** Those that asked for an agent and wait: an operator confirms their payment, and nothing else tells of them. */
const Payments = (): ReactNode => {
  const query = useInfiniteQuery(subscriptionsInQuery("pending_payment"))
  const waiting = query.data?.pages.flatMap(({ items }) => items) ?? []
  return (
    <>
      {waiting.slice(0, LINES).map(({ agent_id, created_at, customer_id, subscription_id }) => (
        <li key={subscription_id} className={styles.need}>
          <Tag kind="wait">payment</Tag>
          <span className={styles.what}>{customer_id} subscribed to {titled(agent_id)}, and waits for its payment</span>
          <span className="dim">
            <Ago at={created_at} zone={ownZone} />
          </span>
          <Link to="/customers/$customer" params={{ customer: customer_id }}>Look</Link>
        </li>
      ))}
      <More of={waiting.length} and={query.hasNextPage} to={<Link to="/subscriptions">Look</Link>} />
    </>
  )
}

/** The list. */
export const Needs = ({ health, status }: {
  readonly health: SchedulerHealth | undefined
  readonly status: Status | undefined
}): ReactNode => {
  const causes = useQuery(causesQuery("open"))
  const failed = useQuery(failedDeliveriesQuery)
  const payments = useInfiniteQuery(subscriptionsInQuery("pending_payment"))
  const paused = [
    ...(status?.is_paused === true
      ? [{ scope: undefined, paused_at: status.paused_at, reason: status.paused_reason }]
      : []),
    ...(status?.scopes ?? []),
  ]
  const known = causes.data !== undefined && failed.data !== undefined && payments.data !== undefined &&
    status !== undefined
  const nothing = known && causes.data.items.length === 0 && failed.data.items.length === 0 && paused.length === 0 &&
    payments.data.pages.every(({ items }) => items.length === 0)
  return (
    <section>
      <div className="section-head">
        <h2>What needs a person</h2>
      </div>
      <Problems problems={health?.problems ?? []} />
      {nothing
        ? (health?.problems.length ?? 0) > 0 ? null : <p className="dim">Nothing.</p>
        : (
          <ul className={`card ${styles.needs}`}>
            <Causes />
            <Deliveries />
            <Payments />
            {paused.slice(0, LINES).map(({ paused_at, reason, scope }) => (
              <li key={scopeWords(scope)} className={styles.need}>
                <Tag kind="wait">paused</Tag>
                <span className={styles.what}>{scopeWords(scope)}{reason === null ? "" : `: ${reason}`}</span>
                <span className="dim">{paused_at === null ? null : <Ago at={paused_at} zone={ownZone} />}</span>
                <Link to="/scheduler">Look</Link>
              </li>
            ))}
            <More of={paused.length} to={<Link to="/scheduler">Look</Link>} />
          </ul>
        )}
    </section>
  )
}
