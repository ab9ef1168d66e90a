/** Whether a deliverable may be executed; refusals in the order of domain.md ("Rules: review and execute"). */
import {
  AlreadyExecuted,
  ApprovalInvalid,
  ApprovalRequired,
  ExecutionInProgress,
  NotApproved,
} from "@stint/domain/deliverables/Executions"
import { isActing } from "@stint/domain/Draft"
import { DraftPayload, intentAction } from "@stint/domain/Payload"
import { Option, Result, Schema } from "effect"
import type { DeliverableRow } from "../Deliverables/Row.ts"
import { executionOf } from "../Deliverables/Wire.ts"

/** Why a deliverable may not be executed. */
export type ExecutionRefusal = AlreadyExecuted | ExecutionInProgress | NotApproved | ApprovalRequired | ApprovalInvalid

const decodePayload = Schema.decodeUnknownOption(DraftPayload)

/** Whether executing it acts on the world. Content that does not decode could do anything, so it counts as acting. */
export const acts = (payload: unknown): boolean => {
  const draft = decodePayload(payload)
  return Option.isNone(draft) || isActing(intentAction(draft.value))
}

/** Whether a request that names this approval, or none, may execute the deliverable. */
export const mayExecute = (
  row: DeliverableRow,
  approval_id: string | undefined,
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
    const detail = review_status === "rejected"
      ? `${deliverable_id} was rejected; the decision is final`
      : `${deliverable_id} is not reviewed; approve it first`
    return Result.fail(new NotApproved({ detail, review_status }))
  }
  if (!acting) return Result.void
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
  return Result.void
}
