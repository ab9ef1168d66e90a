/** A draft whose maker writes the next revision: since when, and what it was asked for. */
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { approvalsQuery } from "../../../api/Decisions.ts"
import { Ago } from "../../../ui/Instant.tsx"
import styles from "./draft.module.css"

/** The line. */
export const InRevision = ({ draft, zone }: { readonly draft: Deliverable; readonly zone: string }): ReactNode => {
  const asked = useQuery(approvalsQuery(draft.deliverable_id)).data?.items
    .find(({ decision }) => decision === "changes_requested")
  return (
    <div className={styles.delivery}>
      <p>
        <b>
          Its maker works on the next revision{asked === undefined ? "" : (
            <>
              , asked <Ago at={asked.created_at} zone={zone} />
            </>
          )}.
        </b>
        {asked === undefined ? null : <span className="dim">{asked.decided_by} asked: {asked.notes}</span>}
        <span className="dim">It can't be signed meanwhile. The next revision comes here by itself.</span>
      </p>
    </div>
  )
}
