/** Which customers exist for a caller (domain.md, "Ownership"). */
import { type Caller, CurrentCaller } from "@stint/domain/Caller"
import { CustomerId } from "@stint/domain/Ids"
import { Effect } from "effect"

/** The customer that a caller is limited to: itself for a customer; undefined for the roles that see every customer. */
export const customerOf = ({ role, subject }: Caller): CustomerId | undefined =>
  role === "customer" ? CustomerId.make(subject) : undefined

/** Whether something of that customer exists for the caller. Null: it belongs to no customer. */
export const canSee = (caller: Caller, customer_id: string | null): boolean =>
  caller.role !== "customer" || caller.subject === customer_id

/**
 * The customer that a request is about: the one it names, else the caller's own; undefined when it names none and the
 * caller sees every customer. Fails with `notFound` when a customer names another one.
 */
export function visibleCustomer<E>(asked: CustomerId, notFound: () => E): Effect.Effect<CustomerId, E, CurrentCaller>
export function visibleCustomer<E>(
  asked: CustomerId | undefined,
  notFound: () => E,
): Effect.Effect<CustomerId | undefined, E, CurrentCaller>
export function visibleCustomer<E>(asked: CustomerId | undefined, notFound: () => E) {
  return Effect.flatMap(CurrentCaller, (caller) => {
    const customer = asked ?? customerOf(caller)
    return customer === undefined || canSee(caller, customer) ? Effect.succeed(customer) : Effect.fail(notFound())
  })
}
