/** The decision on a draft: when, with which notes, on which content, and where that goes. */
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { approvalsQuery } from "../../../api/Decisions.ts"
import { shortened, titled } from "../../../format/Words.ts"
import { Instant } from "../../../ui/Instant.tsx"
import { Bone } from "../../../ui/States.tsx"
import { summaryOf } from "../Summary.ts"
import styles from "./draft.module.css"
import { MandateLink } from "./Mandate.tsx"
import { Signers } from "./Signers.tsx"
import { Target } from "./Target.tsx"

/** The decision, as lines of facts. */
export const Decided = ({ draft, zone }: { readonly draft: Deliverable; readonly zone: string }): ReactNode => {
  const approvals = useQuery(approvalsQuery(draft.deliverable_id)).data?.items
  const latest = approvals?.find(({ approval_id }) => approval_id === draft.approval_id) ?? approvals?.[0]
  if (latest === undefined) return <Bone height={84} />
  return (
    <>
      <dt>decided</dt>
      <dd>
        {titled(latest.decision).toLowerCase()} <Instant at={latest.created_at} zone={zone} />{" "}
        <span className="dim">
          {latest.mandate_id === null ? <>by {latest.decided_by}</> : (
            <>
              by a <MandateLink id={latest.mandate_id}>mandate</MandateLink> of {latest.decided_by}
            </>
          )}
        </span>
      </dd>
      {latest.decision === "approved" && (draft.approvals_needed ?? 1) > 1
        ? <Signers draft={draft} zone={zone} />
        : null}
      {latest.notes === null ? null : (
        <>
          <dt>notes</dt>
          <dd className={styles.notes}>{latest.notes}</dd>
        </>
      )}
      <dt>content</dt>
      <dd>
        {summaryOf(draft.payload)}, revision {latest.revision}{" "}
        <span className="faint mono" title={latest.content_sha256}>
          {shortened(latest.content_sha256)}
        </span>
      </dd>
      {latest.definition_version === null ? null : (
        <>
          <dt>made by</dt>
          <dd>version {latest.definition_version} of its agent</dd>
        </>
      )}
      {latest.target === null ? null : (
        <>
          <dt>goes to</dt>
          <dd>
            <Target target={latest.target} />
          </dd>
        </>
      )}
    </>
  )
}
