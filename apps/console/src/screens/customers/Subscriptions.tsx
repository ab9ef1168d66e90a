/** Subscriptions, of a customer or of all: activate them once they are paid, mark them past due. */
import type { Subscription } from "@stint/domain/hiring/Subscriptions"
import { useQueryClient } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { failureOf } from "../../api/Client.ts"
import { moveSubscription } from "../../api/Customers.ts"
import { ownZone } from "../../format/Time.ts"
import { titled } from "../../format/Words.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { Ask } from "../../ui/Ask.tsx"
import { Id } from "../../ui/Id.tsx"
import { Ago, Instant } from "../../ui/Instant.tsx"
import { Table } from "../../ui/Table.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { toast } from "../../ui/Toasts.tsx"
import { subscriptionStates } from "./States.ts"

/** The subscriptions; `named` says whose each is. */
export const Subscriptions = ({ named = false, subscriptions }: {
  readonly subscriptions: ReadonlyArray<Subscription>
  readonly named?: boolean
}): ReactNode => {
  const client = useQueryClient()
  const operator = useIsOperator()
  const [late, setLate] = useState<string>()
  const move = (id: string, to: "activate" | "past-due") =>
    moveSubscription(id, to).then(({ status }) => {
      toast("ok", `The subscription is ${subscriptionStates[status].words}.`)
      void client.invalidateQueries({ queryKey: ["hires"] })
    })
  const activate = (id: string) =>
    void move(id, "activate").catch((error: unknown) => toast("bad", failureOf(error).message))
  if (subscriptions.length === 0) return <p className="dim">None.</p>
  return (
    <>
      <Table
        label="Subscriptions"
        columns={[
          ...(named ? [{ label: "Customer" }] : []),
          { label: "Agent type" },
          // where a list is of one state, a phone has no room to repeat it
          { label: "State", wide: named },
          { label: "Period", wide: true },
          named ? { label: "Asked for", wide: true } : { label: "Id", wide: true },
          { label: "Actions", silent: true },
        ]}
        rows={subscriptions.map((
          {
            agent_id,
            cancel_at_period_end,
            created_at,
            current_period_end,
            customer_id,
            duration,
            status,
            subscription_id,
          },
        ) => ({
          key: subscription_id,
          cells: [
            ...(named
              ? [<Link key="customer" to="/customers/$customer" params={{ customer: customer_id }}>{customer_id}</Link>]
              : []),
            titled(agent_id),
            <Tag key="state" kind={subscriptionStates[status].kind}>{subscriptionStates[status].words}</Tag>,
            <span key="period">
              {duration}, {cancel_at_period_end ? "ends" : "until"}{" "}
              <Instant at={current_period_end} zone={ownZone} as="day" />
            </span>,
            named ? <Ago key="since" at={created_at} zone={ownZone} /> : <Id key="id" id={subscription_id} />,
            operator
              ? (
                <span key="do" className="row-actions">
                  {status === "pending_payment" || status === "past_due"
                    ? (
                      <button type="button" className="link-button" onClick={() => activate(subscription_id)}>
                        Activate
                      </button>
                    )
                    : null}
                  {status === "active"
                    ? (
                      <button type="button" className="link-button bad" onClick={() => setLate(subscription_id)}>
                        Past due…
                      </button>
                    )
                    : null}
                </span>
              )
              : null,
          ],
        }))}
      />
      {late === undefined ? null : (
        <Ask
          title="Mark it past due?"
          verb="Mark it past due"
          bad
          act={() => move(late, "past-due")}
          close={() => setLate(undefined)}
        >
          <p className="dim">
            No new run starts; drafts can still be reviewed and executed. After 14 days past due it is canceled.
            Activate brings it back.
          </p>
        </Ask>
      )}
    </>
  )
}
