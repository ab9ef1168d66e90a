/** The bar of an approved draft: executes it, takes the approval back, and says how a delivery stands. Keys: x, u, a. */
import { Button } from "@mantine/core"
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { type ReactNode, useRef } from "react"
import { failureOf, idempotencyKey } from "../../../api/Client.ts"
import { execute, retryDelivery, review } from "../../../api/Deliverables.ts"
import { millisOf } from "../../../format/Time.ts"
import { useActions } from "../../../shell/Actions.ts"
import { Left } from "../../../ui/Left.tsx"
import { useNow } from "../../../ui/Now.ts"
import { toast } from "../../../ui/Toasts.tsx"
import { verbOf } from "../Summary.ts"
import { DeliveryState } from "./DeliveryState.tsx"
import styles from "./draft.module.css"
import { Keys } from "./Keys.tsx"
import { useSend } from "./Send.ts"

/** The reasons of a refused delivery after which the draft can be approved, and executed, again. */
const renewable = ["target_changed", "content_changed", "approval_expired", "approval_withdrawn"]

const useApproved = (draft: Deliverable) => {
  const send = useSend(draft.deliverable_id)
  // a press that is repeated, or sent again after no answer, is the same execution
  const key = useRef(idempotencyKey())
  const go = () =>
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
  const again = () =>
    send.mutate(() =>
      review(draft, "approved", "").then((answer) => {
        toast("ok", "Approved again.")
        return answer
      })
    )
  const undo = () =>
    send.mutate(async () => {
      const { withdraw } = await import("../../../api/Decisions.ts")
      if (draft.approval_id !== null) await withdraw(draft.approval_id)
      toast("ok", "Taken back: it waits for a decision again.")
      return undefined
    })
  const retry = (id: string) =>
    send.mutate(() =>
      retryDelivery(id).then(() => {
        toast("ok", "It is being tried again.")
        return undefined
      })
    )
  return { send, go, again, undo, retry }
}

/** The bar. */
export const Approved = ({ draft, fresh, zone }: {
  readonly draft: Deliverable
  readonly zone: string
  /** Whether it was approved a moment ago: then nothing executes it yet, which nobody could undo. */
  readonly fresh: boolean
}): ReactNode => {
  const { again, go, retry, send, undo } = useApproved(draft)
  const { approval_expires_at: until, execution } = draft
  const now = useNow()
  const old = until !== undefined && until !== null && millisOf(until) <= now
  const refused = execution?.state === "refused"
  const stale = refused && renewable.includes(execution?.reason ?? "")
  const renews = stale || old || send.refusal?.again === true
  const verb = verbOf(draft.payload)
  const executes = execution === undefined && !old
  const idle = (act: () => void) => () => {
    if (!send.isPending) act()
  }
  useActions([
    ...(executes && !fresh ? [{ label: `${verb} now`, keys: "x", run: idle(go) }] : []),
    ...(execution === undefined ? [{ label: "Undo the approval", keys: "u", run: idle(undo) }] : []),
    ...(renews ? [{ label: "Approve again", keys: "a", run: idle(again) }] : []),
  ])
  if (execution !== undefined) {
    return <DeliveryState draft={draft} busy={send.isPending} retry={retry} again={stale ? again : undefined} />
  }
  return (
    <>
      {old
        ? <p className={styles.why}>Its approval is too old by now. It can be given again.</p>
        : send.refusal !== undefined
        ? <p className={styles.why}>{send.refusal.words}</p>
        : until === undefined || until === null
        ? null
        : (
          <p className="dim">
            The approval is good for <Left at={until} zone={zone} />
          </p>
        )}
      <div className={styles.bar}>
        {executes ? <Button disabled={fresh} loading={send.isPending} onClick={idle(go)}>{verb} now</Button> : null}
        {renews ? <Button variant={executes ? "default" : "filled"} onClick={idle(again)}>Approve again</Button> : null}
        <Button variant="default" disabled={send.isPending} onClick={idle(undo)}>Undo</Button>
        <Keys keys={[["X", "execute"], ["U", "undo"], ["J", "next"], ["K", "back"]]} />
      </div>
    </>
  )
}
