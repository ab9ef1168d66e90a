/** Pure decisions of an execution, in the order of domain.md ("Rules: review and execute"). */
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
import { type DeliverableRow, executionOf } from "../Deliverables/Row.ts"

/** What keeps a deliverable from being executed. */
export type ExecutionRefusal = AlreadyExecuted | ExecutionInProgress | NotApproved | ApprovalRequired | ApprovalInvalid

const decodePayload = Schema.decodeUnknownOption(DraftPayload)

/** Whether executing it acts on the world. Stored content that is no draft could do anything: it counts as acting. */
const acts = (payload: unknown): boolean => {
  const draft = decodePayload(payload)
  return Option.isNone(draft) || isActing(intentAction(draft.value))
}

/** Whether the deliverable may be executed by a request that names this approval, or none. */
export const mayExecute = (
  row: DeliverableRow,
  approval_id: string | undefined,
): Result.Result<void, ExecutionRefusal> => {
  const { deliverable_id, review_status } = row
  if (row.execution_status === "executed") {
    return Result.fail(new AlreadyExecuted({ detail: `${deliverable_id} was executed; that happens once` }))
  }
  if (row.executing) {
    return Result.fail(
      new ExecutionInProgress({
        detail: `${deliverable_id} is being delivered; its execution shows when it is tried next`,
        execution: executionOf(row)!,
      }),
    )
  }
  const acting = acts(row.payload)
  const unreviewed = review_status === "pending_review" && !row.approval_required && !acting
  if (review_status !== "approved" && !unreviewed) {
    const detail = review_status === "rejected"
      ? `${deliverable_id} was rejected; the decision is final`
      : `${deliverable_id} waits for its review; approve it first`
    return Result.fail(new NotApproved({ detail, review_status }))
  }
  if (!acting) return Result.void
  if (approval_id === undefined) {
    return Result.fail(new ApprovalRequired({ detail: "It acts on the world: name the approval_id of its approval" }))
  }
  if (approval_id !== row.approval_id) {
    return Result.fail(new ApprovalInvalid({ detail: `It is not the approval that accepted ${deliverable_id}` }))
  }
  return Result.void
}
