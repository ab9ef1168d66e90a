/** The rules of reviews: what people decide on the revisions of a deliverable (domain.md, "Rules: review and execute", "People"). */
import { type Caller, canSee, type CurrentCaller, visibleCustomer } from "@stint/domain/Caller"
import { contentSha256 } from "@stint/domain/Canonical"
import { quorumOf } from "@stint/domain/Definition/Approval"
import { type Deliverable, type DeliverableNotFound } from "@stint/domain/deliverables/Deliverables"
import type { AlreadyExecuted, ExecutionInProgress } from "@stint/domain/deliverables/Executions"
import {
  type Approval,
  ApprovalNotFound,
  type ChangesImpossible,
  type Decision,
  type DecisionItem,
  type NotWithdrawable,
  type TooManyRevisions,
} from "@stint/domain/deliverables/Reviews"
import { ApprovalId, CustomerId, type DeliverableId, type MandateId } from "@stint/domain/Ids"
import { CustomerNotFound, type InvalidRequest, type PreconditionFailed, type Unavailable } from "@stint/domain/Problem"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, notOfThisList, type Page, pageOf, type PageQuery } from "@stint/edge/Paging"
import { Conditions, whenMet } from "@stint/edge/Preconditions"
import { Context, DateTime, Effect, Layer, Option, Result, Schema } from "effect"
import { Digest } from "effect/crypto"
import { type Decidable, Deliverables, type Undecidable } from "./Deliverables.ts"
import { targetOf, visible } from "./Deliverables/Policy.ts"
import { DeliverablesRepo } from "./Deliverables/Repo.ts"
import { deliverableTag, hashed, shown, toDeliverable } from "./Deliverables/Wire.ts"
import { mayDecide, mayWithdraw, type ReviewRefusal } from "./Reviews/Policy.ts"
import { After, ReviewsRepo } from "./Reviews/Repo.ts"
import type { GivenRow } from "./Reviews/Row.ts"
import { Revising } from "./Revising.ts"

/** A decision, and which revision it is on, by number or SHA-256; without one it is on whatever is there. */
export interface Review {
  readonly decision: Decision
  readonly notes?: string
  readonly revision?: number
  readonly content_sha256?: string
}

/** Why a decision can't be taken. */
export type ReviewFailure = Undecidable | ReviewRefusal | TooManyRevisions | ChangesImpossible | PreconditionFailed

/** Why an approval can't be withdrawn. */
export type WithdrawFailure = ApprovalNotFound | NotWithdrawable | AlreadyExecuted | ExecutionInProgress

/** An approval on the wire. */
const shownOf = ({ is_too_old: _, ...approval }: GivenRow): Approval => approval

/** How many decisions of one request are taken at once. */
const AT_ONCE = 8

/** Which of a customer's decisions: those that a mandate gave, or all. */
export interface ApprovalsQuery extends PageQuery {
  readonly mandate_id?: MandateId
}

