/** Whether a deliverable can be edited. */
import { AlreadyExecuted, ExecutionInProgress } from "@stint/domain/deliverables/Executions"
import { MOST_REVISIONS, RevisionChanged, TooManyRevisions } from "@stint/domain/deliverables/Reviews"
import { NotEditable } from "@stint/domain/deliverables/Revisions"
import { Result } from "effect"
import { executionOf, type HashedRow } from "../Deliverables/Wire.ts"

/** Why it can't be edited. */
export type EditRefusal = AlreadyExecuted | ExecutionInProgress | NotEditable | RevisionChanged | TooManyRevisions

const why = {
  rejected: "was rejected, which is final",
  expired: "expired before anybody decided on it, which is final",
  in_revision: "is revised by its maker; wait for its next revision",
}

/** Whether it can be edited, as the one that wrote this edit saw it: its revision. */
export const mayEdit = (row: HashedRow, base_revision: number): Result.Result<void, EditRefusal> => {
  const { content_sha256, deliverable_id, review_status, revision } = row
  if (row.execution_status === "executed") {
    return Result.fail(new AlreadyExecuted({ detail: `${deliverable_id} was executed` }))
  }
  if (row.executing) {
    return Result.fail(
      new ExecutionInProgress({ detail: `${deliverable_id} is being executed`, execution: executionOf(row)! }),
    )
  }
  if (review_status === "rejected" || review_status === "expired" || review_status === "in_revision") {
    return Result.fail(new NotEditable({ detail: `${deliverable_id} ${why[review_status]}`, review_status }))
  }
  if (revision !== base_revision) {
    return Result.fail(
      new RevisionChanged({
        detail: `${deliverable_id} has revision ${revision} now: edit that one`,
        content_sha256,
        revision,
      }),
    )
  }
  return revision >= MOST_REVISIONS
    ? Result.fail(new TooManyRevisions({ detail: `${deliverable_id} has ${revision} revisions`, most: MOST_REVISIONS }))
    : Result.void
}
