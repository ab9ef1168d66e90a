/**
 * The rules of customers: one record each. An e-mail address and a phone number are of one verified customer (api.md, "POST
 * /customers"): an operator verifies. What a customer says of itself blocks nobody, and tells it nothing of others.
 */
import type { Action } from "@stint/domain/ActionLog"
import { CurrentCaller, customerOf, visibleCustomer } from "@stint/domain/Caller"
import { CustomerExists, type NewCustomer } from "@stint/domain/hiring/Customers"
import { CustomerId } from "@stint/domain/Ids"
import { CustomerNotFound, type FieldIssue, type InvalidRequest } from "@stint/domain/Problem"
import { operatorsLines } from "@stint/edge/ActionLog"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, type Page, pageOf, type PageQuery } from "@stint/edge/Paging"
import { Context, DateTime, Effect, Layer, Option, Result } from "effect"
import { CustomersRepo } from "./Customers/Repo.ts"
import type { CustomerRow } from "./Customers/Row.ts"

/** A page of customers, or the one with an e-mail address. */
export interface CustomersQuery extends PageQuery {
  readonly email?: string
}

/** Which unique fields of a new record other records have already. */
const conflicts = (row: CustomerRow, others: ReadonlyArray<CustomerRow>): ReadonlyArray<FieldIssue> => {
  const has = (same: (other: CustomerRow) => boolean, path: string, message: string) =>
    others.some(same) ? [{ path, message }] : []
  return [
    ...has((other) => other.customer_id === row.customer_id, "$", "this customer has a record already"),
    ...has(
      (other) => other.customer_id !== row.customer_id && other.email === row.email,
      "$.email",
      "another customer has this e-mail address",
    ),
    ...has(
      (other) => other.customer_id !== row.customer_id && other.phone === row.phone,
      "$.phone",
      "another customer has this phone number",
    ),
  ]
}

/** `own`: the id whose record is no conflict. */
const exists = (row: CustomerRow, others: ReadonlyArray<CustomerRow>, own?: CustomerId) => {
  const errors = conflicts(row, others.filter(({ customer_id }) => customer_id !== own))
  return new CustomerExists({ detail: errors.map(({ message }) => message).join("; "), errors })
}

/** Whether the stored record is what an earlier try of the same request made. */
const isSame = (stored: CustomerRow, row: CustomerRow): boolean =>
  stored.customer_id === row.customer_id && stored.email === row.email && stored.phone === row.phone &&
  DateTime.Equivalence(stored.created_at, row.created_at)

/** What can be done with customers. Another customer is not found. */
export class Customers extends Context.Service<Customers, {
  /** Stores the caller's own record, under its subject; an operator stores one under a new id, with verified contacts. */
  create(input: NewCustomer): Effect.Effect<CustomerRow, CustomerExists, CurrentCaller>
  /** An operator says that the contacts are the customer's own. Doing it again changes nothing. */
  verify(id: CustomerId): Effect.Effect<CustomerRow, CustomerNotFound | CustomerExists, CurrentCaller>
  get(id: CustomerId): Effect.Effect<CustomerRow, CustomerNotFound, CurrentCaller>
  /** Those that the caller may see, by id. */
  list(query: CustomersQuery): Effect.Effect<Page<CustomerRow>, InvalidRequest, CurrentCaller>
}>()("hiring/Customers") {
  static readonly layer = Layer.effect(
    Customers,
    Effect.gen(function* () {
      const repo = yield* CustomersRepo
      const ids = yield* Ids
      const operatorsLine = yield* operatorsLines<Action>()
      const cursorOf = decodeCursor(CustomerId)

      const get = Effect.fn("Customers.get")(function* (id: CustomerId) {
        const notFound = new CustomerNotFound({ detail: id })
        yield* visibleCustomer(id, () => notFound)
        const found = yield* repo.find(id)
        return Option.isSome(found) ? found.value : yield* notFound
      })

      const create = Effect.fn("Customers.create")(function* (input: NewCustomer) {
        const own = customerOf(yield* CurrentCaller)
        const id = own ?? CustomerId.make(yield* ids.next("CUS"))
        const line = yield* operatorsLine("customer_create", { customer_id: id })
        const made_at = DateTime.makeUnsafe(yield* ids.instant)
        const row: CustomerRow = {
          ...input,
          website: input.website ?? null,
          gst_number: input.gst_number ?? null,
          customer_id: id,
          verified_at: own === undefined ? made_at : null,
          created_at: made_at,
          updated_at: made_at,
        }
        const added = yield* repo.insert(row, line)
        if (Result.isSuccess(added)) return added.success
        // A first try under the same Idempotency-Key may have stored it and not answered
        const [first, ...others] = added.failure
        if (first !== undefined && others.length === 0 && isSame(first, row)) return first
        return yield* exists(row, added.failure)
      })

      const verify = Effect.fn("Customers.verify")(function* (id: CustomerId) {
        const row = yield* get(id)
        if (row.verified_at !== null) return row
        const line = yield* operatorsLine("customer_verify", { customer_id: id })
        const verified = yield* repo.verify(row, yield* DateTime.now, line)
        return Result.isSuccess(verified) ? verified.success : yield* exists(row, verified.failure, id)
      })

      const list = Effect.fn("Customers.list")(function* ({ email, ...page }: CustomersQuery) {
        const customer_id = customerOf(yield* CurrentCaller)
        const after = yield* cursorOf(page.cursor)
        const limit = page.limit ?? DEFAULT_LIMIT
        const rows = yield* repo.list({ customer_id, email }, { after, limit: limit + 1 })
        return yield* pageOf(rows, limit, (key) => key.customer_id)
      })

      return Customers.of({ create, verify, get, list })
    }),
  )
}
