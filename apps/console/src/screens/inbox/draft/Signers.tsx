/** Who has signed, of how many who have to. */
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { approvalsQuery } from "../../../api/Decisions.ts"
import { Instant } from "../../../ui/Instant.tsx"
import { useNow } from "../../../ui/Now.ts"
import { signaturesOf } from "./Signatures.ts"

/** A line of facts: `1 of 2: asha Mon 30 Nov, 10:02`. */
export const Signers = ({ draft, zone }: { readonly draft: Deliverable; readonly zone: string }): ReactNode => {
  const approvals = useQuery(approvalsQuery(draft.deliverable_id)).data?.items ?? []
  const { approvals_given = 0, approvals_needed = 1 } = draft
  const signed = signaturesOf(draft, approvals, useNow())
  return (
    <>
      <dt>signed</dt>
      <dd>
        {approvals_given} of {approvals_needed}
        {signed.length === 0 ? ": nobody yet" : ": "}
        {signed.map((one, index) => (
          <span key={one.approval_id}>
            {index === 0 ? "" : ", "}
            {one.decided_by} <Instant at={one.created_at} zone={zone} as="time" />
          </span>
        ))}
      </dd>
    </>
  )
}
