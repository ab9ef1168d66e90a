/** An edit that a person has begun and not finished: the way back to it. */
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import type { ReactNode } from "react"
import { useMay, useUser } from "../../../shell/User.ts"
import styles from "./draft.module.css"
import { editName } from "./EditName.ts"

/** Says that there is one; nothing where there is none. */
export const Unfinished = ({ draft, edit }: { readonly draft: Deliverable; readonly edit: () => void }): ReactNode => {
  const { subject } = useUser()
  const isOpen = draft.review_status === "pending_review" || draft.review_status === "approved"
  const isMine = useMay("editor") && isOpen && sessionStorage.getItem(editName(subject, draft.deliverable_id)) !== null
  return isMine
    ? (
      <p className={styles.unfinished}>
        You began to edit it. <button type="button" className="link-button" onClick={edit}>Go on</button>
      </p>
    )
    : null
}
