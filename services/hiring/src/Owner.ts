/** What a caller can see: a customer its own, everyone else everything (domain.md, "Ownership"). */
import { CurrentCaller } from "@stint/domain/Caller"
import { CustomerNotFound } from "@stint/domain/Problem"
import { Effect } from "effect"

/** Whether something of that customer exists for the caller. */
export const sees = Effect.map(
  CurrentCaller,
  (caller) => (customer_id: string): boolean => caller.role !== "customer" || caller.subject === customer_id,
)

/** Fails with CustomerNotFound when that customer does not exist for the caller. */
export const own = Effect.fnUntraced(function* (customer_id: string) {
  if (!(yield* sees)(customer_id)) return yield* new CustomerNotFound({ detail: customer_id })
})
