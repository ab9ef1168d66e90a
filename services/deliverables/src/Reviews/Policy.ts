/** Whether a decision can be taken on a deliverable, and what it leads to; whether an approval can be withdrawn. */
import { quorumOf } from "@stint/domain/Definition/Approval"
import { AlreadyExecuted, ExecutionInProgress } from "@stint/domain/deliverables/Executions"
import {
  AlreadyReviewed,
  type Decision,
  DeliverableExpired,
  DraftInvalid,
  InRevision,
  NotWithdrawable,
  RevisionChanged,
  SeparateEditor,
} from "@stint/domain/deliverables/Reviews"
import { DraftPayload, validationErrors } from "@stint/domain/Payload"
import { DateTime, Result, Schema } from "effect"
import type { DeliverableRow } from "../Deliverables/Row.ts"
import { executionOf } from "../Deliverables/Wire.ts"
import { alike, type Covered, isEnough, peopleOf } from "./Counting.ts"
import type { GivenRow } from "./Row.ts"

/** Why no decision can be taken. */
export type ReviewRefusal =
  | AlreadyReviewed
  | AlreadyExecuted
  | ExecutionInProgress
  | InRevision
  | DeliverableExpired
  | RevisionChanged
  | SeparateEditor
  | DraftInvalid

const decodePayload = Schema.decodeUnknownSync(DraftPayload)

/** A decision as it is asked for. `revision`, `content_sha256`: of what was shown; absent: of whatever is there. */
export interface Asked {
  readonly decision: Decision
  readonly revision?: number
  readonly content_sha256?: string
  /** The person, or the customer itself. */
  readonly person: string
}

/** What a decision is judged by. */
export interface Judged {
  readonly row: DeliverableRow
  /** All decisions on it so far, of any revision. */
  readonly given: ReadonlyArray<GivenRow>
  /** What an approval would cover now. */
  readonly covered: Covered
}

/** The approvals that count now. Those that an execution would name count when the deliverable's own is among them. */
const counting = ({ covered, given, row }: Judged): ReadonlyArray<GivenRow> => {
  const all = alike(row, given, covered)
  return row.approval_id === null || all.some(({ approval_id }) => approval_id === row.approval_id) ? all : []
}

/** 409 when what is there is no longer to be decided on, by anybody. */
const mayBeDecided = (judged: Judged, counts: ReadonlyArray<GivenRow>): Result.Result<void, ReviewRefusal> => {
  const { row } = judged
  const { deliverable_id, review_status } = row
  if (review_status === "in_revision") {
    return Result.fail(
      new InRevision({
        detail: `The maker of ${deliverable_id} works on what was asked for: decide on the revision that comes`,
        since: row.revising_since ?? row.updated_at,
      }),
    )
  }
  if (review_status === "expired") {
    return Result.fail(
      new DeliverableExpired({
        detail: `Nobody decided on ${deliverable_id} in time; run its goal again`,
        expired_at: row.expires_at ?? row.updated_at,
      }),
    )
  }
  if (review_status === "rejected" || review_status === "approved" && isEnough(row, counts)) {
    return Result.fail(
      new AlreadyReviewed({ detail: `${deliverable_id} is ${review_status}; a decision is final`, review_status }),
    )
  }
  if (row.execution_status === "executed") {
    return Result.fail(new AlreadyExecuted({ detail: `${deliverable_id} was executed` }))
  }
  return row.executing
    ? Result.fail(
      new ExecutionInProgress({ detail: `${deliverable_id} is being executed`, execution: executionOf(row)! }),
    )
    : Result.void
}

/** 409 when the decision is on other content than is there. */
const isCurrent = ({ covered, row }: Judged, asked: Asked): Result.Result<void, RevisionChanged> => {
  const { content_sha256 } = covered
  const { deliverable_id, revision } = row
  const isOther = asked.revision !== undefined && asked.revision !== revision
  if (!isOther && (asked.content_sha256 === undefined || asked.content_sha256 === content_sha256)) return Result.void
  const what = isOther ? `revision ${asked.revision}` : `the one with the hash ${asked.content_sha256}`
  return Result.fail(
    new RevisionChanged({
      detail: `The content of ${deliverable_id} is not ${what}; it is revision ${revision}: look at it again`,
      content_sha256,
      revision,
    }),
  )
}

