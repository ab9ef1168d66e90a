/**
 * Pure: which approvals count, and for how many people (domain.md, "Expiry and quorum"). The database counts the same way when an
 * execution is committed (`approvals_alike`, sql/deliverables/132_revisions.up.sql).
 */
import { quorumOf } from "@stint/domain/Definition/Approval"
import { type DeliveryTarget, targetChanges } from "@stint/domain/Definition/HireSettings"
import type { DeliverableRow } from "../Deliverables/Row.ts"
import type { GivenRow } from "./Row.ts"

/** What an approval has to cover, to count. */
export interface Covered {
  readonly content_sha256: string
  /** Null: any. */
  readonly target: DeliveryTarget | null
  /** The hire's; null: any. */
  readonly definition_version: string | null
}

/** What of a deliverable decides which approvals are of it. */
export type Draft = Pick<DeliverableRow, "revision" | "edited_by" | "approval_rules">

/** Whether an approval is of this revision and was not withdrawn, by who may approve it; it may be too old. */
const stands = ({ approval_rules, edited_by, revision }: Draft, given: GivenRow): boolean =>
  given.decision === "approved" && given.revision === revision && given.withdrawn_at === null &&
  (given.mandate_id !== null || approval_rules?.separate_editor !== true || given.decided_by !== edited_by)

/** Whether an approval covers it. One of 0.2.0 names no target and no version, and covers any. */
const covers = (given: GivenRow, { content_sha256, definition_version, target }: Covered): boolean =>
  given.content_sha256 === content_sha256 &&
  (target === null || given.target === null || targetChanges(given.target, target).length === 0) &&
  (definition_version === null || given.definition_version === null || given.definition_version === definition_version)

/** The approvals that are for it; with those that got too old where `also` says so. */
export const alike = (
  draft: Draft,
  given: ReadonlyArray<GivenRow>,
  covered: Covered,
  also: "too old" | "none" = "none",
): ReadonlyArray<GivenRow> =>
  given.filter((one) => stands(draft, one) && covers(one, covered) && (also === "too old" || !one.is_too_old))

/** For how many people approvals count; one of a mandate counts for all that are needed. */
export const peopleOf = ({ approval_rules }: Draft, approvals: ReadonlyArray<GivenRow>): number =>
  approvals.some(({ mandate_id }) => mandate_id !== null)
    ? quorumOf(approval_rules)
    : new Set(approvals.map(({ decided_by }) => decided_by)).size

/** Whether approvals are as many as the template asks for. */
export const isEnough = (draft: Draft, approvals: ReadonlyArray<GivenRow>): boolean =>
  approvals.length > 0 && peopleOf(draft, approvals) >= quorumOf(draft.approval_rules)
