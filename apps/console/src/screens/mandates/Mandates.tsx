/** What signs in the customer's place: what each covers, how much it used, and the way back to asking. */
import { Button } from "@mantine/core"
import type { Mandate } from "@stint/domain/deliverables/Mandates"
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query"
import { Link, useLocation } from "@tanstack/react-router"
import { forwardRef, type ReactNode, useState } from "react"
import { goalsQuery } from "../../api/Goals.ts"
import { hireQuery } from "../../api/Hires.ts"
import { mandatesQuery, revokeMandate } from "../../api/Mandates.ts"
import { counted, hireName, titled } from "../../format/Words.ts"
import { useCustomer } from "../../shell/User.ts"
import { Ask, ReasonField } from "../../ui/Ask.tsx"
import { Instant } from "../../ui/Instant.tsx"
import { More } from "../../ui/More.tsx"
import { Page } from "../../ui/Page.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import styles from "./mandates.module.css"
import { operationWords, stateOf, valueWords } from "./Words.ts"

/** A link that looks like a button. */
const WriteOne = forwardRef<HTMLAnchorElement>((_, ref) => (
  <Button ref={ref} component={Link} to="/mandates/new">Write a mandate</Button>
))

const Revoke = ({ close, mandate }: { readonly mandate: Mandate; readonly close: () => void }): ReactNode => {
  const client = useQueryClient()
  const [reason, setReason] = useState("")
  return (
    <Ask
      title="Go back to asking?"
      verb="Revoke the mandate"
      bad
      act={async () => {
        await revokeMandate(mandate.mandate_id, reason)
        await client.invalidateQueries({ queryKey: ["deliverables"] })
      }}
      close={close}
    >
      <p>From now on each of these drafts waits for a person. What it approved stays approved.</p>
      <ReasonField reason={reason} set={setReason} optional autoFocus />
    </Ask>
  )
}

const Rules = ({ rules }: Pick<Mandate, "rules">): ReactNode => (
  <ul className={styles.rules}>
    {rules.map(({ op, path, value }, nth) => (
      <li key={nth}>
        <code>{path}</code> {operationWords[op]} <b>{valueWords(value)}</b>
      </li>
    ))}
  </ul>
)

/** Whose drafts it signs: those of a goal, of all goals of a template, or of all goals. */
const Scope = ({ mandate }: { readonly mandate: Mandate }): ReactNode => {
  const { goal_instance_id: goal, goal_template_id: template, hired_instance_id: hire } = mandate
  const goals = useQuery({ ...goalsQuery(hire), enabled: goal !== null }).data
  if (goal === null) return template === null ? "every goal" : titled(template)
  const its = goals?.find(({ goal_instance_id }) => goal_instance_id === goal)
  return (
    <Link to="/agents/$hire/goals/$goal" params={{ hire, goal }}>
      {its === undefined ? goal : titled(its.goal_template_id)}
    </Link>
  )
}

/** Brings a card up once it is there: the same function for every drawing, or each would scroll again. */
const bringUp = (card: HTMLElement | null): void => card?.scrollIntoView({ block: "nearest" })

const Card = ({ mandate }: { readonly mandate: Mandate }): ReactNode => {
  const [asking, setAsking] = useState(false)
  const hire = useQuery(hireQuery(mandate.hired_instance_id)).data
  const state = stateOf(mandate)
  const { action, max_uses, per, timezone, uses_in_period } = mandate
  // a draft that it signed leads to it by its id
  const isMeant = useLocation({ select: ({ hash }) => hash === mandate.mandate_id })
  return (
    <article
      ref={isMeant ? bringUp : undefined}
      className={`card ${styles.mandate}`}
      data-meant={isMeant}
      aria-label={`Mandate ${mandate.mandate_id}`}
    >
      <header>
        <Tag kind={state.kind}>{state.words}</Tag>
        <b>{hire === undefined ? mandate.hired_instance_id : hireName(hire)}</b>
        <span className="dim">
          <Scope mandate={mandate} />
        </span>
        <span className="spring" />
        {mandate.state === "active" || mandate.state === "used_up"
          ? <Button variant="default" size="compact-sm" onClick={() => setAsking(true)}>Revoke</Button>
          : null}
      </header>
      <Rules rules={mandate.rules} />
      <p className="dim">
        {`${
          action === "execute" ? "Approves and executes" : "Approves"
        } · used ${uses_in_period} of ${max_uses} this ${per} (${timezone}), until `}
        <Instant at={mandate.valid_until} zone={timezone} />
      </p>
      <p className="faint">
        signed by {mandate.signed_by} <Instant at={mandate.created_at} zone={timezone} />
        {mandate.revoked_at === null ? null : (
          <>
            {" · "}revoked by {mandate.revoked_by} <Instant at={mandate.revoked_at} zone={timezone} />
            {mandate.revoke_reason === null ? null : `: ${mandate.revoke_reason}`}
          </>
        )}
      </p>
      {asking ? <Revoke mandate={mandate} close={() => setAsking(false)} /> : null}
    </article>
  )
}

/** The screen. */
export const Mandates = (): ReactNode => {
  const query = useInfiniteQuery(mandatesQuery(useCustomer()))
  const items = query.data?.pages.flatMap((page) => page.items)
  const live = items?.filter(({ state }) => state === "active" || state === "used_up").length ?? 0
  return (
    <Page
      title="Mandates"
      beside={live === 0 ? null : <span className="dim">{counted(live, "is in force", "are in force")}</span>}
      actions={<WriteOne />}
    >
      <Loaded of={{ ...query, data: items }} skeleton={<Bone height={150} />}>
        {(all) =>
          all.length === 0
            ? (
              <Empty title="Every draft asks you">
                <p>
                  A mandate signs what you would sign anyway: drafts that keep to rules of yours, so many a day, until a
                  date. Begin with a draft in your inbox, or write the rules yourself.
                </p>
              </Empty>
            )
            : (
              <div className="column">
                {all.map((mandate) => <Card key={mandate.mandate_id} mandate={mandate} />)}
                <More of={query} />
              </div>
            )}
      </Loaded>
    </Page>
  )
}
