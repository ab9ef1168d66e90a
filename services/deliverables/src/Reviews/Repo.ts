/** The SQL of reviews. */
import { PgClient } from "@effect/sql-pg"
import { Approval } from "@stint/domain/deliverables/Reviews"
import { ApprovalId, CustomerId, DeliverableId, MandateId } from "@stint/domain/Ids"
import { Instant } from "@stint/domain/Protocol"
import { InstantColumn } from "@stint/domain/Instants"
import { Context, Effect, Layer, type Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Taken } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import type { NewMaking } from "../Makings/Repo/Asks.ts"
import { beginRevising } from "../Revising/Repo/Begin.ts"
import { GivenRow } from "./Row.ts"

/** The key of a page of approvals, newest first. */
export const After = Schema.Struct({ created_at: Instant, approval_id: ApprovalId })

/** The same key as it is in a row. */
const Place = Schema.Struct({ created_at: InstantColumn, approval_id: ApprovalId })

const OfCustomer = Schema.Struct({
  customer_id: CustomerId,
  mandate_id: Schema.NullOr(MandateId),
  after: Schema.NullOr(After),
  limit: Schema.Int,
})

const { expires_at: _, withdrawn_at: __, withdrawn_by: ___, ...decided } = Approval.insert.fields

/** A decision to store. Until when an approval is good follows from the deliverable's rules. */
const NewDecision = Schema.Struct({
  ...decided,
  /** The version of the deliverable that it was judged by. */
  version: Schema.Int,
  /** Whether as many have approved as must, this one included. */
  reached: Schema.Boolean,
})
export type NewDecision = typeof NewDecision.Type

/** An approval to withdraw. */
const Withdrawal = Schema.Struct({
  approval_id: ApprovalId,
  deliverable_id: DeliverableId,
  version: Schema.Int,
  withdrawn_by: Schema.String,
  reason: Schema.NullOr(Schema.String),
})
export type Withdrawal = typeof Withdrawal.Type

/** Decisions, and the approvals that were withdrawn. */
export class ReviewsRepo extends Context.Service<ReviewsRepo, {
  /**
   * Stores the decision and sets the review status by it. False, and nothing is changed, when the deliverable was written since
   * it had that version, can't be decided on any more, an execution of it is pending, or this decision is stored. With the
   * making of what is to change, that is queued in the same transaction.
   */
  decide(decision: NewDecision, making?: NewMaking): Effect.Effect<boolean>
  /**
   * Withdraws an approval: its deliverable waits for a decision again, with all the time that its template gives. False, and nothing
   * is changed, when the deliverable was written since it had that version, or an execution of it is pending.
   */
  withdraw(withdrawal: Withdrawal): Effect.Effect<boolean>
  find(id: ApprovalId): Effect.Effect<Option.Option<GivenRow>>
  /** All decisions on a deliverable, on any of its revisions. */
  given(id: DeliverableId): Effect.Effect<ReadonlyArray<GivenRow>>
  /** The decisions on a deliverable, newest first. */
  ofDeliverable(id: DeliverableId): Effect.Effect<Taken<Approval, typeof Place.Type>>
  /** The decisions of a customer, newest first. */
  ofCustomer(page: typeof OfCustomer.Type): Effect.Effect<Taken<Approval, typeof Place.Type>>
}>()("deliverables/ReviewsRepo") {
  static readonly layer = Layer.effect(
    ReviewsRepo,
    Effect.map(PgClient.PgClient, (sql) => ReviewsRepo.of({ ...reads(sql), ...writes(sql) })),
  )
}

/** Approvals as they are read: `asks_changes` is a column of its own, since 0.2.0 knows two decisions. */
const select = (sql: PgClient.PgClient) =>
  sql`select a.approval_id, a.deliverable_id, a.customer_id, a.notes, a.content_sha256, a.target, a.revision, a.mandate_id,
        a.definition_version, a.expires_at, a.created_at, coalesce(a.decided_by, a.customer_id) as decided_by,
        case when a.asks_changes then 'changes_requested' else a.decision end as decision,
        w.created_at as withdrawn_at, w.withdrawn_by, coalesce(a.expires_at <= now(), false) as is_too_old
      from approvals a left join approval_withdrawals w on w.approval_id = a.approval_id`

const reads = (sql: PgClient.PgClient) => {
  const find = SqlSchema.findOneOption({
    Request: ApprovalId,
    Result: GivenRow,
    execute: (id) => sql`${select(sql)} where a.approval_id = ${id}`,
  })
  const given = SqlSchema.findAll({
    Request: DeliverableId,
    Result: GivenRow,
    execute: (id) => sql`${select(sql)} where a.deliverable_id = ${id}`,
  })
  const ofDeliverable = findReadable(sql, {
    what: "approvals",
    Request: DeliverableId,
    Key: Place,
    Result: Approval,
    query: (id) => sql`${select(sql)} where a.deliverable_id = ${id} order by a.created_at desc, a.approval_id desc`,
  })
  const ofCustomer = findReadable(sql, {
    what: "approvals",
    Request: OfCustomer,
    Key: Place,
    Result: Approval,
    query: ({ after, customer_id, limit, mandate_id }) =>
      sql`${select(sql)} where a.customer_id = ${customer_id} ${
        mandate_id === null ? sql`` : sql`and a.mandate_id = ${mandate_id}`
      } ${
        after === null
          ? sql``
          : sql`and (a.created_at, a.approval_id) < (${after.created_at}::timestamptz, ${after.approval_id})`
      } order by a.created_at desc, a.approval_id desc limit ${limit}`,
  })
  return {
    find: (id: ApprovalId) => Effect.orDie(find(id)),
    given: (id: DeliverableId) => Effect.orDie(given(id)),
    ofDeliverable: (id: DeliverableId) => Effect.orDie(ofDeliverable(id)),
    ofCustomer: (page: typeof OfCustomer.Type) => Effect.orDie(ofCustomer(page)),
  }
}

