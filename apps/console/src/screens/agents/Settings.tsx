/** How an agent is set up: its config, where approved work goes, its subscription and its end. */
import { Button } from "@mantine/core"
import type { Hire } from "@stint/domain/hiring/Hires"
import { useQuery, useQueryClient } from "@tanstack/react-query"
import { type ReactNode, useState } from "react"
import { agentTypeQuery } from "../../api/Catalog.ts"
import { deactivateHire } from "../../api/Hires.ts"
import { cancelSubscription, subscriptionsQuery } from "../../api/Subscriptions.ts"
import { zoneOf } from "../../format/Time.ts"
import { hireName, titled } from "../../format/Words.ts"
import { Confirm } from "../../ui/Confirm.tsx"
import { Instant } from "../../ui/Instant.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { toast } from "../../ui/Toasts.tsx"
import styles from "./agents.module.css"
import { BudgetForm } from "./BudgetForm.tsx"
import { ConfigForm } from "./ConfigForm.tsx"
import { TargetForm } from "./TargetForm.tsx"
import { subscriptionWords } from "./Words.ts"

const Ending = ({ hire }: { readonly hire: Hire }): ReactNode => {
  const [asking, setAsking] = useState<"cancel" | "deactivate">()
  const client = useQueryClient()
  const { customer_id, hired_instance_id, subscription_id } = hire
  const subscription = useQuery(subscriptionsQuery(customer_id)).data
    ?.find((one) => one.subscription_id === subscription_id)
  const close = () => setAsking(undefined)
  const done = async (words: string) => {
    toast("ok", words)
    await client.invalidateQueries({ queryKey: ["hires"] })
  }
  const zone = zoneOf(hire.config)
  return (
    <section>
      <h2 className="section-title">Subscription</h2>
      <div className="card" style={{ padding: 16, display: "grid", gap: 12 }}>
        {subscription === undefined ? <Bone height={66} /> : (
          <dl className="facts">
            <dt>State</dt>
            <dd>
              <Tag kind={subscriptionWords[subscription.status].kind}>
                {subscriptionWords[subscription.status].words}
              </Tag>
            </dd>
            <dt>Paid</dt>
            <dd>{titled(subscription.duration)}</dd>
            <dt>{subscription.cancel_at_period_end ? "Ends" : "Renews"}</dt>
            <dd>
              <Instant at={subscription.current_period_end} zone={zone} />
            </dd>
            <dt>Version</dt>
            <dd className="mono">{hire.agent_id}@{hire.definition_version}</dd>
          </dl>
        )}
        <div className={styles.danger}>
          {hire.active ? <Button variant="default" onClick={() => setAsking("deactivate")}>Deactivate…</Button> : null}
          {subscription === undefined || subscription.status === "canceled" || subscription.cancel_at_period_end
            ? null
            : <Button variant="default" onClick={() => setAsking("cancel")}>Cancel the subscription…</Button>}
        </div>
      </div>
      {asking === "deactivate"
        ? (
          <Confirm
            title={`Deactivate ${hireName(hire)}?`}
            verb="Deactivate"
            close={close}
            act={() => deactivateHire(hired_instance_id).then(() => done("It is deactivated."))}
          >
            It stops for good: what it was to run is cancelled, and its drafts can't be approved or executed any more.
            It stays readable.
          </Confirm>
        )
        : null}
      {asking === "cancel"
        ? (
          <Confirm
            title="Cancel the subscription?"
            verb="Cancel at the period's end"
            close={close}
            act={() => cancelSubscription(subscription_id, true).then(() => done("It ends with the paid period."))}
          >
            The agent works until the paid period ends. After that nothing runs, is approved or executed; it stays
            readable for 30 days.
          </Confirm>
        )
        : null}
    </section>
  )
}

/** The settings of an agent. */
export const Settings = ({ hire }: { readonly hire: Hire }): ReactNode => (
  <Loaded
    of={useQuery(agentTypeQuery(hire.agent_id, hire.definition_version))}
    skeleton={
      <div className="column">
        <Bone height={400} />
      </div>
    }
  >
    {(type) => (
      <div className="column">
        <section>
          <h2 className="section-title">{hire.finalized_at === null ? "Set it up" : "Configuration"}</h2>
          <ConfigForm hire={hire} type={type} />
        </section>
        <section>
          <h2 className="section-title">Where approved work goes</h2>
          <TargetForm hire={hire} />
        </section>
        {type.goal_templates.some(({ maker }) => maker?.kind === "model")
          ? (
            <section>
              <h2 className="section-title">Budget</h2>
              <BudgetForm hire={hire} />
            </section>
          )
          : null}
        <Ending hire={hire} />
      </div>
    )}
  </Loaded>
)