/** Whether a draft can be approved, by whom. */
const mayApprove = (row: DeliverableRow, person: string): Result.Result<void, ReviewRefusal> => {
  if (row.approval_rules?.separate_editor === true && row.edited_by === person) {
    return Result.fail(
      new SeparateEditor({
        detail: `${person} wrote revision ${row.revision} of ${row.deliverable_id}: another approves it`,
      }),
    )
  }
  const validation_errors = validationErrors(decodePayload(row.payload))
  return validation_errors.length === 0 ? Result.void : Result.fail(
    new DraftInvalid({
      detail: `It fails ${
        validation_errors.join(", ")
      }: reject it, correct the goal or the config, and run the goal again`,
      validation_errors,
    }),
  )
}

/**
 * Whether a person can take this decision, and whether its approval is then one of enough. Once a person and revision, on the
 * revision that is there, before any execution. Approvals that were withdrawn, got too old, or whose target or definition version
 * is the hire's no more, stand for nothing: their people can decide again.
 */
export const mayDecide = (
  judged: Judged,
  asked: Asked,
): Result.Result<{ readonly reached: boolean }, ReviewRefusal> => {
  const { row } = judged
  const counts = counting(judged)
  return mayBeDecided(judged, counts).pipe(
    Result.flatMap((): Result.Result<void, ReviewRefusal> => isCurrent(judged, asked)),
    Result.flatMap(() =>
      counts.some(({ decided_by, mandate_id }) => mandate_id === null && decided_by === asked.person)
        ? Result.fail(
          new AlreadyReviewed({
            detail: `${asked.person} approved revision ${row.revision} of ${row.deliverable_id}, one of ` +
              `${quorumOf(row.approval_rules)} who must; withdraw that approval first`,
            review_status: row.review_status,
          }),
        )
        : Result.void
    ),
    Result.flatMap((): Result.Result<void, ReviewRefusal> =>
      asked.decision === "approved" ? mayApprove(row, asked.person) : Result.void
    ),
    Result.map(() => ({
      reached: asked.decision === "approved" && peopleOf(row, counts) + 1 >= quorumOf(row.approval_rules),
    })),
  )
}

/** Whether an approval can be withdrawn: while it counts, until an execution begins. */
export const mayWithdraw = (
  row: DeliverableRow,
  given: ReadonlyArray<GivenRow>,
  approval: GivenRow,
): Result.Result<void, NotWithdrawable | AlreadyExecuted | ExecutionInProgress> => {
  const refuse = (why: string) => Result.fail(new NotWithdrawable({ detail: `${approval.approval_id}: ${why}` }))
  if (approval.decision !== "approved") return refuse("it is no approval")
  if (row.deleted_at !== null) return refuse(`${row.deliverable_id} was deleted`)
  if (row.execution_status === "executed") {
    return Result.fail(new AlreadyExecuted({ detail: `${row.deliverable_id} was executed; it can't be taken back` }))
  }
  if (row.executing) {
    return Result.fail(
      new ExecutionInProgress({
        detail: `${row.deliverable_id} is being executed; it can't be taken back`,
        execution: executionOf(row)!,
      }),
    )
  }
  if (row.review_status === "in_revision" || row.review_status === "rejected" || row.review_status === "expired") {
    return refuse(`${row.deliverable_id} is ${row.review_status}`)
  }
  if (approval.is_too_old) return refuse(`it was good until ${DateTime.formatIso(approval.expires_at!)}`)
  const named = given.find(({ approval_id }) => approval_id === row.approval_id) ?? approval
  return alike(row, given, named).some(({ approval_id }) => approval_id === approval.approval_id)
    ? Result.void
    : refuse(`it is not of what ${row.deliverable_id} is now: nothing is executed under it`)
}
