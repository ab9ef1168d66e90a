/** Subscribing to an agent type: how long, then the payment, then its form. */
import { Button } from "@mantine/core"
import type { AgentType } from "@stint/domain/catalog/AgentTypes"
import { Duration, type Subscription } from "@stint/domain/hiring/Subscriptions"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router"
import { type ReactNode, useRef, useState } from "react"
import { agentTypeQuery } from "../../api/Catalog.ts"
import { idempotencyKey } from "../../api/Client.ts"
import { draftHire } from "../../api/Hires.ts"
import { subscribe, subscriptionsQuery } from "../../api/Subscriptions.ts"
import { Refusal } from "../../form/Form.tsx"
import { titled } from "../../format/Words.ts"
import { useCustomer } from "../../shell/User.ts"
import { Page } from "../../ui/Page.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import styles from "./agents.module.css"
import { enforcementWords } from "./Types.tsx"
import { subscriptionWords } from "./Words.ts"

const route = getRouteApi("/app/agents/hire/$type")

/** How often a subscription that waits for its payment is looked at, in milliseconds. */
const LOOK_MS = 3_000

const durations: Record<typeof Duration.Type, string> = {
  monthly: "Each month",
  quarterly: "Each quarter",
  yearly: "Each year",
}

const Choose = ({ type }: { readonly type: AgentType }): ReactNode => {
  const customer = useCustomer()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [duration, setDuration] = useState<typeof Duration.Type>("monthly")
  const key = useRef(idempotencyKey())
  const send = useMutation({
    mutationFn: () => subscribe(type.agent_type_id, customer, duration, key.current),
    onSuccess: async ({ subscription_id }) => {
      await client.invalidateQueries({ queryKey: ["hires"] })
      await navigate({
        to: "/agents/hire/$type",
        params: { type: type.agent_type_id },
        search: { subscription: subscription_id },
        replace: true,
      })
    },
    onError: () => {
      key.current = idempotencyKey()
    },
  })
  return (
    <form
      className={styles.steps}
      onSubmit={(event) => {
        event.preventDefault()
        send.mutate()
      }}
    >
      <fieldset className={styles.choices}>
        <legend>Subscribe, paid</legend>
        {Duration.literals.map((one) => (
          <label key={one} className={styles.choice}>
            <input type="radio" name="duration" checked={one === duration} onChange={() => setDuration(one)} />
            {durations[one]}
          </label>
        ))}
      </fieldset>
      <p className="dim">The first seven days are a trial; it starts once the agent is set up and has a goal.</p>
      <Refusal of={send} />
      <div>
        <Button type="submit" loading={send.isPending}>Subscribe</Button>
      </div>
    </form>
  )
}

const Paid = ({ subscription }: { readonly subscription: Subscription }): ReactNode => {
  const { agent_id, status, subscription_id } = subscription
  const client = useQueryClient()
  const navigate = useNavigate()
  const begin = useMutation({
    mutationFn: () => draftHire({ subscription_id, agent_id }),
    onSuccess: async ({ hired_instance_id }) => {
      await client.invalidateQueries({ queryKey: ["hires"] })
      await navigate({ to: "/agents/$hire", params: { hire: hired_instance_id }, replace: true })
    },
  })
  return (
    <div className={styles.steps}>
      <p>
        <Tag kind={subscriptionWords[status].kind}>{subscriptionWords[status].words}</Tag>
      </p>
      {status === "active"
        ? (
          <>
            <p>The subscription is paid. Set the agent up; what you fill in is kept as you go.</p>
            <div>
              <Button loading={begin.isPending} onClick={() => begin.mutate()}>Set it up</Button>
            </div>
          </>
        )
        : status === "pending_payment"
        ? (
          <p aria-live="polite">
            An operator confirms the payment, and is told of it on Overview. This page goes on by itself; you can leave
            it, the agent waits for you under <Link to="/agents">Agents</Link>.
          </p>
        )
        : <p>An agent is set up under an active subscription.</p>}
      <Refusal of={begin} />
    </div>
  )
}

/** The subscription to a type. */
export const Subscribe = (): ReactNode => {
  const { type } = route.useParams()
  const { subscription } = route.useSearch()
  const definition = useQuery(agentTypeQuery(type))
  const subscriptions = useQuery({
    ...subscriptionsQuery(useCustomer()),
    enabled: subscription !== undefined,
    refetchInterval: ({ state }) =>
      state.data?.find(({ subscription_id }) => subscription_id === subscription)?.status === "pending_payment"
        ? LOOK_MS
        : false,
  })
  const found = subscriptions.data?.find(({ subscription_id }) => subscription_id === subscription)
  return (
    <Page title={`Hire: ${titled(type)}`} beside={<Link to="/agents/hire" className="dim">‹ All types</Link>}>
      <Loaded
        of={definition}
        skeleton={
          <div className="column">
            <Bone height={220} />
          </div>
        }
      >
        {(known) => (
          <div className="column">
            <section className="card" style={{ padding: 16 }}>
              <p className="dim">{enforcementWords(known)}</p>
              <ul>
                {known.goal_templates.map(({ goal_template_id, name }) => <li key={goal_template_id}>{name}</li>)}
              </ul>
            </section>
            {subscription === undefined
              ? <Choose type={known} />
              : found === undefined
              ? subscriptions.isSuccess ? <p>There is no such subscription.</p> : <Bone height={120} />
              : <Paid subscription={found} />}
          </div>
        )}
      </Loaded>
    </Page>
  )
}
