/** What the customer has hired, and subscriptions that have no agent yet. */
import { Button } from "@mantine/core"
import type { Hire } from "@stint/domain/hiring/Hires"
import { useQuery } from "@tanstack/react-query"
import { Link, type LinkProps } from "@tanstack/react-router"
import { forwardRef, type ReactNode } from "react"
import { hiresQuery } from "../../api/Hires.ts"
import { subscriptionsQuery } from "../../api/Subscriptions.ts"
import { upcomingQuery } from "../../api/Upcoming.ts"
import { zoneOf } from "../../format/Time.ts"
import { counted, hireName, titled } from "../../format/Words.ts"
import { useCustomer } from "../../shell/User.ts"
import { Ago, Instant } from "../../ui/Instant.tsx"
import { useNow } from "../../ui/Now.ts"
import { Page } from "../../ui/Page.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import styles from "./agents.module.css"
import { Standing, usePause } from "./Standing.tsx"
import { subscriptionWords, trialOf } from "./Words.ts"

const DAY = 86_400_000
/** How far ahead runs are told of at most, and how many agents without a run within a day look there: each asks. */
const AHEAD = 31 * DAY
const LOOKING = 20

/** A link that looks like a button. */
const LinkButton = forwardRef<
  HTMLAnchorElement,
  { readonly to: NonNullable<LinkProps["to"]>; readonly children: ReactNode }
>(
  ({ children, to }, ref) => <Button ref={ref} component={Link} to={to}>{children}</Button>,
)

const Agent = ({ hire, looks, soon }: {
  readonly hire: Hire
  /** Its next run within a day. */
  readonly soon: { readonly starts_at: Parameters<typeof Ago>[0]["at"] } | undefined
  /** Whether it looks further where there is none. */
  readonly looks: boolean
}): ReactNode => {
  const now = useNow()
  const to = new Date(Math.floor(now / DAY) * DAY + AHEAD).toISOString()
  const later =
    useQuery({ ...upcomingQuery({ hired_instance_id: hire.hired_instance_id, to }, 1), enabled: looks }).data
  const next = soon ?? later?.items.find(({ will_run }) => will_run)
  const pause = usePause(hire)
  const trial = trialOf(hire, now)
  const zone = zoneOf(hire.config)
  return (
    <Link to="/agents/$hire" params={{ hire: hire.hired_instance_id }} className={styles.agent}>
      <b>{hireName(hire)}</b>
      <span className={styles.tags}>
        {trial === undefined ? null : <Tag kind={trial.kind}>{trial.words}</Tag>}
        <Standing hire={hire} among={{ customer_id: hire.customer_id }} />
      </span>
      <span className="dim">{titled(hire.agent_id)}</span>
      <span className={styles.next}>
        {pause !== undefined
          ? (
            <>
              paused since <Instant at={pause.paused_at} zone={zone} />
            </>
          )
          : next === undefined
          ? null
          : (
            <>
              next run <Instant at={next.starts_at} zone={zone} />
            </>
          )}
      </span>
    </Link>
  )
}

const Skeleton = (): ReactNode => (
  <div className="column">
    <div className={styles.list}>
      {[0, 1, 2].map((index) => (
        <div key={index} className={styles.agent}>
          <Bone width={180} />
          <Bone width={90} />
          <Bone width={120} />
        </div>
      ))}
    </div>
  </div>
)

/** Subscriptions that have no agent yet: they wait for their payment, or to be set up. */
const NotSetUp = ({ hires }: { readonly hires: ReadonlyArray<Hire> }): ReactNode => {
  const subscriptions = useQuery(subscriptionsQuery(useCustomer())).data ?? []
  const taken = new Set<string>(hires.map(({ subscription_id }) => subscription_id))
  const free = subscriptions.filter(({ status, subscription_id }) =>
    status !== "canceled" && !taken.has(subscription_id)
  )
  if (free.length === 0) return null
  return (
    <section>
      <h2 className="section-title">Not set up yet</h2>
      <div className={styles.list}>
        {free.map(({ agent_id, duration, status, subscription_id }) => (
          <Link
            key={subscription_id}
            to="/agents/hire/$type"
            params={{ type: agent_id }}
            search={{ subscription: subscription_id }}
            className={styles.agent}
          >
            <b>{titled(agent_id)}</b>
            <Tag kind={subscriptionWords[status].kind}>
              {status === "active" ? "paid, set it up" : subscriptionWords[status].words}
            </Tag>
            <span className="dim">{duration}</span>
          </Link>
        ))}
      </div>
    </section>
  )
}

/** The agents of a customer. */
export const Agents = (): ReactNode => {
  const customer = useCustomer()
  const hires = useQuery(hiresQuery(customer))
  const upcoming = useQuery(upcomingQuery({ customer_id: customer }, 1)).data?.items
  return (
    <Page
      title="Agents"
      beside={hires.data === undefined ? null : <span className="dim">{counted(hires.data.length, "agent")}</span>}
      actions={<LinkButton to="/agents/hire">Hire an agent</LinkButton>}
    >
      <Loaded of={hires} skeleton={<Skeleton />}>
        {(all) => {
          const working = all.filter(({ active }) => active)
          const ended = all.filter(({ active }) => !active)
          const soonOf = ({ hired_instance_id }: Hire) =>
            upcoming?.find((slot) => slot.will_run && slot.hired_instance_id === hired_instance_id)
          const looking = upcoming === undefined
            ? []
            : working.filter((hire) => hire.goals_completed && soonOf(hire) === undefined).slice(0, LOOKING)
          const shown = (hire: Hire) => (
            <Agent
              key={hire.hired_instance_id}
              hire={hire}
              soon={soonOf(hire)}
              looks={looking.includes(hire)}
            />
          )
          return (
            <div className="column">
              {all.length === 0
                ? (
                  <Empty title="Nobody works for you yet">
                    <p>An agent works to a schedule. It drafts, you sign.</p>
                    <LinkButton to="/agents/hire">Hire an agent</LinkButton>
                  </Empty>
                )
                : <div className={styles.list}>{working.map(shown)}</div>}
              <NotSetUp hires={all} />
              {ended.length === 0 ? null : (
                <section>
                  <h2 className="section-title">Deactivated</h2>
                  <div className={styles.list}>{ended.map(shown)}</div>
                </section>
              )}
            </div>
          )
        }}
      </Loaded>
    </Page>
  )
}
