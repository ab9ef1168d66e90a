/** Where decisions are kept: an approval and what it decides, in one statement. */
import { PgClient } from "@effect/sql-pg"
import { Approval } from "@stint/domain/deliverables/Approvals"
import { ApprovalId, CustomerId, DeliverableId } from "@stint/domain/Ids"
import { Instant } from "@stint/domain/Protocol"
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { MemoryTables } from "../MemoryTables.ts"

/** Where a page of approvals goes on: after this one, newest first. */
export const After = Schema.Struct({ created_at: Instant, approval_id: ApprovalId })
export type After = typeof After.Type

const OfCustomer = Schema.Struct({ customer_id: CustomerId, after: Schema.NullOr(After), limit: Schema.Int })

/** Approvals and rejections. */
export class ReviewsRepo extends Context.Service<ReviewsRepo, {
  /**
   * Keeps the decision and decides the deliverable by it, if that still waits for one: it is pending review, neither
   * deleted nor executed nor on its way. False, and nothing is changed, when it does not.
   */
  decide(decision: Approval): Effect.Effect<boolean>
  find(id: ApprovalId): Effect.Effect<Option.Option<Approval>>
  ofDeliverable(id: DeliverableId): Effect.Effect<ReadonlyArray<Approval>>
  /** Newest first. */
  ofCustomer(page: typeof OfCustomer.Type): Effect.Effect<ReadonlyArray<Approval>>
}>()("deliverables/ReviewsRepo") {
  static readonly layerPg = Layer.effect(
    ReviewsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const decide = SqlSchema.findAll({
        Request: Approval.insert,
        Result: Schema.Struct({ deliverable_id: DeliverableId }),
        execute: (a) =>
          sql`with waiting as (
                select deliverable_id from deliverables
                where deliverable_id = ${a.deliverable_id} and review_status = 'pending_review' and deleted_at is null
                  and execution_status = 'not_executed' and not executing
                for update
              ), kept as (
                insert into approvals (approval_id, deliverable_id, customer_id, decision, notes, content_sha256, created_at)
                select ${a.approval_id}, deliverable_id, ${a.customer_id}, ${a.decision}, ${a.notes}, ${a.content_sha256},
                  ${a.created_at} from waiting
                returning approval_id, deliverable_id, decision, notes, created_at
              )
              update deliverables d set review_status = kept.decision, review_notes = kept.notes,
                approval_id = case when kept.decision = 'approved' then kept.approval_id end, updated_at = kept.created_at
              from kept where d.deliverable_id = kept.deliverable_id
              returning d.deliverable_id`,
      })
      const find = SqlSchema.findOneOption({
        Request: ApprovalId,
        Result: Approval,
        execute: (id) => sql`select * from approvals where approval_id = ${id}`,
      })
      const ofDeliverable = SqlSchema.findAll({
        Request: DeliverableId,
        Result: Approval,
        execute: (id) =>
          sql`select * from approvals where deliverable_id = ${id} order by created_at desc, approval_id`,
      })
      const ofCustomer = SqlSchema.findAll({
        Request: OfCustomer,
        Result: Approval,
        execute: ({ after, customer_id, limit }) =>
          sql`select * from approvals where customer_id = ${customer_id} ${
            after === null
              ? sql``
              : sql`and (created_at, approval_id) < (${after.created_at}::timestamptz, ${after.approval_id})`
          } order by created_at desc, approval_id desc limit ${limit}`,
      })
      return ReviewsRepo.of({
        decide: (decision) => Effect.orDie(Effect.map(decide(decision), (decided) => decided.length > 0)),
        find: (id) => Effect.orDie(find(id)),
        ofDeliverable: (id) => Effect.orDie(ofDeliverable(id)),
        ofCustomer: (page) => Effect.orDie(ofCustomer(page)),
      })
    }),
  )

  static readonly layerMemory = Layer.effect(
    ReviewsRepo,
    Effect.map(MemoryTables, (tables) => {
      const all = (keep: (approval: Approval) => boolean) =>
        [...tables.approvals.values()].filter(keep).sort(newestFirst)
      return ReviewsRepo.of({
        decide: (decision) =>
          Effect.sync(() => {
            const stored = tables.deliverables.get(decision.deliverable_id)
            if (
              stored === undefined || stored.review_status !== "pending_review" || stored.deleted_at !== null ||
              stored.execution_status === "executed" || stored.executing
            ) return false
            tables.approvals.set(decision.approval_id, decision)
            tables.deliverables.set(stored.deliverable_id, {
              ...stored,
              review_status: decision.decision,
              review_notes: decision.notes,
              approval_id: decision.decision === "approved" ? decision.approval_id : null,
              updated_at: decision.created_at,
            })
            return true
          }),
        find: (id) => Effect.sync(() => Option.fromUndefinedOr(tables.approvals.get(id))),
        ofDeliverable: (id) => Effect.sync(() => all((approval) => approval.deliverable_id === id)),
        ofCustomer: ({ after, customer_id, limit }) =>
          Effect.sync(() =>
            all((a) => a.customer_id === customer_id && (after === null || newestFirst(a, after) > 0)).slice(0, limit)
          ),
      })
    }),
  )
}

/** The order of lists: by age, then by id, both falling. */
const newestFirst = (a: After, b: After): number =>
  DateTime.toEpochMillis(b.created_at) - DateTime.toEpochMillis(a.created_at) ||
  (a.approval_id < b.approval_id ? 1 : a.approval_id > b.approval_id ? -1 : 0)