const writes = (sql: PgClient.PgClient) => {
  const Written = Schema.Struct({ deliverable_id: DeliverableId })
  /** So many seconds of the rules from now on; null where they name none. */
  const after = (rule: "expires_after_seconds" | "valid_for_seconds") =>
    sql`now() + make_interval(secs => (d.approval_rules ->> ${rule}::text)::integer)`
  const decide = SqlSchema.findAll({
    Request: NewDecision,
    Result: Written,
    // what waits again after it was approved has its time anew: an approval that lapsed must not be its end
    execute: (a) => {
      const asks_changes = a.decision === "changes_requested"
      return sql`with undecided as (
            select d.*, ${after("valid_for_seconds")} as good_until, ${after("expires_after_seconds")} as decide_until
            from deliverables d
            where d.deliverable_id = ${a.deliverable_id} and d.version = ${a.version} and d.deleted_at is null
              and (d.review_status = 'approved' or d.review_status = 'pending_review' and d.revising_since is null
                and (d.expires_at is null or d.expires_at > now()))
              and d.execution_status = 'not_executed' and not d.executing
              and not exists (select from approvals where approval_id = ${a.approval_id})
            for update of d
          ), decided as (
            insert into approvals (approval_id, deliverable_id, customer_id, decision, asks_changes, notes, content_sha256, target,
              revision, decided_by, mandate_id, definition_version, expires_at, created_at)
            select ${a.approval_id}, deliverable_id, ${a.customer_id}, ${
        asks_changes ? "rejected" : a.decision
      }, ${asks_changes},
              ${a.notes}, ${a.content_sha256}, ${a.target === null ? null : sql.json(a.target)}::jsonb, ${a.revision},
              ${a.decided_by}, ${a.mandate_id}, ${a.definition_version},
              case when ${a.decision === "approved"} then good_until end, ${a.created_at} from undecided
            returning approval_id, deliverable_id, decision, notes, created_at
          )
          update deliverables d set
              review_status = case when ${a.reached} then 'approved' when ${a.decision === "rejected"} then 'rejected'
                else 'pending_review' end,
              review_notes = case when ${a.reached || a.decision !== "approved"} then decided.notes end,
              approval_id = case when ${a.reached} then decided.approval_id end,
              expires_at = case when u.review_status = 'approved' and ${
        a.decision === "approved" && !a.reached
      } then u.decide_until
                else d.expires_at end,
              updated_at = decided.created_at
            from decided join undecided u using (deliverable_id) where d.deliverable_id = decided.deliverable_id
          returning d.deliverable_id`
    },
  })
  const withdraw = SqlSchema.findAll({
    Request: Withdrawal,
    Result: Written,
    execute: (w) =>
      sql`with held as (
            select d.deliverable_id, d.review_status, d.expires_at, ${after("expires_after_seconds")} as decide_until
            from deliverables d
            where d.deliverable_id = ${w.deliverable_id} and d.version = ${w.version} and d.deleted_at is null
              and d.execution_status = 'not_executed' and not d.executing
              and (d.review_status = 'approved' or d.review_status = 'pending_review' and d.revising_since is null)
            for update of d
          ), withdrawn as (
            insert into approval_withdrawals (approval_id, withdrawn_by, reason)
            select ${w.approval_id}, ${w.withdrawn_by}, ${w.reason} from held on conflict (approval_id) do nothing
            returning approval_id
          )
          update deliverables d set review_status = 'pending_review', approval_id = null, review_notes = null,
            expires_at = case when held.review_status = 'approved' then held.decide_until else held.expires_at end,
            updated_at = now()
          from held, withdrawn where d.deliverable_id = held.deliverable_id
          returning d.deliverable_id`,
  })
  const isWritten = (rows: ReadonlyArray<unknown>) => rows.length > 0
  return {
    decide: (decision: NewDecision, making?: NewMaking) => {
      const decided = Effect.map(decide(decision), isWritten)
      if (making === undefined) return Effect.orDie(decided)
      return Effect.orDie(sql.withTransaction(
        Effect.tap(decided, (isDone) => isDone ? beginRevising(sql, making) : Effect.void),
      ))
    },
    withdraw: (withdrawal: Withdrawal) => Effect.orDie(Effect.map(withdraw(withdrawal), isWritten)),
  }
}
