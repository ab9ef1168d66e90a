/**
 * Whether a committed intent may be delivered now: asked right before each attempt (domain.md, "Rules: review and execute"). The
 * approval may have been altered in the database, the hire or its subscription may have ended since.
 */
import { canonicalJson, sha256Hex } from "@stint/domain/Canonical"
import { DeliveryTarget, targetChanges } from "@stint/domain/Definition/HireSettings"
import type { DeliveryRefusal } from "@stint/domain/deliverables/Deliverables"
import type { LookedUpHire } from "@stint/domain/hiring/Feed"
import { Effect, Option, Schema } from "effect"
import { targetOf } from "../Deliverables/Policy.ts"
import { acts } from "./Policy.ts"
import type { ClaimedRow } from "./Row.ts"

/** Why it may not be delivered; `why` is for its customer. */
export interface Refused {
  readonly code: DeliveryRefusal
  readonly why: string
}

/** Why a hire's content is delivered no more; undefined while it is. A past-due subscription's is (domain.md, "States"). */
export const endedHire = (hire: LookedUpHire | undefined, customer_id: string): Refused | undefined => {
  if (hire === undefined || hire.customer_id !== customer_id) {
    return { code: "hire_gone", why: "Its hired agent is gone: it is delivered no more" }
  }
  if (hire.subscription_status === "canceled") {
    return { code: "subscription_canceled", why: `${hire.subscription_id} is canceled: it is delivered no more` }
  }
  return hire.active === false
    ? { code: "hire_deactivated", why: `${hire.hired_instance_id} is deactivated: it is delivered no more` }
    : undefined
}

/** Why the content is not what was approved. */
const contentFault = (row: ClaimedRow, sha256: string): string | undefined => {
  const { approval_id, approved, body, content_sha256, deliverable_id, payload } = row
  if (sha256 !== content_sha256 || body !== canonicalJson(payload)) {
    return `What would be delivered is not the content of ${deliverable_id}`
  }
  if (approval_id === null) {
    return row.approval_required || acts(payload) ? `${deliverable_id} has no approval` : undefined
  }
  const isIts = approved !== null && approved.decision === "approved" && approved.deliverable_id === deliverable_id &&
    approved.customer_id === row.customer_id && approval_id === row.named_approval_id
  if (!isIts) return `${approval_id} is not the approval of ${deliverable_id}`
  return approved.content_sha256 === content_sha256
    ? undefined
    : `The content differs from what ${approval_id} approved`
}

const decodeTarget = Schema.decodeUnknownOption(DeliveryTarget)

/** The parts in which what was approved differs from what would be delivered, or from what the hire's settings name now. */
const targetFaults = (row: ClaimedRow, target: DeliveryTarget, hire: LookedUpHire): ReadonlyArray<string> => {
  // approved by a program of 0.2.0, or in need of no approval: the target of the execution counts
  if (row.approved === null || row.approved.target === null) return []
  const approved = decodeTarget(row.approved.target)
  if (Option.isNone(approved)) return ["target"]
  return [...new Set([...targetChanges(approved.value, target), ...targetChanges(approved.value, targetOf(hire))])]
}

/** Why it may not be delivered to its target; undefined when it may. */
export const refusalOf = Effect.fnUntraced(
  function* (row: ClaimedRow, target: DeliveryTarget, hire: LookedUpHire | undefined) {
    const ended = endedHire(hire, row.customer_id)
    if (ended !== undefined) return ended
    const fault = contentFault(row, yield* sha256Hex(row.body))
    if (fault !== undefined) {
      return { code: "content_changed", why: `${fault}; nothing was delivered` } satisfies Refused
    }
    const changed = targetFaults(row, target, hire!)
    return changed.length === 0 ? undefined : {
      code: "target_changed",
      why: `The hire's ${changed.join(", ")} changed since the approval; approve it again, and execute it`,
    } satisfies Refused
  },
)
