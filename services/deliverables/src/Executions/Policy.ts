/** Whether a deliverable may be executed; refusals in the order of domain.md ("Rules: review and execute"). */
import { quorumOf } from "@stint/domain/Definition/Approval"
import { type DeliveryTarget, targetChanges } from "@stint/domain/Definition/HireSettings"
import {
  AlreadyExecuted,
  ApprovalExpired,
  ApprovalInvalid,
  ApprovalRequired,
  ContentChanged,
  ExecutionInProgress,
  NotApproved,
  TargetChanged,
} from "@stint/domain/deliverables/Executions"
import type { ReviewStatus } from "@stint/domain/deliverables/Deliverables"
import { isActing } from "@stint/domain/Draft"
import { DraftPayload, intentAction } from "@stint/domain/Payload"
import { DateTime, Option, Result, Schema } from "effect"
import type { DeliverableRow } from "../Deliverables/Row.ts"
import { executionOf } from "../Deliverables/Wire.ts"
import { alike, type Covered, isEnough, peopleOf } from "../Reviews/Counting.ts"
import type { GivenRow } from "../Reviews/Row.ts"

/** Why a deliverable may not be executed. */
export type ExecutionRefusal =
  | AlreadyExecuted
  | ExecutionInProgress
  | NotApproved
  | ApprovalRequired
  | ApprovalInvalid
  | ApprovalExpired

const decodePayload = Schema.decodeUnknownOption(DraftPayload)

/** Whether executing it acts on the world. Content that does not decode could do anything, so it counts as acting. */
export const acts = (payload: unknown): boolean => {
  const draft = decodePayload(payload)
  return Option.isNone(draft) || isActing(intentAction(draft.value))
}

const notApproved: Record<Exclude<ReviewStatus, "approved">, string> = {
  pending_review: "is not reviewed; approve it first",
  in_revision: "is being revised; approve the revision that comes",
  rejected: "was rejected; the decision is final",
  expired: "has expired: nobody decided on it in time",
}

/** Whether as many people as must have approved what the deliverable's own approval covers, and none of these got too old. */
const isBacked = (row: DeliverableRow, given: ReadonlyArray<GivenRow>): Result.Result<void, ExecutionRefusal> => {
  const named = given.find(({ approval_id }) => approval_id === row.approval_id)
  // what it is an approval of is judged with the content
  if (named === undefined || named.revision !== row.revision) return Result.void
  const approvals = alike(row, given, named, "too old")
  const { deliverable_id } = row
  if (!isEnough(row, approvals)) {
    const detail = `${peopleOf(row, approvals)} approved revision ${row.revision} of ${deliverable_id}, of ` +
      `${quorumOf(row.approval_rules)} who must`
    return Result.fail(new NotApproved({ detail, review_status: "pending_review" }))
  }
  if (isEnough(row, approvals.filter(({ is_too_old }) => !is_too_old))) return Result.void
  const ends = approvals.filter(({ is_too_old }) => is_too_old).map(({ expires_at }) => expires_at!)
  const expired_at = ends.reduce(DateTime.min)
  return Result.fail(
    new ApprovalExpired({
      detail: `The approval of ${deliverable_id} was good until ${DateTime.formatIso(expired_at)}; approve it again`,
      expired_at,
    }),
  )
}

/** Whether a request that names this approval, or none, may execute the deliverable; `given`: all decisions on it. */
export const mayExecute = (
  row: DeliverableRow,
  approval_id: string | undefined,
  given: ReadonlyArray<GivenRow>,
): Result.Result<void, ExecutionRefusal> => {
  const { deliverable_id, review_status } = row
  if (row.execution_status === "executed") {
    return Result.fail(
      new AlreadyExecuted({ detail: `${deliverable_id} was executed; a deliverable is executed once` }),
    )
  }
  if (row.executing) {
    return Result.fail(
      new ExecutionInProgress({
        detail: `${deliverable_id} is being delivered; its execution shows the next attempt`,
        execution: executionOf(row)!,
      }),
    )
  }
  const acting = acts(row.payload)
  const unreviewed = review_status === "pending_review" && !row.approval_required && !acting
  if (review_status !== "approved" && !unreviewed) {
    return Result.fail(new NotApproved({ detail: `${deliverable_id} ${notApproved[review_status]}`, review_status }))
  }
  const backed = isBacked(row, given)
  if (Result.isFailure(backed) && backed.failure._tag === "NotApproved") return backed
  if (!acting) return backed
  if (approval_id === undefined) {
    return Result.fail(
      new ApprovalRequired({ detail: "Executing it acts on the world: send the approval_id of its approval" }),
    )
  }
  if (approval_id !== row.approval_id) {
    return Result.fail(
      new ApprovalInvalid({ detail: `The approval_id is not that of the approval of ${deliverable_id}` }),
    )
  }
  return backed
}

/** Whether what would be delivered is what the deliverable's own approval covers; else what of it changed. */
export const isCovered = (
  row: DeliverableRow,
  given: ReadonlyArray<GivenRow>,
  now: Covered & { readonly target: DeliveryTarget },
): Result.Result<void, ContentChanged | TargetChanged> => {
  const { approval_id, deliverable_id } = row
  if (approval_id === null) return Result.void
  const approval = given.find((one) => one.approval_id === approval_id && one.decision === "approved")
  const changed = approval === undefined ? ["payload" as const] : [
    ...(approval.content_sha256 === now.content_sha256 ? [] : ["payload" as const]),
    ...(approval.revision === row.revision ? [] : ["revision" as const]),
    ...(approval.definition_version === null || approval.definition_version === now.definition_version
      ? []
      : ["definition_version" as const]),
  ]
  if (approval === undefined || changed.length > 0) {
    const again = changed.length === 1 && changed[0] === "definition_version"
      ? `the hire's definition is ${now.definition_version} now, ${approval_id} is of ${approval?.definition_version}: approve it again`
      : `it differs from what ${approval_id} approved`
    return Result.fail(
      new ContentChanged({ detail: `${deliverable_id}: ${again}; nothing was executed`, changed }),
    )
  }
  // null: a program of 0.2.0 approved it, for whatever target the hire has when it is executed
  const parts = approval.target === null ? [] : targetChanges(approval.target, now.target)
  return parts.length === 0 ? Result.void : Result.fail(
    new TargetChanged({
      detail: `The hire's ${parts.join(", ")} changed since ${approval_id}; nothing was executed. ` +
        "Approve it again, or set back what changed",
      changed: parts,
    }),
  )
}
