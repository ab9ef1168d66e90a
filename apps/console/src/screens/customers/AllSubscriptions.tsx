/** The subscriptions of all customers by their state: first those that wait for a payment, which an operator confirms. */
import { useInfiniteQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { subscriptionsInQuery } from "../../api/Customers.ts"
import { capital, counted } from "../../format/Words.ts"
import { More } from "../../ui/More.tsx"
import { Page } from "../../ui/Page.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { subscriptionStates, subscriptionStatuses } from "./States.ts"
import { Subscriptions } from "./Subscriptions.tsx"

const route = getRouteApi("/app/subscriptions")

/** The screen. */
export const AllSubscriptions = (): ReactNode => {
  const { subscription_status: status = "pending_payment" } = route.useSearch()
  const query = useInfiniteQuery(subscriptionsInQuery(status))
  const all = query.data?.pages.flatMap(({ items }) => items) ?? []
  const { words } = subscriptionStates[status]
  return (
    <Page
      title="Subscriptions"
      beside={
        <>
          {all.length === 0
            ? null
            : <span className="dim">{counted(all.length, "subscription")}{query.hasNextPage ? "+" : ""}</span>}
          <Link className="dim" to="/customers">‹ Customers</Link>
        </>
      }
      actions={
        <nav className="tabs" aria-label="States">
          {subscriptionStatuses.map((one) => (
            <Link
              key={one}
              to="/subscriptions"
              search={one === "pending_payment" ? {} : { subscription_status: one }}
              aria-current={one === status ? "page" : undefined}
              activeProps={{}}
              activeOptions={{ exact: true }}
            >
              {capital(subscriptionStates[one].words)}
            </Link>
          ))}
        </nav>
      }
    >
      <div className="wide-column">
        <Loaded of={query} skeleton={<Bone height={180} />}>
          {() =>
            all.length === 0
              ? (
                <Empty title={status === "pending_payment" ? "Nobody waits for a payment" : `None is ${words}`}>
                  <p>A subscription that a customer asks for waits here until its payment is confirmed.</p>
                </Empty>
              )
              : <Subscriptions subscriptions={all} named />}
        </Loaded>
        <More of={query} />
      </div>
    </Page>
  )
}
