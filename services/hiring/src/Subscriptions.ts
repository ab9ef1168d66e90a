/** The rules of subscriptions: made by a customer, activated and marked past due by an operator, canceled by the customer. */
import type { CurrentCaller } from "@stint/domain/Caller"
import { type CustomerId, SubscriptionId } from "@stint/domain/Ids"
import type { CustomerNotFound, InvalidRequest, Unavailable } from "@stint/domain/Problem"
import {
  type AgentTypeUnknown,
  type NewSubscription,
  SubscriptionNotActive,
  SubscriptionNotFound,
} from "@stint/domain/hiring/Subscriptions"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, pageOf } from "@stint/edge/Paging"
import { Context, DateTime, Effect, Layer, Option, Result, Schema } from "effect"
import { Catalog } from "./Clients.ts"
import { settle } from "./Engagements/Policy.ts"
import { EngagementsRepo } from "./Engagements/Repo.ts"
import type { SubscriptionRow } from "./Engagements/Rows.ts"
import { own, sees } from "./Owner.ts"
import { activate, cancel, type Move, pastDue, periodFrom } from "./Subscriptions/Policy.ts"

/** Which page of a list. */
export interface PageQuery {
  readonly cursor?: string
  readonly limit?: number
}

/** A page of a list. */
export interface PageOf<A> {
  readonly items: ReadonlyArray<A>
  readonly next_cursor: string | null
}

type Changed = Effect.Effect<SubscriptionRow, SubscriptionNotFound | SubscriptionNotActive, CurrentCaller>

/** What can be done with subscriptions. Another customer's is not found. */
export class Subscriptions extends Context.Service<Subscriptions, {
  /** Subscribes to an agent type of the catalog; it awaits its payment. */
  create(
    input: NewSubscription,
  ): Effect.Effect<SubscriptionRow, CustomerNotFound | AgentTypeUnknown | Unavailable, CurrentCaller>
  get(id: SubscriptionId): Effect.Effect<SubscriptionRow, SubscriptionNotFound, CurrentCaller>
  /** A customer's, oldest first. */
  list(
    customer_id: CustomerId,
    page: PageQuery,
  ): Effect.Effect<PageOf<SubscriptionRow>, CustomerNotFound | InvalidRequest, CurrentCaller>
  /** From pending_payment or past_due; an active one stays as it is. */
  activate(id: SubscriptionId): Changed
  /** From active; a past-due one stays as it is. */
  pastDue(id: SubscriptionId): Changed
  /** Now, or at the period's end; a canceled one stays as it is. */
  cancel(id: SubscriptionId, atPeriodEnd: boolean): Changed
}>()("hiring/Subscriptions") {
  static readonly layerNoDeps = Layer.effect(
    Subscriptions,
    Effect.gen(function* () {
      const repo = yield* EngagementsRepo
      const catalog = yield* Catalog
      const ids = yield* Ids
      const cursorOf = decodeCursor(Schema.String)

      const create = Effect.fn("Subscriptions.create")(function* (input: NewSubscription) {
        yield* own(input.customer_id)
        yield* catalog.latest(input.agent_id)
        const now = yield* DateTime.now
        return yield* repo.subscribe({
          ...input,
          subscription_id: SubscriptionId.make(yield* ids.next("SUB")),
          status: "pending_payment",
          ...periodFrom(now, input.duration),
          cancel_at_period_end: false,
          past_due_since: null,
          ended_at: null,
          created_at: now,
          updated_at: now,
          version: 1,
        })
      })

      const get = Effect.fn("Subscriptions.get")(function* (id: SubscriptionId) {
        const found = Option.getOrUndefined(yield* repo.subscription(id))
        if (found === undefined || !(yield* sees)(found.customer_id)) {
          return yield* new SubscriptionNotFound({ detail: id })
        }
        return found
      })

      const list = Effect.fn("Subscriptions.list")(function* (customer_id: CustomerId, page: PageQuery) {
        yield* own(customer_id)
        const after = yield* cursorOf(page.cursor)
        const limit = page.limit ?? DEFAULT_LIMIT
        const rows = yield* repo.subscriptions(customer_id, { after, limit: limit + 1 })
        return pageOf(rows, limit, (row) => row.subscription_id)
      })

      const move = Effect.fnUntraced(function* (
        id: SubscriptionId,
        to: (row: SubscriptionRow, now: DateTime.Utc) => Move,
      ) {
        const isSeen = yield* sees
        const now = yield* DateTime.now
        const changed = yield* repo.amend({ subscription_id: id }, "none", (engagement) =>
          Result.gen(function* () {
            const { subscription } = engagement
            if (!isSeen(subscription.customer_id)) yield* Result.fail(new SubscriptionNotFound({ detail: id }))
            const row = yield* Result.mapError(
              to(subscription, now),
              (detail) => new SubscriptionNotActive({ detail, subscription_status: subscription.status }),
            )
            return settle(engagement, row === subscription ? {} : { subscription: row }, now)
          }))
        if (Option.isNone(changed)) return yield* new SubscriptionNotFound({ detail: id })
        return changed.value.subscription
      })

      return Subscriptions.of({
        create,
        get,
        list,
        activate: Effect.fn("Subscriptions.activate")((id: SubscriptionId) => move(id, activate)),
        pastDue: Effect.fn("Subscriptions.pastDue")((id: SubscriptionId) => move(id, pastDue)),
        cancel: Effect.fn("Subscriptions.cancel")((id: SubscriptionId, atPeriodEnd: boolean) =>
          move(id, (row, now) => cancel(row, atPeriodEnd, now))
        ),
      })
    }),
  )
}
