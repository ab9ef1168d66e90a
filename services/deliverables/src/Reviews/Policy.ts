/** Whether a decision can be taken on a deliverable. */
import { AlreadyExecuted, ExecutionInProgress } from "@stint/domain/deliverables/Executions"
import { AlreadyReviewed, type Decision, DraftInvalid } from "@stint/domain/deliverables/Reviews"
import { DraftPayload, validationErrors } from "@stint/domain/Payload"
import { Result, Schema } from "effect"
import type { DeliverableRow } from "../Deliverables/Row.ts"
import { executionOf } from "../Deliverables/Wire.ts"

/** Why no decision can be taken. */
export type ReviewRefusal = AlreadyReviewed | AlreadyExecuted | ExecutionInProgress | DraftInvalid

const decodePayload = Schema.decodeUnknownSync(DraftPayload)

/**
 * Whether this decision can be taken: once, before any execution, and approval only of drafts without validation errors. An
 * approval whose target has changed since (`isStale`) stands for nothing any more, so it can be decided again.
 */
export const mayDecide = (
  row: DeliverableRow,
  decision: Decision,
  isStale: boolean,
): Result.Result<void, ReviewRefusal> => {
  const { deliverable_id, review_status } = row
  if (review_status !== "pending_review" && !(review_status === "approved" && isStale)) {
    return Result.fail(
      new AlreadyReviewed({ detail: `${deliverable_id} is ${review_status}; a decision is final`, review_status }),
    )
  }
  if (row.execution_status === "executed") {
    return Result.fail(new AlreadyExecuted({ detail: `${deliverable_id} was executed` }))
  }
  if (row.executing) {
    return Result.fail(
      new ExecutionInProgress({
        detail: `${deliverable_id} is being executed`,
        execution: executionOf(row)!,
      }),
    )
  }
  const validation_errors = validationErrors(decodePayload(row.payload))
  if (decision === "approved" && validation_errors.length > 0) {
    return Result.fail(
      new DraftInvalid({
        detail: `It fails ${
          validation_errors.join(", ")
        }: reject it, correct the goal or the config, and run the goal again`,
        validation_errors,
      }),
    )
  }
  return Result.void
}
