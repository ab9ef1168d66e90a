/** Selects rows as `DeliverableRow`, and says in SQL what a review status is: it is derived here alone. */
import type { PgClient } from "@effect/sql-pg"
import type { ReviewStatus } from "@stint/domain/deliverables/Deliverables"

/**
 * The columns of a row. Its status is derived: one that its maker revises is in_revision; one whose time has passed is expired, whether
 * that was marked yet or not (Expiry.ts). The columns are named, so that a status is never read as it is stored.
 */
const columns = (sql: PgClient.PgClient) =>
  sql`d.deliverable_id, d.hired_instance_id, d.goal_instance_id, d.goal_template_id, d.title, d.payload,
      case when d.expired_at is not null then 'expired' when d.revising_since is not null then 'in_revision'
        when d.review_status = 'pending_review' and d.expires_at <= now() then 'expired' else d.review_status end as review_status,
      d.review_notes, d.approval_id, d.execution_status, d.executed_at, d.created_at, d.updated_at, d.idempotency_key, d.customer_id,
      d.scheduled_time, d.approval_required, d.deleted_at, d.version, d.executing, d.revision, d.edited_by, d.revising_since,
      d.expires_at, d.approval_rules,
      case when d.approval_rules is null and d.approval_id is null then 0 else approvals_of(d) end as approvals_given,
      a.mandate_id, a.expires_at as approval_expires_at,
      e.delivery_id, e.state as execution_state, e.requested_by, e.attempts, e.last_error, e.next_attempt_at, e.refusal`

/** Selects rows as `DeliverableRow`: `deliverables` as `d`, joined with its approval as `a` and its execution as `e`. */
export const selectRows = (sql: PgClient.PgClient) =>
  sql`select ${columns(sql)} from deliverables d left join executions e on e.deliverable_id = d.deliverable_id
      left join approvals a on a.approval_id = d.approval_id`

/** Of `deliverables d`: it waits for a decision. Word for word what the indexes of what waits are made of. */
export const isWaiting = (sql: PgClient.PgClient) =>
  sql`d.review_status = 'pending_review' and d.revising_since is null and d.deleted_at is null`

/** Of `deliverables d`: it has expired, and was marked so, or was not yet. */
export const expired = (sql: PgClient.PgClient) => ({
  marked: sql`d.expired_at is not null`,
  passed: sql`(${isWaiting(sql)} and d.expires_at <= now())`,
})

/** Of `deliverables d`: it has this status, as `columns` derives it. */
export const hasStatus = (sql: PgClient.PgClient, status: ReviewStatus) => {
  switch (status) {
    case "pending_review":
      return sql`${isWaiting(sql)} and (d.expires_at is null or d.expires_at > now())`
    case "in_revision":
      return sql`d.revising_since is not null`
    case "expired":
      return sql`(${expired(sql).marked} or ${expired(sql).passed})`
    default:
      return sql`d.review_status = ${status} and d.review_status <> 'pending_review' and d.expired_at is null`
  }
}
