/** The rules of customers: one record each, found by its e-mail and its phone number (api.md, "POST /customers"). */
import { CurrentCaller } from "@stint/domain/Caller"
import { CustomerExists, type NewCustomer } from "@stint/domain/hiring/Customers"
import { CustomerId } from "@stint/domain/Ids"
import { CustomerNotFound, type FieldIssue, type InvalidRequest } from "@stint/domain/Problem"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, pageOf } from "@stint/edge/Paging"
import { Context, DateTime, Effect, Layer, Option, Result, Schema } from "effect"
import { CustomersRepo } from "./Customers/Repo.ts"
import type { CustomerRow } from "./Customers/Rows.ts"
import { own } from "./Owner.ts"
import type { PageOf, PageQuery } from "./Subscriptions.ts"

/** Which page of which customers. */
export interface CustomersQuery extends PageQuery {
  readonly email?: string
}

/** What of a new record is another's already, each by its path. */
const taken = (row: CustomerRow, others: ReadonlyArray<CustomerRow>): ReadonlyArray<FieldIssue> => {
  const has = (same: (other: CustomerRow) => boolean, path: string, message: string) =>
    others.some(same) ? [{ path, message }] : []
  return [
    ...has((other) => other.customer_id === row.customer_id, "$", "you have a record already"),
    ...has((other) => other.email === row.email, "$.email", "a customer has this e-mail address already"),
    ...has((other) => other.phone === row.phone, "$.phone", "a customer has this phone number already"),
  ]
}

/** Whether the stored record is the one that is made: of the same request, which an earlier try got to. */
const isSame = (stored: CustomerRow, row: CustomerRow): boolean =>
  stored.customer_id === row.customer_id && stored.email === row.email && stored.phone === row.phone &&
  DateTime.Equivalence(stored.created_at, row.created_at)

/** What can be done with customers. Another customer is not found. */
export class Customers extends Context.Service<Customers, {
  /** Makes the caller's own record, under its subject; an operator makes one under a new id. */
  create(input: NewCustomer): Effect.Effect<CustomerRow, CustomerExists, CurrentCaller>
  get(id: CustomerId): Effect.Effect<CustomerRow, CustomerNotFound, CurrentCaller>
  /** Those that the caller sees, by id. */
  list(query: CustomersQuery): Effect.Effect<PageOf<CustomerRow>, InvalidRequest, CurrentCaller>
}>()("hiring/Customers") {
  static readonly layerNoDeps = Layer.effect(
    Customers,
    Effect.gen(function* () {
      const repo = yield* CustomersRepo
      const ids = yield* Ids
      const cursorOf = decodeCursor(Schema.String)

      const create = Effect.fn("Customers.create")(function* (input: NewCustomer) {
        const caller = yield* CurrentCaller
        const id = caller.role === "customer" ? caller.subject : yield* ids.next("CUS")
        const made_at = DateTime.makeUnsafe(yield* ids.instant)
        const row: CustomerRow = {
          ...input,
          website: input.website ?? null,
          gst_number: input.gst_number ?? null,
          customer_id: CustomerId.make(id),
          created_at: made_at,
          updated_at: made_at,
        }
        const added = yield* repo.add(row)
        if (Result.isSuccess(added)) return added.success
        // What a first try under the same Idempotency-Key made is found, not refused
        const [first, ...others] = added.failure
        if (first !== undefined && others.length === 0 && isSame(first, row)) return first
        const errors = taken(row, added.failure)
        return yield* new CustomerExists({ detail: errors.map(({ message }) => message).join("; "), errors })
      })

      const get = Effect.fn("Customers.get")(function* (id: CustomerId) {
        yield* own(id)
        const found = Option.getOrUndefined(yield* repo.find(id))
        if (found === undefined) return yield* new CustomerNotFound({ detail: id })
        return found
      })

      const list = Effect.fn("Customers.list")(function* ({ email, ...page }: CustomersQuery) {
        const caller = yield* CurrentCaller
        const after = yield* cursorOf(page.cursor)
        const limit = page.limit ?? DEFAULT_LIMIT
        const customer_id = caller.role === "customer" ? CustomerId.make(caller.subject) : undefined
        const rows = yield* repo.list({ customer_id, email }, { after, limit: limit + 1 })
        return pageOf(rows, limit, (row) => row.customer_id)
      })

      return Customers.of({ create, get, list })
    }),
  )
}
