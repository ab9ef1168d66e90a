/** The bar of a draft: approve or reject with notes, execute, and a delivery that failed. Keys: a, r, n, x. */
import { Button } from "@mantine/core"
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import type { Decision } from "@stint/domain/deliverables/Reviews"
import { validationErrors } from "@stint/domain/Payload"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { type ReactNode, useRef, useState } from "react"
import { failureOf, idempotencyKey } from "../../../api/Client.ts"
import { deliverableQuery, execute, retryDelivery, review } from "../../../api/Deliverables.ts"
import { hireQuery } from "../../../api/Hires.ts"
import { zoneOf } from "../../../format/Time.ts"
import { useActions } from "../../../shell/Actions.ts"
import { useUser } from "../../../shell/User.ts"
import { Instant } from "../../../ui/Instant.tsx"
import { toast } from "../../../ui/Toasts.tsx"
import { verbOf } from "../Summary.ts"
import { DeliveryState } from "./DeliveryState.tsx"
import styles from "./draft.module.css"
import { Notes } from "./Notes.tsx"

/** Sends an action of the draft and keeps its answer; a refusal is said in the service's words. */
const useSend = (id: string, done: () => void) => {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (send: () => Promise<Deliverable>) => send(),
    onSuccess: (draft) => {
      client.setQueryData(deliverableQuery(id).queryKey, draft)
      done()
    },
    onError: (error) => toast("bad", failureOf(error).message),
    onSettled: () => client.invalidateQueries({ queryKey: ["deliverables"] }),
  })
}

const Keys = ({ keys }: { readonly keys: ReadonlyArray<readonly [string, string]> }): ReactNode => (
  <span className={styles.hint} aria-hidden="true">
    {keys.map(([key, words]) => (
      <span key={key}>
        <kbd className="kbd">{key}</kbd> {words}
      </span>
    ))}
  </span>
)

const Undecided = ({ draft }: { readonly draft: Deliverable }): ReactNode => {
  const [notes, setNotes] = useState("")
  const [asking, setAsking] = useState<Decision>()
  const send = useSend(draft.deliverable_id, () => setAsking(undefined))
  const faults = validationErrors(draft.payload)
  const invalid = faults.length > 0
  const decide = (decision: Decision) => {
    if (send.isPending || (decision === "approved" && invalid)) return
    send.mutate(() =>
      review(draft, decision, notes).then((answer) => {
        toast("ok", decision === "approved" ? "Approved." : "Rejected.")
        return answer
      })
    )
  }
  useActions([
    ...(invalid ? [] : [
      { label: "Approve", keys: "a", run: () => decide("approved") },
      { label: "Approve with notes", keys: "n", run: () => setAsking("approved") },
    ]),
    { label: "Reject", keys: "r", run: () => setAsking("rejected") },
  ])
  if (asking !== undefined) {
    return (
      <Notes
        decision={asking}
        notes={notes}
        setNotes={setNotes}
        busy={send.isPending}
        send={() => decide(asking)}
        close={() => setAsking(undefined)}
      />
    )
  }
  return (
    <>
      {invalid
        ? (
          <p className={styles.why}>
            It fails {faults.join(", ")}, so it can only be rejected.{" "}
            <Link
              to="/agents/$hire/goals/$goal"
              params={{ hire: draft.hired_instance_id, goal: draft.goal_instance_id }}
            >
              Change its goal
            </Link>
          </p>
        )
        : null}
      <div className={styles.bar}>
        <Button disabled={invalid} loading={send.isPending} onClick={() => decide("approved")}>Approve</Button>
        <Button variant="default" disabled={invalid} onClick={() => setAsking("approved")}>Notes…</Button>
        <Button variant="default" className={styles.no} onClick={() => setAsking("rejected")}>Reject…</Button>
        <Keys keys={[["A", "approve"], ["N", "notes"], ["R", "reject"], ["J", "next"], ["K", "back"]]} />
      </div>
    </>
  )
}

const Approved = ({ draft }: { readonly draft: Deliverable }): ReactNode => {
  const send = useSend(draft.deliverable_id, () => {})
  // a press that is repeated, or sent again after no answer, is the same execution
  const key = useRef(idempotencyKey())
  const { execution } = draft
  const stale = execution?.state === "refused" &&
    (execution.reason === "target_changed" || execution.reason === "content_changed")
  const verb = verbOf(draft.payload)
  const go = () => {
    if (send.isPending || execution !== undefined) return
    send.mutate(() =>
      execute(draft, key.current).then((answer) => {
        if (answer.execution_status === "executed") toast("ok", "Executed.")
        return answer
      }, (error: unknown) => {
        // a refusal is final for its key; only what had no answer is repeated under it
        if (!failureOf(error).passing) key.current = idempotencyKey()
        throw error
      })
    )
  }
  const again = () => send.mutate(() => review(draft, "approved", ""))
  const retry = (id: string) =>
    send.mutate(() =>
      retryDelivery(id).then(() => {
        toast("ok", "It is being tried again.")
        return draft
      })
    )
  const changed = failureOf(send.error).code === "target_changed"
  useActions([
    ...(execution === undefined ? [{ label: `${verb} now`, keys: "x", run: go }] : []),
    ...(stale || changed ? [{ label: "Approve again", keys: "a", run: again }] : []),
  ])
  if (execution !== undefined) {
    return <DeliveryState draft={draft} busy={send.isPending} retry={retry} again={stale ? again : undefined} />
  }
  return (
    <div className={styles.bar}>
      <Button loading={send.isPending} onClick={go}>{verb} now</Button>
      {changed ? <Button variant="default" onClick={again}>Approve again</Button> : null}
      <Keys keys={[["X", "execute"], ["J", "next"], ["K", "back"]]} />
    </div>
  )
}

/** The bar of a draft, as it stands. Only its customer decides; others read. */
export const Decide = ({ draft }: { readonly draft: Deliverable }): ReactNode => {
  const mine = useUser().role === "customer"
  const zone = zoneOf(useQuery(hireQuery(draft.hired_instance_id)).data?.config)
  if (draft.execution_status === "executed" && draft.executed_at !== null) {
    return (
      <footer className={styles.decide}>
        <p className="dim">
          Executed <Instant at={draft.executed_at} zone={zone} named />
        </p>
      </footer>
    )
  }
  if (!mine || draft.review_status === "rejected") return null
  return (
    <footer className={styles.decide}>
      {draft.review_status === "pending_review" ? <Undecided draft={draft} /> : <Approved draft={draft} />}
    </footer>
  )
}