/** Decisions of customers. */
export class Reviews extends Context.Service<Reviews, {
  /** Approves, rejects, or asks for changes. Of two concurrent decisions of which one is final the other fails. */
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
  /** Withdraws an approval; one that is withdrawn already is shown as it is. */
  withdraw(caller: Caller, id: ApprovalId, reason: string | undefined): Effect.Effect<Approval, WithdrawFailure>
  /** The decisions of a customer. */
  ofCustomer(
    customer_id: CustomerId,
    page: ApprovalsQuery,
  ): Effect.Effect<Page<Approval>, CustomerNotFound | InvalidRequest, CurrentCaller>
}>()("deliverables/Reviews") {
  static readonly layer = Layer.effect(
    Reviews,
    Effect.gen(function* () {
      const repo = yield* ReviewsRepo
      const deliverables = yield* Deliverables
      const rows = yield* DeliverablesRepo
      const revising = yield* Revising
      const ids = yield* Ids
      const digest = yield* Digest.Digest
      const decodeAfter = decodeCursor(After)
      const encodeAfter = Schema.encodeSync(After)

      // derived from the Idempotency-Key: a repeated request recognises the decision that it stored before a crash
      const nextId = Effect.map(ids.next("APR"), (id) => ApprovalId.make(id))

      /** Whether this very decision is stored: a repeat after a crash. */
      const isMine = (approval_id: ApprovalId, id: DeliverableId) =>
        Effect.map(repo.find(approval_id), (mine) => Option.isSome(mine) && mine.value.deliverable_id === id)

      /** Takes one decision, under this id; the row as it is then. */
      const take = Effect.fnUntraced(function* (
        caller: Caller,
        approval_id: ApprovalId,
        { hire, row: found }: Decidable,
        { notes, ...shown }: Review,
      ) {
        const conditions = yield* Conditions
        const { definition_version } = hire
        const asked = { ...shown, person: caller.subject }
        const created_at = DateTime.makeUnsafe(yield* ids.instant)
        let row = found
        for (let decided = false; !decided;) {
          const { customer_id, deliverable_id, revision, version } = row
          const covered = {
            content_sha256: yield* contentSha256(row.payload),
            target: targetOf(hire),
            definition_version,
          }
          const judged = {
            row,
            covered,
            // the first of a draft that one person decides on
            given: row.approval_id === null && quorumOf(row.approval_rules) === 1
              ? []
              : yield* repo.given(deliverable_id),
          }
          const may = whenMet(conditions, deliverableTag(row), mayDecide(judged, asked))
          if (Result.isFailure(may)) {
            return (yield* isMine(approval_id, deliverable_id)) ? row : yield* Effect.fail(may.failure)
          }
          const isApproval = asked.decision === "approved"
          const making = asked.decision === "changes_requested"
            ? yield* revising.prepare({ hire, row }, approval_id, notes ?? "")
            : undefined
          decided = yield* repo.decide({
            approval_id,
            deliverable_id,
            customer_id,
            decision: asked.decision,
            notes: notes ?? null,
            content_sha256: covered.content_sha256,
            target: isApproval ? covered.target : null,
            revision,
            decided_by: caller.subject,
            mandate_id: null,
            definition_version: isApproval ? definition_version : null,
            created_at,
            version,
            reached: may.success.reached,
          }, making)
          if (decided && making !== undefined) yield* revising.begun
          // decided on, edited, executed or deleted meanwhile: judge the row as it is now
          row = yield* deliverables.find(caller, deliverable_id)
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
        // read whole: of each revision a few people decide
        const all = yield* repo.ofDeliverable(id)
        const at = all.entries.findIndex(({ key }) => key.approval_id === after?.approval_id)
        // no approval is ever deleted: one that isn't there is another deliverable's
        if (after !== undefined && at < 0) return yield* notOfThisList
        const start = at + 1
        return yield* pageOf({ ...all, entries: all.entries.slice(start, start + limit + 1) }, limit, encodeAfter)
      })

      const own = Effect.fnUntraced(function* (caller: Caller, id: ApprovalId) {
        const found = yield* repo.find(id)
        return Option.isSome(found) && canSee(caller, found.value.customer_id)
          ? found.value
          : yield* new ApprovalNotFound({ detail: id })
      })

      const get = Effect.fn("Reviews.get")((caller: Caller, id: ApprovalId) => Effect.map(own(caller, id), shownOf))

      const withdraw = Effect.fn("Reviews.withdraw")(function* (
        caller: Caller,
        id: ApprovalId,
        reason: string | undefined,
      ) {
        for (;;) {
          const approval = yield* own(caller, id)
          if (approval.withdrawn_at !== null) return shownOf(approval)
          const { deliverable_id } = approval
          const row = Option.getOrThrow(yield* rows.find(deliverable_id))
          yield* Effect.fromResult(mayWithdraw(row, yield* repo.given(deliverable_id), approval))
          yield* repo.withdraw({
            approval_id: id,
            deliverable_id,
            version: row.version,
            withdrawn_by: caller.subject,
            reason: reason ?? null,
          })
          // read again: withdrawn, or what it is of was written meanwhile
        }
      })

      const ofCustomer = Effect.fn("Reviews.ofCustomer")(function* (
        customer_id: CustomerId,
        { cursor, limit = DEFAULT_LIMIT, mandate_id }: ApprovalsQuery,
      ) {
        yield* visibleCustomer(customer_id, () => new CustomerNotFound({ detail: customer_id }))
        const after = yield* decodeAfter(cursor)
        const found = yield* repo.ofCustomer({
          customer_id,
          mandate_id: mandate_id ?? null,
          after: after ?? null,
          limit: limit + 1,
        })
        return yield* pageOf(found, limit, encodeAfter)
      })

      return Reviews.of({ review, decide, ofDeliverable, get, withdraw, ofCustomer })
    }),
  )
}
