/** The rules of reviews: one decision on the content of a deliverable (domain.md, "Rules: review and execute"). */
import { type Caller, canSee, type CurrentCaller, visibleCustomer } from "@stint/domain/Caller"
import { contentSha256 } from "@stint/domain/Canonical"
import { type DeliveryTarget, targetChanges } from "@stint/domain/Definition/HireSettings"
import {
  type Deliverable,
  type DeliverableGone,
  type DeliverableNotFound,
  type DeliverablesHireDeactivated,
  type SubscriptionEnded,
} from "@stint/domain/deliverables/Deliverables"
import { Approval, ApprovalNotFound, type Decision } from "@stint/domain/deliverables/Reviews"
import { ApprovalId, CustomerId, type DeliverableId } from "@stint/domain/Ids"
import { CustomerNotFound, type InvalidRequest, type PreconditionFailed, type Unavailable } from "@stint/domain/Problem"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, type Page, pageOf, type PageQuery } from "@stint/edge/Paging"
import { Conditions, whenMet } from "@stint/edge/Preconditions"
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { Digest } from "effect/crypto"
import { Deliverables } from "./Deliverables.ts"
import { targetOf, visible } from "./Deliverables/Policy.ts"
import { DeliverablesRepo } from "./Deliverables/Repo.ts"
import type { DeliverableRow } from "./Deliverables/Row.ts"
import { deliverableTag, shown } from "./Deliverables/Wire.ts"
import { mayDecide, type ReviewRefusal } from "./Reviews/Policy.ts"
import { After, ReviewsRepo } from "./Reviews/Repo.ts"

/** Decisions of customers. */
export class Reviews extends Context.Service<Reviews, {
  /** Approves or rejects. Of two concurrent reviews one succeeds, the other fails with AlreadyReviewed. */
  review(
    caller: Caller,
    id: DeliverableId,
    review: { readonly decision: Decision; readonly notes?: string },
  ): Effect.Effect<
    Deliverable,
    | DeliverableNotFound
    | DeliverableGone
    | SubscriptionEnded
    | DeliverablesHireDeactivated
    | ReviewRefusal
    | PreconditionFailed
    | Unavailable
  >
  /** The decisions on a deliverable, deleted or not. */
  ofDeliverable(
    caller: Caller,
    id: DeliverableId,
    page: PageQuery,
  ): Effect.Effect<Page<Approval>, DeliverableNotFound | InvalidRequest>
  get(caller: Caller, id: ApprovalId): Effect.Effect<Approval, ApprovalNotFound>
  /** The decisions of a customer. */
  ofCustomer(
    customer_id: CustomerId,
    page: PageQuery,
  ): Effect.Effect<Page<Approval>, CustomerNotFound | InvalidRequest, CurrentCaller>
}>()("deliverables/Reviews") {
  static readonly layer = Layer.effect(
    Reviews,
    Effect.gen(function* () {
      const repo = yield* ReviewsRepo
      const deliverables = yield* Deliverables
      const rows = yield* DeliverablesRepo
      const ids = yield* Ids
      const digest = yield* Digest.Digest
      const decodeAfter = decodeCursor(After)
      const encodeAfter = Schema.encodeSync(After)

      /** The deliverable's approval when the hire's target is no longer the one that it covers. */
      const staleApproval = Effect.fnUntraced(function* (row: DeliverableRow, target: DeliveryTarget) {
        if (row.approval_id === null) return null
        const approval = yield* repo.find(row.approval_id)
        return Option.isSome(approval) && approval.value.target !== null &&
            targetChanges(approval.value.target, target).length > 0
          ? row.approval_id
          : null
      })

      const review = Effect.fn("Reviews.review")(function* (
        caller: Caller,
        id: DeliverableId,
        { decision, notes }: { readonly decision: Decision; readonly notes?: string },
      ) {
        const conditions = yield* Conditions
        let { hire, row } = yield* deliverables.forDecision(caller, id)
        const target = targetOf(hire)
        // derived from the Idempotency-Key: a repeated request recognises the decision that it stored before a crash
        const approval_id = ApprovalId.make(yield* ids.next("APR"))
        if (row.review_status !== "pending_review" && Option.isSome(yield* repo.find(approval_id))) {
          return yield* shown(row)
        }
        const created_at = DateTime.makeUnsafe(yield* ids.instant)
        for (let decided = false; !decided;) {
          const stale = yield* staleApproval(row, target)
          yield* Effect.fromResult(
            whenMet(conditions, deliverableTag(row), mayDecide(row, decision, stale !== null)),
          )
          const content_sha256 = yield* Effect.provideService(contentSha256(row.payload), Digest.Digest, digest)
          decided = yield* repo.decide(
            Approval.make({
              approval_id,
              deliverable_id: id,
              customer_id: row.customer_id,
              decision,
              notes: notes ?? null,
              content_sha256,
              target: decision === "approved" ? target : null,
              created_at,
            }),
            stale,
            row.version,
          )
          // reviewed, executed or deleted meanwhile: decide again on the row as it is now
          row = yield* deliverables.find(caller, id)
        }
        return yield* shown(row)
      })

      const ofDeliverable = Effect.fn("Reviews.ofDeliverable")(function* (
        caller: Caller,
        id: DeliverableId,
        { cursor, limit = DEFAULT_LIMIT }: PageQuery,
      ) {
        yield* Effect.fromResult(visible(yield* rows.find(id), caller, id))
        const after = yield* decodeAfter(cursor)
        // read whole: a deliverable has one decision
        const all = yield* repo.ofDeliverable(id)
        const start = after === undefined
          ? 0
          : all.entries.findIndex(({ key }) => key.approval_id === after.approval_id) + 1
        return yield* pageOf({ ...all, entries: all.entries.slice(start, start + limit + 1) }, limit, encodeAfter)
      })

      const get = Effect.fn("Reviews.get")(function* (caller: Caller, id: ApprovalId) {
        const found = yield* repo.find(id)
        if (Option.isNone(found) || !canSee(caller, found.value.customer_id)) {
          return yield* new ApprovalNotFound({ detail: id })
        }
        return found.value
      })

      const ofCustomer = Effect.fn("Reviews.ofCustomer")(function* (
        customer_id: CustomerId,
        { cursor, limit = DEFAULT_LIMIT }: PageQuery,
      ) {
        yield* visibleCustomer(customer_id, () => new CustomerNotFound({ detail: customer_id }))
        const after = yield* decodeAfter(cursor)
        const found = yield* repo.ofCustomer({ customer_id, after: after ?? null, limit: limit + 1 })
        return yield* pageOf(found, limit, encodeAfter)
      })

      return Reviews.of({ review, ofDeliverable, get, ofCustomer })
    }),
  )
}
