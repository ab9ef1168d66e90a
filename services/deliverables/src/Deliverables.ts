/** The rules of reading, listing and deleting deliverables. */
import { type Caller, type CurrentCaller, visibleCustomer } from "@stint/domain/Caller"
import {
  type Deliverable,
  type DeliverableCounts,
  type DeliverableGone,
  type DeliverableNotFound,
  type DeliverablesHireDeactivated,
  type DeliverablesHireGone,
  type DeliverablesHireNotFound,
  type ExecutionStatus,
  type ReviewStatus,
  type SubscriptionEnded,
} from "@stint/domain/deliverables/Deliverables"
import type { LookedUpHire } from "@stint/domain/hiring/Feed"
import type { AgentTypeId, CustomerId, DeliverableId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { CustomerNotFound, type InvalidRequest, type PreconditionFailed, Unavailable } from "@stint/domain/Problem"
import type { Page, PageQuery } from "@stint/edge/Paging"
import { Conditions, met } from "@stint/edge/Preconditions"
import { Context, DateTime, Effect, Layer, Result } from "effect"
import { Digest } from "effect/crypto"
import { hireOf, Hiring } from "./Clients.ts"
import { mayBeRetired, notCanceled, notDeactivated, notDeleted, notRetired, visible } from "./Deliverables/Policy.ts"
import { makeLists } from "./Deliverables/Lists.ts"
import { DeliverablesRepo } from "./Deliverables/Repo.ts"
import type { DeliverableRow } from "./Deliverables/Row.ts"
import { deliverableTag, shown } from "./Deliverables/Wire.ts"

/** Which page of a list, newest first, and of which review status (any without). */
export interface ListQuery extends PageQuery {
  readonly review_status?: ReviewStatus
}

/** Which page of which deliverables; what is left out filters nothing. A customer has its own alone. */
export interface InboxQuery extends ListQuery {
  readonly customer_id?: CustomerId
  readonly agent_id?: AgentTypeId
  readonly goal_instance_id?: GoalInstanceId
  readonly hired_instance_id?: HiredInstanceId
  readonly execution_status?: ExecutionStatus
  /** A text of its title or payload. */
  readonly search?: string
  /** Made from this instant on. */
  readonly from?: DateTime.Utc
  /** Made before this instant. */
  readonly to?: DateTime.Utc
  /** Only what waits for a decision and expires within a day. */
  readonly expiring?: "true"
  /** Newest first unless it says otherwise. */
  readonly order?: "created" | "expiry"
}

/** A deliverable that may be decided on or executed, with its hire. */
export interface Decidable {
  readonly row: DeliverableRow
  readonly hire: LookedUpHire
}

/** Why one may not be decided on or executed at all. */
export type Undecidable =
  | DeliverableNotFound
  | DeliverableGone
  | SubscriptionEnded
  | DeliverablesHireDeactivated
  | Unavailable

/** How many rows are read at once for a request of many. */
const READS = 8

/** Deliverables, as their readers see them. */
export class Deliverables extends Context.Service<Deliverables, {
  /** One. Gone: it was deleted, or its hire is past its retention. */
  get(
    caller: Caller,
    id: DeliverableId,
  ): Effect.Effect<Deliverable, DeliverableNotFound | DeliverableGone | Unavailable>
  /** The deliverables of a customer; of all customers for those who see all and name none. */
  inbox(
    query: InboxQuery,
  ): Effect.Effect<Page<Deliverable>, CustomerNotFound | InvalidRequest | Unavailable, CurrentCaller>
  /** The deliverables of one hire. */
  byHire(
    caller: Caller,
    hire: HiredInstanceId,
    query: ListQuery,
  ): Effect.Effect<Page<Deliverable>, DeliverablesHireNotFound | DeliverablesHireGone | InvalidRequest | Unavailable>
  /** Deletes one. Its row and its approvals stay stored. */
  remove(
    caller: Caller,
    id: DeliverableId,
  ): Effect.Effect<void, DeliverableNotFound | DeliverableGone | PreconditionFailed | Unavailable>
  /** The row of one, unless it is deleted or its hire is past its retention. */
  readable(
    caller: Caller,
    id: DeliverableId,
  ): Effect.Effect<DeliverableRow, DeliverableNotFound | DeliverableGone | Unavailable>
  /** The row of one, unless it is deleted. */
  find(caller: Caller, id: DeliverableId): Effect.Effect<DeliverableRow, DeliverableNotFound | DeliverableGone>
  /**
   * The row of one with its hire, for a review or an execution, which need a subscription that has not ended and a hire that
   * is not deactivated.
   */
  forDecision(caller: Caller, id: DeliverableId): Effect.Effect<Decidable, Undecidable>
  /** The same for many, in their order; their hires are looked up at once. */
  forDecisions(
    caller: Caller,
    ids: ReadonlyArray<DeliverableId>,
  ): Effect.Effect<ReadonlyArray<Result.Result<Decidable, Undecidable>>, Unavailable>
  /** How many wait for what, of a customer; of all customers for those who see all and name none. */
  counts(
    customer_id: CustomerId | undefined,
  ): Effect.Effect<DeliverableCounts, CustomerNotFound, CurrentCaller>
}>()("deliverables/Deliverables") {
  static readonly layer = Layer.effect(
    Deliverables,
    Effect.gen(function* () {
      const repo = yield* DeliverablesRepo
      const hiring = yield* Hiring
      const digest = yield* Digest.Digest
      const lists = yield* makeLists

      const find = Effect.fnUntraced(function* (caller: Caller, id: DeliverableId) {
        const row = yield* Effect.fromResult(visible(yield* repo.find(id), caller, id))
        return yield* Effect.fromResult(notDeleted(row))
      })

      const hireNotRetired = (row: DeliverableRow) =>
        Effect.flatMap(hireOf(hiring, row.hired_instance_id), (hire) => Effect.fromResult(notRetired(row, hire)))

      const readable = Effect.fnUntraced(function* (caller: Caller, id: DeliverableId) {
        const row = yield* find(caller, id)
        if (mayBeRetired(row, yield* DateTime.now)) yield* hireNotRetired(row)
        return row
      })

      const get = Effect.fn("Deliverables.get")((caller: Caller, id: DeliverableId) =>
        Effect.provideService(Effect.flatMap(readable(caller, id), shown), Digest.Digest, digest)
      )

      const decidable = (row: DeliverableRow, hire: LookedUpHire | undefined): Result.Result<Decidable, Undecidable> =>
        notRetired(row, hire).pipe(
          Result.flatMap(notCanceled),
          Result.flatMap(notDeactivated),
          Result.map((hire) => ({ row, hire })),
        )

      const forDecision = Effect.fn("Deliverables.forDecision")(function* (caller: Caller, id: DeliverableId) {
        const row = yield* find(caller, id)
        return yield* Effect.fromResult(decidable(row, yield* hireOf(hiring, row.hired_instance_id)))
      })

      const forDecisions = Effect.fn("Deliverables.forDecisions")(function* (
        caller: Caller,
        ids: ReadonlyArray<DeliverableId>,
      ) {
        const rows = yield* Effect.forEach(ids, (id) => Effect.result(find(caller, id)), { concurrency: READS })
        const hired_instance_ids = [
          ...new Set(rows.filter(Result.isSuccess).map(({ success }) => success.hired_instance_id)),
        ]
        const { failed = [], hires, unread } = hired_instance_ids.length === 0
          ? { hires: [] }
          : yield* hiring.lookup({ hired_instance_ids }, { apart: true })
        const byId = new Map(hires.map((hire) => [hire.hired_instance_id, hire]))
        return rows.map(Result.flatMap((row) => {
          const id = row.hired_instance_id
          return failed.includes(id) || unread?.hires.includes(id)
            ? Result.fail(new Unavailable({ detail: `hiring can't read ${id} now` }))
            : decidable(row, byId.get(id))
        }))
      })

      const counts = Effect.fn("Deliverables.counts")(function* (asked: CustomerId | undefined) {
        const customer_id = yield* visibleCustomer(asked, () => new CustomerNotFound({ detail: asked ?? "" }))
        return yield* repo.counts(customer_id ?? null)
      })

      const remove = Effect.fn("Deliverables.remove")(function* (caller: Caller, id: DeliverableId) {
        const conditions = yield* Conditions
        let row = yield* readable(caller, id)
        while (true) {
          yield* Effect.fromResult(met(conditions, deliverableTag(row)))
          if (yield* repo.remove(id, row.version)) return
          // written meanwhile: judge the row as it is now; deleted: find fails with DeliverableGone
          row = yield* find(caller, id)
        }
      })

      return Deliverables.of({ get, readable, remove, find, forDecision, forDecisions, counts, ...lists })
    }),
  )
}
