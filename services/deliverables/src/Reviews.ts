/** The rules of reviews: one decision on the content of a deliverable (domain.md, "Rules: review and execute"). */
import { type Caller, canSee, type CurrentCaller, visibleCustomer } from "@stint/domain/Caller"
import { contentSha256 } from "@stint/domain/Canonical"
import { type DeliveryTarget, targetChanges } from "@stint/domain/Definition/HireSettings"
import { type Deliverable, type DeliverableNotFound } from "@stint/domain/deliverables/Deliverables"
import {
  Approval,
  ApprovalNotFound,
  type Decision,
  type DecisionItem,
  RevisionChanged,
} from "@stint/domain/deliverables/Reviews"
import { ApprovalId, CustomerId, type DeliverableId } from "@stint/domain/Ids"
import { CustomerNotFound, type InvalidRequest, type PreconditionFailed, type Unavailable } from "@stint/domain/Problem"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, type Page, pageOf, type PageQuery } from "@stint/edge/Paging"
import { Conditions, whenMet } from "@stint/edge/Preconditions"
import { Context, DateTime, Effect, Layer, Option, Result, Schema } from "effect"
import { Digest } from "effect/crypto"
import { type Decidable, Deliverables, type Undecidable } from "./Deliverables.ts"
import { targetOf, visible } from "./Deliverables/Policy.ts"
import { DeliverablesRepo } from "./Deliverables/Repo.ts"
import type { DeliverableRow } from "./Deliverables/Row.ts"
import { deliverableTag, hashed, shown, toDeliverable } from "./Deliverables/Wire.ts"
import { mayDecide, type ReviewRefusal } from "./Reviews/Policy.ts"
import { After, ReviewsRepo } from "./Reviews/Repo.ts"

/** A decision, and the SHA-256 of the content that it is on; without one it is on whatever the content is. */
export interface Review {
  readonly decision: Decision
  readonly notes?: string
  readonly content_sha256?: string
}

/** Why a decision can't be taken. */
export type ReviewFailure = Undecidable | ReviewRefusal | RevisionChanged | PreconditionFailed

/** How many decisions of one request are taken at once. */
const AT_ONCE = 8

/** Decisions of customers. */
export class Reviews extends Context.Service<Reviews, {
  /** Approves or rejects. Of two concurrent reviews one succeeds, the other fails with AlreadyReviewed. */
  review(caller: Caller, id: DeliverableId, review: Review): Effect.Effect<Deliverable, ReviewFailure>
  /** Takes many decisions, each by itself; what came of them, in their order. */
  decide(
    caller: Caller,
    items: ReadonlyArray<DecisionItem>,
  ): Effect.Effect<ReadonlyArray<Result.Result<Deliverable, ReviewFailure>>, Unavailable>
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

      // derived from the Idempotency-Key: a repeated request recognises the decision that it stored before a crash
      const nextId = Effect.map(ids.next("APR"), (id) => ApprovalId.make(id))

      /** Takes one decision, under this id; the row as it is then. */
      const take = Effect.fnUntraced(function* (
        caller: Caller,
        approval_id: ApprovalId,
        { hire, row: found }: Decidable,
        { content_sha256: asShown, decision, notes }: Review,
      ) {
        const conditions = yield* Conditions
        const { deliverable_id: id } = found
        const target = targetOf(hire)
        if (found.review_status !== "pending_review") {
          const mine = yield* repo.find(approval_id)
          if (Option.isSome(mine) && mine.value.deliverable_id === id) return found
        }
        const created_at = DateTime.makeUnsafe(yield* ids.instant)
        let row = found
        for (let decided = false; !decided;) {
          const stale = yield* staleApproval(row, target)
          yield* Effect.fromResult(
            whenMet(conditions, deliverableTag(row), mayDecide(row, decision, stale !== null)),
          )
          const content_sha256 = yield* contentSha256(row.payload)
          if (asShown !== undefined && asShown !== content_sha256) {
            return yield* new RevisionChanged({
              detail: `The content of ${id} is not the one with the hash ${asShown}; look at it again`,
              content_sha256,
            })
          }
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
        return row
      }, Effect.provideService(Digest.Digest, digest))

      const review = Effect.fn("Reviews.review")(function* (caller: Caller, id: DeliverableId, review: Review) {
        const decidable = yield* deliverables.forDecision(caller, id)
        const row = yield* take(caller, yield* nextId, decidable, review)
        return yield* Effect.provideService(shown(row), Digest.Digest, digest)
      })

      const decide = Effect.fn("Reviews.decide")(function* (caller: Caller, items: ReadonlyArray<DecisionItem>) {
        // drawn before anything can be refused: in a repeat the n-th is that of the n-th item again
        const approvalIds = yield* Effect.forEach(items, () => nextId)
        const found = yield* deliverables.forDecisions(caller, items.map(({ deliverable_id }) => deliverable_id))
        return yield* Effect.forEach(
          items,
          (item, i) =>
            Effect.fromResult(found[i]!).pipe(
              Effect.flatMap((decidable) => take(caller, approvalIds[i]!, decidable, item)),
              Effect.flatMap(hashed),
              Effect.map(toDeliverable),
              Effect.result,
            ),
          { concurrency: AT_ONCE },
        ).pipe(Effect.provideService(Digest.Digest, digest))
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

      return Reviews.of({ review, decide, ofDeliverable, get, ofCustomer })
    }),
  )
}
