/** The rules of lists of deliverables. */
import { type Caller, canSee, visibleCustomer } from "@stint/domain/Caller"
import {
  type Deliverable,
  DeliverablesHireGone,
  DeliverablesHireNotFound,
} from "@stint/domain/deliverables/Deliverables"
import type { CustomerId, HiredInstanceId } from "@stint/domain/Ids"
import { CustomerNotFound, InvalidRequest } from "@stint/domain/Problem"
import { decodeCursor, DEFAULT_LIMIT, pageOf, type Taken } from "@stint/edge/Paging"
import { DateTime, Effect, Schema } from "effect"
import { Digest } from "effect/crypto"
import { hireOf, Hiring } from "../Clients.ts"
import type { InboxQuery, ListQuery } from "../Deliverables.ts"
import { mayBeRetired } from "./Policy.ts"
import { After, AfterExpiry, DeliverablesRepo, type Listing } from "./Repo.ts"
import type { DeliverableRow } from "./Row.ts"
import { hashed, toDeliverable } from "./Wire.ts"

/** Lists every deliverable. */
const any: Omit<Listing, "after" | "limit" | "review_status" | "execution_status" | "search"> = {
  customer_id: null,
  agent_id: null,
  goal_instance_id: null,
  hired_instance_id: null,
  from: null,
  to: null,
  expiring: false,
}

/** Fails when a list of what waits for a decision is asked for with another status, or without the customer that it needs. */
const judged = (
  { execution_status, expiring, order, review_status, search }: InboxQuery,
  customer_id: CustomerId | undefined,
) => {
  const byExpiry = order === "expiry"
  const fault = (path: string, message: string) =>
    Effect.fail(new InvalidRequest({ detail: `${path} ${message}`, errors: [{ path: `query.${path}`, message }] }))
  if ((byExpiry || expiring) && review_status !== undefined && review_status !== "pending_review") {
    return fault("review_status", "must be pending_review, or left out: what is decided on expires no more")
  }
  if (byExpiry && execution_status !== undefined) {
    return fault("execution_status", "can't be asked for with order=expiry")
  }
  if (byExpiry && search !== undefined) return fault("search", "can't be asked for with order=expiry")
  return byExpiry && customer_id === undefined ? fault("customer_id", "is required for order=expiry") : Effect.void
}

/** The lists. */
export const makeLists = Effect.gen(function* () {
  const repo = yield* DeliverablesRepo
  const hiring = yield* Hiring
  const digest = yield* Digest.Digest
  const decodeAfter = decodeCursor(After)
  const encodeAfter = Schema.encodeSync(After)
  const decodeExpiry = decodeCursor(AfterExpiry)
  const encodeExpiry = Schema.encodeSync(AfterExpiry)

  const pageWith = Effect.fnUntraced(function* <Key>(
    taken: Taken<DeliverableRow, Key>,
    limit: number,
    encode: (key: Key) => unknown,
  ) {
    const entries = yield* Effect.forEach(
      taken.entries,
      ({ key, row }) => Effect.map(row === undefined ? Effect.undefined : hashed(row), (row) => ({ key, row })),
    ).pipe(Effect.provideService(Digest.Digest, digest))
    return yield* pageOf({ ...taken, entries }, limit, encode, toDeliverable)
  })

  const list = Effect.fnUntraced(function* (
    { cursor, execution_status, expiring, limit = DEFAULT_LIMIT, order: _, review_status, search, ...filter }:
      InboxQuery,
  ) {
    const after = (yield* decodeAfter(cursor)) ?? null
    const listing = {
      ...any,
      ...filter,
      expiring: expiring === "true",
      review_status: review_status ?? null,
      execution_status: execution_status ?? null,
      search: search ?? null,
    }
    return yield* pageWith(yield* repo.list({ ...listing, after, limit: limit + 1 }), limit, encodeAfter)
  })

  const listByExpiry = Effect.fnUntraced(function* (
    {
      cursor,
      execution_status: _,
      expiring,
      limit = DEFAULT_LIMIT,
      order: __,
      review_status: ___,
      search: ____,
      ...filter
    }: InboxQuery,
    customer_id: CustomerId,
  ) {
    const after = (yield* decodeExpiry(cursor)) ?? null
    const listing = { ...any, ...filter, customer_id, expiring: expiring === "true", after, limit: limit + 1 }
    return yield* pageWith(yield* repo.listByExpiry(listing), limit, encodeExpiry)
  })

  /** Without those whose hire is past its retention. Hires of deliverables old enough for that are looked up at once. */
  const withoutRetired = Effect.fnUntraced(function* (items: ReadonlyArray<Deliverable>) {
    const now = yield* DateTime.now
    const old = [...new Set(items.filter((item) => mayBeRetired(item, now)).map((item) => item.hired_instance_id))]
    if (old.length === 0) return items
    const { hires } = yield* hiring.lookup({ hired_instance_ids: old })
    const kept = new Set(hires.filter((hire) => !hire.gone).map((hire) => hire.hired_instance_id))
    return items.filter((item) => !old.includes(item.hired_instance_id) || kept.has(item.hired_instance_id))
  })

  const inbox = Effect.fn("Deliverables.inbox")(
    function* (query: InboxQuery) {
      const customer_id = yield* visibleCustomer(
        query.customer_id,
        () => new CustomerNotFound({ detail: query.customer_id ?? "" }),
      )
      yield* judged(query, customer_id)
      const page = query.order === "expiry"
        ? yield* listByExpiry(query, customer_id!)
        : yield* list({ ...query, ...(customer_id === undefined ? {} : { customer_id }) })
      return { ...page, items: yield* withoutRetired(page.items) }
    },
  )

  const byHire = Effect.fn("Deliverables.byHire")(
    function* (caller: Caller, hired_instance_id: HiredInstanceId, query: ListQuery) {
      const hire = yield* hireOf(hiring, hired_instance_id)
      if (hire === undefined || !canSee(caller, hire.customer_id)) {
        return yield* new DeliverablesHireNotFound({ detail: hired_instance_id })
      }
      if (hire.gone) return yield* new DeliverablesHireGone({ detail: hired_instance_id })
      return yield* list({ ...query, hired_instance_id })
    },
  )

  return { inbox, byHire }
})
