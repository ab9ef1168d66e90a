/** The rules of reading, listing and deleting deliverables. */
import type { Caller } from "@stint/domain/Caller"
import { type ReviewStatus } from "@stint/domain/deliverables/Approvals"
import {
  type Deliverable,
  type DeliverableGone,
  type DeliverableNotFound,
  DeliverablesHireGone,
  DeliverablesHireNotFound,
  type SubscriptionEnded,
} from "@stint/domain/deliverables/Deliverables"
import type { LookedUpHire } from "@stint/domain/hiring/Feed"
import type { CustomerId, DeliverableId, HiredInstanceId } from "@stint/domain/Ids"
import type { CustomerNotFound, InvalidRequest, Unavailable } from "@stint/domain/Problem"
import { decodeCursor, DEFAULT_LIMIT, pageOf } from "@stint/edge/Paging"
import { Context, DateTime, Effect, Layer, Schema } from "effect"
import { hireOf, Hiring } from "./Clients.ts"
import {
  isVisible,
  mayBeRetired,
  notCanceled,
  notDeleted,
  notRetired,
  ownCustomer,
  visible,
} from "./Deliverables/Policy.ts"
import { After, DeliverablesRepo, type Listing } from "./Deliverables/Repo.ts"
import { type DeliverableRow, toDeliverable } from "./Deliverables/Row.ts"

/** Which page of a list, and of which review status. */
export interface ListQuery {
  readonly review_status?: ReviewStatus
  readonly cursor?: string
  readonly limit?: number
}

/** A page of deliverables, newest first. */
export interface DeliverablesPage {
  readonly items: ReadonlyArray<Deliverable>
  readonly next_cursor: string | null
}

/** Deliverables, as their readers see them. */
export class Deliverables extends Context.Service<Deliverables, {
  /** One. Gone: it was deleted, or its hire is past its retention. */
  get(
    caller: Caller,
    id: DeliverableId,
  ): Effect.Effect<Deliverable, DeliverableNotFound | DeliverableGone | Unavailable>
  /** A customer's, of all its hires. */
  inbox(
    caller: Caller,
    customer_id: CustomerId,
    query: ListQuery,
  ): Effect.Effect<DeliverablesPage, CustomerNotFound | InvalidRequest | Unavailable>
  /** A hire's. */
  byHire(
    caller: Caller,
    hire: HiredInstanceId,
    query: ListQuery,
  ): Effect.Effect<DeliverablesPage, DeliverablesHireNotFound | DeliverablesHireGone | InvalidRequest | Unavailable>
  /** Deletes one: the row and its approvals stay, and are shown no more. */
  remove(
    caller: Caller,
    id: DeliverableId,
  ): Effect.Effect<void, DeliverableNotFound | DeliverableGone | Unavailable>
  /** A row, as it is now. */
  find(caller: Caller, id: DeliverableId): Effect.Effect<DeliverableRow, DeliverableNotFound | DeliverableGone>
  /** A row and its hire, for a decision about it: it is there for the caller, and its subscription has not ended. */
  forDecision(caller: Caller, id: DeliverableId): Effect.Effect<
    { readonly row: DeliverableRow; readonly hire: LookedUpHire },
    DeliverableNotFound | DeliverableGone | SubscriptionEnded | Unavailable
  >
}>()("deliverables/Deliverables") {
  static readonly layerNoDeps = Layer.effect(
    Deliverables,
    Effect.gen(function* () {
      const repo = yield* DeliverablesRepo
      const hiring = yield* Hiring
      const afterOf = decodeCursor(After)
      const encodeAfter = Schema.encodeSync(After)

      const find = Effect.fnUntraced(function* (caller: Caller, id: DeliverableId) {
        const row = yield* Effect.fromResult(visible(yield* repo.find(id), caller, id))
        return yield* Effect.fromResult(notDeleted(row))
      })

      const get = Effect.fn("Deliverables.get")(function* (caller: Caller, id: DeliverableId) {
        const row = yield* find(caller, id)
        if (mayBeRetired(row, yield* DateTime.now)) {
          yield* Effect.fromResult(notRetired(row, yield* hireOf(hiring, row.hired_instance_id)))
        }
        return toDeliverable(row)
      })

      const forDecision = Effect.fn("Deliverables.forDecision")(function* (caller: Caller, id: DeliverableId) {
        const row = yield* find(caller, id)
        const hire = yield* Effect.fromResult(notRetired(row, yield* hireOf(hiring, row.hired_instance_id)))
        yield* Effect.fromResult(notCanceled(hire))
        return { row, hire }
      })

      const list = Effect.fnUntraced(function* (
        of: Pick<Listing, "customer_id" | "hired_instance_id">,
        { cursor, limit = DEFAULT_LIMIT, review_status }: ListQuery,
      ) {
        const after = yield* afterOf(cursor)
        const rows = yield* repo.list({
          ...of,
          review_status: review_status ?? null,
          after: after ?? null,
          limit: limit + 1,
        })
        const page = pageOf(rows, limit, encodeAfter)
        return { items: page.items.map(toDeliverable), next_cursor: page.next_cursor }
      })

      /** Leaves out what is past its hire's retention; only drafts that are old enough to be are asked about, at once. */
      const withoutRetired = Effect.fnUntraced(function* (items: ReadonlyArray<Deliverable>) {
        const now = yield* DateTime.now
        const old = [...new Set(items.filter((item) => mayBeRetired(item, now)).map((item) => item.hired_instance_id))]
        if (old.length === 0) return items
        const { hires } = yield* hiring.lookup({ hired_instance_ids: old })
        const shown = new Set(hires.filter((hire) => !hire.gone).map((hire) => hire.hired_instance_id))
        return items.filter((item) => !old.includes(item.hired_instance_id) || shown.has(item.hired_instance_id))
      })

      const inbox = Effect.fn("Deliverables.inbox")(
        function* (caller: Caller, customer_id: CustomerId, query: ListQuery) {
          yield* Effect.fromResult(ownCustomer(caller, customer_id))
          const page = yield* list({ customer_id, hired_instance_id: null }, query)
          return { ...page, items: yield* withoutRetired(page.items) }
        },
      )

      const byHire = Effect.fn("Deliverables.byHire")(
        function* (caller: Caller, hired_instance_id: HiredInstanceId, query: ListQuery) {
          const hire = yield* hireOf(hiring, hired_instance_id)
          if (hire === undefined || !isVisible(caller, hire.customer_id)) {
            return yield* new DeliverablesHireNotFound({ detail: hired_instance_id })
          }
          if (hire.gone) return yield* new DeliverablesHireGone({ detail: hired_instance_id })
          return yield* list({ customer_id: null, hired_instance_id }, query)
        },
      )

      const remove = Effect.fn("Deliverables.remove")(function* (caller: Caller, id: DeliverableId) {
        const row = yield* find(caller, id)
        if (mayBeRetired(row, yield* DateTime.now)) {
          yield* Effect.fromResult(notRetired(row, yield* hireOf(hiring, row.hired_instance_id)))
        }
        // who deletes it second finds it gone, as if it had come later
        if (!(yield* repo.remove(id))) yield* find(caller, id)
      })

      return Deliverables.of({ get, inbox, byHire, remove, find, forDecision })
    }),
  )
}
