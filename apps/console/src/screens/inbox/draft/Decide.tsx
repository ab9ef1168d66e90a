/** The bar of a draft, as it stands, and as far as the person that is signed in may act on it. */
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { lazy, type ReactNode, Suspense } from "react"
import { useMay, useUser } from "../../../shell/User.ts"
import { Instant } from "../../../ui/Instant.tsx"
import { Bone } from "../../../ui/States.tsx"
import { ApprovedBar } from "./ApprovedBar.tsx"
import styles from "./draft.module.css"
import { Undecided } from "./Undecided.tsx"

const InRevision = lazy(() => import("./InRevision.tsx").then(({ InRevision }) => ({ default: InRevision })))
const Together = lazy(() => import("./Together.tsx").then(({ Together }) => ({ default: Together })))

const Bar = ({ draft, edit, fresh, zone }: {
  readonly draft: Deliverable
  readonly fresh: boolean
  readonly zone: string
  readonly edit: () => void
}): ReactNode => {
  const { subject } = useUser()
  const decides = useMay("reviewer")
  switch (draft.review_status) {
    case "pending_review":
      // who signed, and who may not, is asked only where it matters
      return decides && ((draft.approvals_given ?? 0) > 0 || draft.edited_by === subject)
        ? <Together draft={draft} edit={edit} zone={zone} />
        : <Undecided draft={draft} edit={edit} />
    case "approved":
      return decides
        ? <ApprovedBar draft={draft} fresh={fresh} zone={zone} />
        : <p className="dim">It is approved. You have no duty to execute it: a reviewer of this customer does.</p>
    case "in_revision":
      return <InRevision draft={draft} zone={zone} />
    case "expired":
      return (
        <p>
          <b>Expired</b> {draft.expires_at === undefined || draft.expires_at === null
            ? null
            : <Instant at={draft.expires_at} zone={zone} named />}
          <span className="dim">: nobody decided on it in time. It can't be signed, and is never executed.</span>
        </p>
      )
    case "rejected":
      return null
  }
}

/** The bar. Only its customer's people act; others read. */
export const Decide = ({ draft, edit, fresh, zone }: {
  readonly draft: Deliverable
  /** Whether it was approved a moment ago, on this screen. */
  readonly fresh: boolean
  readonly zone: string
  /** Begins to edit it. */
  readonly edit: () => void
}): ReactNode => {
  const isOurs = useUser().role === "customer"
  if (draft.execution_status === "executed" && draft.executed_at !== null) {
    return (
      <footer className={styles.decide}>
        <p className="dim">
          Executed <Instant at={draft.executed_at} zone={zone} named />
        </p>
      </footer>
    )
  }
  if (!isOurs || draft.review_status === "rejected") return null
  return (
    <footer className={styles.decide}>
      <Suspense fallback={<Bone height={36} />}>
        <Bar draft={draft} edit={edit} fresh={fresh} zone={zone} />
      </Suspense>
    </footer>
  )
}
