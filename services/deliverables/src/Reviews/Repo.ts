/** The SQL of reviews. */
import { PgClient } from "@effect/sql-pg"
import { Approval } from "@stint/domain/deliverables/Reviews"
import { ApprovalId, CustomerId, DeliverableId } from "@stint/domain/Ids"
import { Instant } from "@stint/domain/Protocol"
import { InstantColumn } from "@stint/domain/Instants"
import { Context, Effect, Layer, type Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Taken } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"

/** The key of a page of approvals, newest first. */
export const After = Schema.Struct({ created_at: Instant, approval_id: ApprovalId })

/** The same key as it is in a row. */
const Place = Schema.Struct({ created_at: InstantColumn, approval_id: ApprovalId })

const OfCustomer = Schema.Struct({ customer_id: CustomerId, after: Schema.NullOr(After), limit: Schema.Int })

/** Approvals and rejections. */
export class ReviewsRepo extends Context.Service<ReviewsRepo, {
  /**
   * Stores the decision and sets the review status by it; `stale` is the approval that it replaces. False, and nothing is
   * changed, when the deliverable was written since it had that version, or an execution of it is pending.
   */
  decide(decision: Approval, stale: ApprovalId | null, version: number): Effect.Effect<boolean>
  find(id: ApprovalId): Effect.Effect<Option.Option<Approval>>
  /** The decisions on a deliverable, newest first. */
  ofDeliverable(id: DeliverableId): Effect.Effect<Taken<Approval, typeof Place.Type>>
  /** The decisions of a customer, newest first. */
  ofCustomer(page: typeof OfCustomer.Type): Effect.Effect<Taken<Approval, typeof Place.Type>>
}>()("deliverables/ReviewsRepo") {
  static readonly layer = Layer.effect(
    ReviewsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const decide = SqlSchema.findAll({
        Request: Schema.Struct({ ...Approval.insert.fields, stale: Schema.NullOr(ApprovalId), version: Schema.Int }),
        Result: Schema.Struct({ deliverable_id: DeliverableId }),
        execute: (a) =>
          sql`with undecided as (
                select deliverable_id from deliverables
                where deliverable_id = ${a.deliverable_id} and version = ${a.version} and deleted_at is null
                  and (review_status = 'pending_review' or review_status = 'approved' and approval_id = ${a.stale}::varchar)
                  and execution_status = 'not_executed' and not executing
                for update
              ), decided as (
                insert into approvals (approval_id, deliverable_id, customer_id, decision, notes, content_sha256, target,
                  created_at)
                select ${a.approval_id}, deliverable_id, ${a.customer_id}, ${a.decision}, ${a.notes}, ${a.content_sha256},
                  ${a.target === null ? null : sql.json(a.target)}::jsonb, ${a.created_at} from undecided
                returning approval_id, deliverable_id, decision, notes, created_at
              )
              update deliverables d set review_status = decided.decision, review_notes = decided.notes,
                approval_id = case when decided.decision = 'approved' then decided.approval_id end, updated_at = decided.created_at
              from decided where d.deliverable_id = decided.deliverable_id
              returning d.deliverable_id`,
      })
      const find = SqlSchema.findOneOption({
        Request: ApprovalId,
        Result: Approval,
        execute: (id) => sql`select * from approvals where approval_id = ${id}`,
      })
      const ofDeliverable = findReadable(sql, {
        what: "approvals",
        Request: DeliverableId,
        Key: Place,
        Result: Approval,
        query: (id) => sql`select * from approvals where deliverable_id = ${id} order by created_at desc, approval_id`,
      })
      const ofCustomer = findReadable(sql, {
        what: "approvals",
        Request: OfCustomer,
        Key: Place,
        Result: Approval,
        query: ({ after, customer_id, limit }) =>
          sql`select * from approvals where customer_id = ${customer_id} ${
            after === null
              ? sql``
              : sql`and (created_at, approval_id) < (${after.created_at}::timestamptz, ${after.approval_id})`
          } order by created_at desc, approval_id desc limit ${limit}`,
      })
      return ReviewsRepo.of({
        decide: (decision, stale, version) =>
          Effect.orDie(Effect.map(decide({ ...decision, stale, version }), (rows) => rows.length > 0)),
        find: (id) => Effect.orDie(find(id)),
        ofDeliverable: (id) => Effect.orDie(ofDeliverable(id)),
        ofCustomer: (page) => Effect.orDie(ofCustomer(page)),
      })
    }),
  )
}
