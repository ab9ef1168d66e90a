/** A deliverable on the wire. */
import { quorumOf } from "@stint/domain/Definition/Approval"
import { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { DraftPayload } from "@stint/domain/Payload"
import { etagOf, tagged } from "@stint/edge/Preconditions"
import { DateTime, Effect, Schema } from "effect"
import { contentSha256 } from "@stint/domain/Canonical"
import { Digest } from "effect/crypto"
import type { NewDraft } from "./Repo/NewDrafts.ts"
import { type DeliverableRow, standingOf } from "./Row.ts"

/** The execution of a row on the wire; undefined when none was requested. */
export const executionOf = (row: DeliverableRow) =>
  row.delivery_id === null ? undefined : {
    delivery_id: row.delivery_id,
    ...standingOf(row.execution_state ?? "pending", row.refusal),
    attempts: row.attempts ?? 0,
    last_error: row.last_error,
    next_attempt_at: row.next_attempt_at,
  }

const unchecked = { disableChecks: true } as const
const decodePayload = Schema.decodeUnknownSync(DraftPayload)

/** A row with the SHA-256 of its content as it is stored. */
export interface HashedRow extends DeliverableRow {
  readonly content_sha256: string
}

/** Hashes the content of a row. */
export const hashed: <Row extends DeliverableRow>(
  row: Row,
) => Effect.Effect<Row & HashedRow, never, Digest.Digest> = (row) =>
  Effect.map(contentSha256(row.payload), (content_sha256) => ({ ...row, content_sha256 }))

/** A row on the wire. Dies if the payload is no draft, since only drafts are stored. */
export const toDeliverable = (row: DeliverableRow | HashedRow): Deliverable => {
  const execution = executionOf(row)
  return Deliverable.make({
    deliverable_id: row.deliverable_id,
    hired_instance_id: row.hired_instance_id,
    goal_instance_id: row.goal_instance_id,
    goal_template_id: row.goal_template_id,
    title: row.title,
    payload: decodePayload(row.payload),
    ...("content_sha256" in row ? { content_sha256: row.content_sha256 } : {}),
    revision: row.revision,
    expires_at: row.expires_at,
    approvals_needed: quorumOf(row.approval_rules),
    approvals_given: row.approvals_given,
    approval_expires_at: row.approval_expires_at,
    edited_by: row.edited_by,
    mandate_id: row.mandate_id,
    review_status: row.review_status,
    review_notes: row.review_notes,
    approval_id: row.approval_id,
    execution_status: row.execution_status,
    executed_at: row.executed_at,
    ...(execution === undefined ? {} : { execution }),
    created_at: row.created_at,
    updated_at: row.updated_at,
  }, unchecked)
}

/** The deliverable of a draft that was just stored, without reading it back; without `expires_at` where it has one. */
export const newDeliverable = (draft: NewDraft): Deliverable =>
  Deliverable.make({
    deliverable_id: draft.deliverable_id,
    hired_instance_id: draft.hired_instance_id,
    goal_instance_id: draft.goal_instance_id,
    goal_template_id: draft.goal_template_id,
    title: draft.title,
    payload: draft.payload,
    revision: 1,
    // the database's clock has set it where there is one
    ...(draft.approval?.expires_after_seconds === undefined ? { expires_at: null } : {}),
    approvals_needed: quorumOf(draft.approval),
    approvals_given: 0,
    approval_expires_at: null,
    edited_by: null,
    mandate_id: null,
    review_status: "pending_review",
    review_notes: null,
    approval_id: null,
    execution_status: "not_executed",
    executed_at: null,
    created_at: draft.created_at,
    updated_at: draft.created_at,
  }, unchecked)

/** The tag of a deliverable with its execution, whose attempts write no row of `deliverables`. */
export const deliverableTag = (
  { attempts, next_attempt_at, updated_at, version }: Pick<
    DeliverableRow,
    "version" | "updated_at" | "attempts" | "next_attempt_at"
  >,
): string => {
  const next = next_attempt_at === null ? "" : DateTime.toEpochMillis(next_attempt_at).toString(36)
  return etagOf(version, updated_at, attempts === null ? "" : `.${attempts}.${next}`)
}

/** A row on the wire, as the one thing that an answer shows: with its tag, and the hash by which it can be decided on. */
export const shown = (row: DeliverableRow): Effect.Effect<Deliverable, never, Digest.Digest> =>
  Effect.andThen(tagged(deliverableTag(row)), Effect.map(hashed(row), toDeliverable))

/** A status that 0.2.0 knows: what its maker revises waits, and what has expired is as final as a rejection. */
const statusBefore = { in_revision: "pending_review", expired: "rejected" } as const

/**
 * A deliverable for a program of 0.2.0, which knows no structured drafts, no revisions and no expiry, and needs no more than its id:
 * as a document, with a status of then.
 */
export const asBefore = (deliverable: Deliverable): Deliverable => {
  const { payload, review_status: status, ...rest } = deliverable
  const review_status = status === "in_revision" || status === "expired" ? statusBefore[status] : status
  if (payload.type !== "structured_deliverable_v1") {
    return status === review_status ? deliverable : Deliverable.make({ ...rest, payload, review_status }, unchecked)
  }
  const { body = "", fields: _, title: __, ...common } = payload
  return Deliverable.make(
    { ...rest, review_status, payload: { ...common, type: "generic_deliverable_v1", body } },
    unchecked,
  )
}

/** Where a deliverable is read. */
export const locationOf = ({ deliverable_id }: Pick<Deliverable, "deliverable_id">) =>
  `/api/v1/deliverables/${deliverable_id}`
