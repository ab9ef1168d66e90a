/** The rules of deliveries: who sees what became of executions, and who may have one tried again (docs/webhooks.md). */
import { type Caller, canSee, type CurrentCaller, visibleCustomer } from "@stint/domain/Caller"
import type { DeliveryRefusal, DeliveryState } from "@stint/domain/deliverables/Deliverables"
import { type Delivery, DeliveryNotFound, DeliveryNotRetryable } from "@stint/domain/deliverables/Deliveries"
import type { CustomerId } from "@stint/domain/Ids"
import { CustomerNotFound, type InvalidRequest } from "@stint/domain/Problem"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, type Page, pageOf, type PageQuery } from "@stint/edge/Paging"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { After, DeliveriesRepo } from "./Deliveries/Repo.ts"
import type { DeliveryRow } from "./Deliveries/Row.ts"
import { watch } from "./Deliveries/Watch.ts"
import { toDelivery } from "./Deliveries/Wire.ts"

/** Which deliveries to list. */
export interface DeliveriesQuery extends PageQuery {
  readonly customer_id?: CustomerId
  readonly state?: DeliveryState
}

const encodeAfter = Schema.encodeSync(After)

/** Deliveries, as their customers and operators see them. */
export class Deliveries extends Context.Service<Deliveries, {
  /** Newest first: a customer's own, or those of `customer_id`, or all. */
  list(query: DeliveriesQuery): Effect.Effect<Page<Delivery>, CustomerNotFound | InvalidRequest, CurrentCaller>
  get(caller: Caller, id: string): Effect.Effect<Delivery, DeliveryNotFound>
  /** Has one that failed or waits tried at once. The checks of every attempt hold for this one too. */
  retry(
    caller: Caller,
    id: string,
    reason: string | undefined,
  ): Effect.Effect<Delivery, DeliveryNotFound | DeliveryNotRetryable>
}>()("deliverables/Deliveries") {
  /** Alerts operators of deliveries that failed for good, in the background. */
  static readonly watch = watch

  static readonly layer = Layer.effect(
    Deliveries,
    Effect.gen(function* () {
      const repo = yield* DeliveriesRepo
      const ids = yield* Ids
      const decodeAfter = decodeCursor(After)

      const find = Effect.fnUntraced(function* (caller: Caller, id: string) {
        const row = yield* repo.find(id)
        return Option.isSome(row) && canSee(caller, row.value.customer_id)
          ? row.value
          : yield* new DeliveryNotFound({ detail: id })
      })

      const list = Effect.fn("Deliveries.list")(function* (query: DeliveriesQuery) {
        const { cursor, limit = DEFAULT_LIMIT, state } = query
        const customer_id = yield* visibleCustomer(
          query.customer_id,
          () => new CustomerNotFound({ detail: query.customer_id ?? "" }),
        )
        const after = (yield* decodeAfter(cursor)) ?? null
        const rows = yield* repo.list({
          customer_id: customer_id ?? null,
          state: state ?? null,
          after,
          limit: limit + 1,
        })
        return yield* pageOf(rows, limit, encodeAfter, toDelivery)
      })

      const retry = Effect.fn("Deliveries.retry")(function* (caller: Caller, id: string, reason: string | undefined) {
        const { deliverable_id } = yield* find(caller, id)
        const { armed, lapsed } = yield* repo.retry({
          // derived from the Idempotency-Key: a repeated request finds the line of the first
          log_id: yield* ids.next("LOG"),
          delivery_id: id,
          deliverable_id,
          operator: caller.subject,
          role: caller.role,
          reason: reason ?? null,
        })
        const row = yield* find(caller, id)
        return armed ? toDelivery(row) : yield* notRetryable(row, lapsed)
      })

      return Deliveries.of({
        list,
        get: Effect.fn("Deliveries.get")((caller: Caller, id: string) => Effect.map(find(caller, id), toDelivery)),
        retry,
      })
    }),
  )
}

/** Why it can't be tried again. */
const notRetryable = (row: DeliveryRow, lapsed: DeliveryRefusal | null) => {
  const { last_error, reason, state } = toDelivery(row)
  const why: Record<DeliveryState, string> = {
    waiting: "an attempt is under way",
    delivered: "it is delivered",
    failed: lapsed === null
      ? "its deliverable is deleted or being changed"
      : lapsed === "approval_expired"
      ? "its approval is too old: approve its deliverable again, and execute it"
      : "its approval is not the deliverable's any more",
    refused: `it is refused: ${last_error}`,
  }
  return new DeliveryNotRetryable({ detail: `${row.delivery_id}: ${why[state]}`, state, reason: lapsed ?? reason })
}
