import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { useEffect, useState } from "react"

/** How long an approval is fresh, in milliseconds: longer than two presses of one hand that means one. */
const FRESH_MS = 1_000

const approvalOf = ({ approval_id, review_status }: Deliverable): string | null =>
  review_status === "approved" ? approval_id : null

/**
 * Whether the draft was approved a moment ago, while it was on the screen, by whomever. What executes it stands where the
 * approval was given; until the moment is over, a second press on the same place is none that means to execute.
 */
export const useFreshApproval = (draft: Deliverable): boolean => {
  const approval = approvalOf(draft)
  const [seen, setSeen] = useState({ approval, fresh: false })
  // before anything is drawn: there is no frame in which it could be pressed
  if (seen.approval !== approval) setSeen({ approval, fresh: approval !== null })
  useEffect(() => {
    if (!seen.fresh) return
    const timer = setTimeout(() => setSeen({ approval: seen.approval, fresh: false }), FRESH_MS)
    return () => clearTimeout(timer)
  }, [seen])
  return seen.fresh
}
