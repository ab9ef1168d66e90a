/** A mandate as a card: what it covers, and the way back to asking. */
import { Button } from "@mantine/core"
import type { Mandate } from "@stint/domain/deliverables/Mandates"
import { useQuery, useQueryClient } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { failureOf } from "../../api/Client.ts"
import { goalsQuery } from "../../api/Goals.ts"
import { hireQuery } from "../../api/Hires.ts"
import { revokeMandate } from "../../api/Mandates.ts"
import { hireName, titled } from "../../format/Words.ts"
import { useMay } from "../../shell/User.ts"
import { Ask, ReasonField } from "../../ui/Ask.tsx"
import { Instant } from "../../ui/Instant.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { toast } from "../../ui/Toasts.tsx"
import styles from "./mandates.module.css"
import { operationWords, stateOf, valueWords } from "./Words.ts"

/** Revokes a mandate; what is shown of it and of drafts is read again. */
const useRevoke = ({ mandate_id }: Mandate) => {
  const client = useQueryClient()
  return async (reason: string): Promise<void> => {
    await revokeMandate(mandate_id, reason)
    await client.invalidateQueries({ queryKey: ["deliverables"] })
  }
}

const Revoke = ({ close, mandate }: { readonly mandate: Mandate; readonly close: () => void }): ReactNode => {
  const revoke = useRevoke(mandate)
  const [reason, setReason] = useState("")
  return (
    <Ask
      title="Go back to asking?"
      verb="Revoke the mandate"
      bad
      act={() => revoke(reason)}
      close={close}
    >
      <p>From now on each of these drafts waits for a person. What it approved stays approved.</p>
      <ReasonField reason={reason} set={setReason} optional autoFocus />
    </Ask>
  )
}

/** The ways back to asking: at once, and with a reason for the record. */
const Ends = ({ mandate }: { readonly mandate: Mandate }): ReactNode => {
  const revoke = useRevoke(mandate)
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  const atOnce = () => {
    setBusy(true)
    revoke("").then(
      () => toast("ok", "These drafts ask you again."),
      (error: unknown) => toast("bad", failureOf(error).message),
    ).finally(() => setBusy(false))
  }
  return (
    <>
      <Button variant="default" size="compact-sm" loading={busy} onClick={atOnce}>Ask me again</Button>
      <Button variant="default" size="compact-sm" onClick={() => setAsking(true)}>Revoke…</Button>
      {asking ? <Revoke mandate={mandate} close={() => setAsking(false)} /> : null}
    </>
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

/** What it covers, how much it used, who signed it, and how to end it. */
export const Card = ({ mandate }: { readonly mandate: Mandate }): ReactNode => {
  const hire = useQuery(hireQuery(mandate.hired_instance_id)).data
  const state = stateOf(mandate)
  const mayRevoke = useMay("reviewer") && (mandate.state === "active" || mandate.state === "used_up")
  const { action, max_uses, per, timezone, uses_in_period } = mandate
  return (
    <article
      className={`card ${styles.mandate}`}
      aria-label={`Mandate ${mandate.mandate_id}`}
    >
      <header>
        <Tag kind={state.kind}>{state.words}</Tag>
        <Link to="/mandates/$mandate" params={{ mandate: mandate.mandate_id }}>
          <b>{hire === undefined ? mandate.hired_instance_id : hireName(hire)}</b>
        </Link>
        <span className="dim">
          <Scope mandate={mandate} />
        </span>
        <span className="spring" />
        {mayRevoke ? <Ends mandate={mandate} /> : null}
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
    </article>
  )
}
