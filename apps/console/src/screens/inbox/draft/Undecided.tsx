/** The bar of a draft that waits: approve, edit, ask for changes, or reject. Keys: a, n, e, c, r. */
import { Button } from "@mantine/core"
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import type { Decision } from "@stint/domain/deliverables/Reviews"
import { validationErrors } from "@stint/domain/Payload"
import { Link } from "@tanstack/react-router"
import { lazy, type ReactNode, Suspense, useState } from "react"
import { review } from "../../../api/Deliverables.ts"
import { useActions } from "../../../shell/Actions.ts"
import { useMay } from "../../../shell/User.ts"
import { Bone } from "../../../ui/States.tsx"
import { toast } from "../../../ui/Toasts.tsx"
import { loadApprovedBar } from "./ApprovedBar.tsx"
import styles from "./draft.module.css"
import { Keys } from "./Keys.tsx"
import { useSend } from "./Send.ts"

const Notes = lazy(() => import("./Notes.tsx").then(({ Notes }) => ({ default: Notes })))

const said = (decision: Decision, { approvals_given = 0, approvals_needed = 1, review_status }: Deliverable): string =>
  decision === "rejected"
    ? "Rejected."
    : decision === "changes_requested"
    ? "Its maker writes the next revision."
    : review_status === "approved"
    ? "Approved."
    : `Signed: ${approvals_given} of ${approvals_needed}.`

const canEdit = ({ payload }: Deliverable): boolean => payload.type !== "trading_guardrail_report_v1"

/** Why a person has no buttons, or not all. */
const DutyWords = ({ decides, edits }: { readonly decides: boolean; readonly edits: boolean }): ReactNode =>
  decides ? null : (
    <p className="dim">
      {edits
        ? "You may edit it. To sign it, or to ask for changes, is the duty of a reviewer."
        : "You may read it. To sign it is the duty of a reviewer, to edit it that of an editor."}
    </p>
  )

const Faults = ({ draft, edits, faults }: {
  readonly draft: Deliverable
  readonly edits: boolean
  readonly faults: ReadonlyArray<string>
}): ReactNode => (
  <p className={styles.why}>
    It fails {faults.join(", ")}, so it can only be {edits ? "edited or rejected" : "rejected"}.{" "}
    <Link
      to="/agents/$hire/goals/$goal"
      params={{ hire: draft.hired_instance_id, goal: draft.goal_instance_id }}
    >
      Change its goal
    </Link>
  </p>
)

/** The bar. `barred`: why this person may not approve it. */
export const Undecided = ({ barred, draft, edit }: {
  readonly draft: Deliverable
  readonly edit: () => void
  readonly barred?: string | undefined
}): ReactNode => {
  const [notes, setNotes] = useState("")
  const [asking, setAsking] = useState<Decision>()
  const send = useSend(draft.deliverable_id, () => setAsking(undefined))
  const decides = useMay("reviewer")
  const edits = useMay("editor") && canEdit(draft)
  const faults = validationErrors(draft.payload)
  const approves = decides && faults.length === 0 && barred === undefined
  const decide = (decision: Decision) => {
    if (send.isPending || (decision === "approved" && !approves)) return
    const next = decision === "approved" ? loadApprovedBar() : undefined
    send.mutate(async () => {
      const answer = await review(draft, decision, notes)
      await next
      setNotes("")
      toast("ok", said(decision, answer))
      return answer
    })
  }
  useActions([
    ...(approves
      ? [
        { label: "Approve", keys: "a", run: () => decide("approved") },
        { label: "Approve with notes", keys: "n", run: () => setAsking("approved") },
      ]
      : []),
    ...(edits ? [{ label: "Edit", keys: "e", run: edit }] : []),
    ...(decides
      ? [
        { label: "Ask for changes", keys: "c", run: () => setAsking("changes_requested") },
        { label: "Reject", keys: "r", run: () => setAsking("rejected") },
      ]
      : []),
  ])
  if (asking !== undefined) {
    return (
      <Suspense fallback={<Bone height={140} />}>
        <Notes
          decision={asking}
          notes={notes}
          setNotes={setNotes}
          busy={send.isPending}
          send={() => decide(asking)}
          close={() => setAsking(undefined)}
        />
      </Suspense>
    )
  }
  const keys = [
    ...(approves ? [["N", "with notes"]] as const : []),
    ["J", "next"],
    ["K", "back"],
  ] as const
  return (
    <>
      {faults.length > 0 && decides ? <Faults draft={draft} edits={edits} faults={faults} /> : null}
      {barred === undefined ? null : <p className="dim">{barred}</p>}
      {send.refusal === undefined ? null : <p className={styles.why}>{send.refusal.words}</p>}
      <DutyWords decides={decides} edits={edits} />
      {decides || edits
        ? (
          <div className={styles.bar}>
            {decides
              ? (
                <Button disabled={!approves} loading={send.isPending} onClick={() => decide("approved")}>
                  Approve
                </Button>
              )
              : null}
            {edits ? <Button variant="default" onClick={edit}>Edit</Button> : null}
            {decides
              ? (
                <>
                  <Button variant="default" onClick={() => setAsking("changes_requested")}>Changes…</Button>
                  <Button variant="default" className={styles.no} onClick={() => setAsking("rejected")}>
                    Reject…
                  </Button>
                </>
              )
              : null}
            <Keys keys={keys} />
          </div>
        )
        : null}
    </>
  )
}
