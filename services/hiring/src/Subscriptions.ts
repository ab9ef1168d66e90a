/** The rules of subscriptions: a customer subscribes and cancels, an operator activates and marks past due. */
import type { NewActionLine } from "@stint/domain/ActionLine"
import type { Action } from "@stint/domain/ActionLog"
import { canSee, CurrentCaller, visibleCustomer } from "@stint/domain/Caller"
import { type CustomerId, SubscriptionId } from "@stint/domain/Ids"
import { CustomerNotFound, type InvalidRequest, type QuotaExceeded, type Unavailable } from "@stint/domain/Problem"
import {
  type AgentTypeUnknown,
  type NewSubscription,
  SubscriptionNotActive,
  SubscriptionNotFound,
} from "@stint/domain/hiring/Subscriptions"
import type { SubscriptionStatus } from "@stint/domain/hiring/SubscriptionStatus"
import { operatorsLines } from "@stint/edge/ActionLog"
import { keptReply } from "@stint/edge/Idempotency/WithWork"
import { Ids } from "@stint/edge/Ids"
import { cursorId, decodeCursor, DEFAULT_LIMIT, type Page, pageOf, type PageQuery } from "@stint/edge/Paging"
import { Context, DateTime, Effect, Layer, Option, Result } from "effect"
import { Catalog } from "./Clients.ts"
import { Engagements } from "./Engagements.ts"
import { EngagementsRepo } from "./Engagements/Repo.ts"
import type { SubscriptionRow } from "./Engagements/Row.ts"
import { quotas } from "./Quotas.ts"
import { activate, cancel, type Move, pastDue, periodFrom } from "./Subscriptions/Policy.ts"
import { subscribed } from "./Subscriptions/Wire.ts"

type Moved = Effect.Effect<SubscriptionRow, SubscriptionNotFound | SubscriptionNotActive, CurrentCaller>

const lineOf = (line: NewActionLine, before: SubscriptionRow, after: SubscriptionRow): NewActionLine => ({
  ...line,
  action_metadata: {
    ...line.action_metadata,
    customer_id: before.customer_id,
    status_before: before.status,
    status: after.status,
  },
})

/** What can be done with subscriptions. Another customer's is not found. */
export class Subscriptions extends Context.Service<Subscriptions, {
  /** Subscribes to an agent type of the catalog; the subscription is pending_payment. */
  create(
    input: NewSubscription,
  ): Effect.Effect<SubscriptionRow, CustomerNotFound | AgentTypeUnknown | QuotaExceeded | Unavailable, CurrentCaller>
  get(id: SubscriptionId): Effect.Effect<SubscriptionRow, SubscriptionNotFound, CurrentCaller>
  /** A customer's, or for operators and viewers everybody's; of a status, or of any; oldest first. */
  list(
    filter: { readonly customer_id?: CustomerId; readonly status?: SubscriptionStatus },
    page: PageQuery,
  ): Effect.Effect<Page<SubscriptionRow>, CustomerNotFound | InvalidRequest, CurrentCaller>
  /** From pending_payment or past_due; an active one stays as it is. */
  activate(id: SubscriptionId): Moved
  /** From active; a past-due one stays as it is. */
  pastDue(id: SubscriptionId): Moved
  /** Now, or at the period's end; a canceled one stays as it is. */
  cancel(id: SubscriptionId, atPeriodEnd: boolean): Moved
}>()("hiring/Subscriptions") {
  static readonly layer = Layer.effect(
    Subscriptions,
    Effect.gen(function* () {
      const repo = yield* EngagementsRepo
      const engagements = yield* Engagements
      const catalog = yield* Catalog
      const ids = yield* Ids
      const { room, subscriptions } = yield* quotas
      const operatorsLine = yield* operatorsLines<Action>()
      const cursorOf = decodeCursor(cursorId("SUB"))

      const create = Effect.fn("Subscriptions.create")(function* (input: NewSubscription) {
        yield* visibleCustomer(input.customer_id, () => new CustomerNotFound({ detail: input.customer_id }))
        yield* catalog.known(input.agent_id)
        const now = yield* DateTime.now
        const row: SubscriptionRow = {
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
        }
        const stored = yield* repo.subscribe(row, subscriptions, yield* keptReply(() => subscribed(row)))
        return Option.isSome(stored) ? stored.value : yield* Effect.andThen(
          Effect.fromResult(room("subscriptions_per_customer", subscriptions)),
          Effect.die("there was room"),
        )
      })

      const get = Effect.fn("Subscriptions.get")(function* (id: SubscriptionId) {
        const found = yield* repo.subscriptions.find(id)
        if (Option.isNone(found) || !canSee(yield* CurrentCaller, found.value.customer_id)) {
          return yield* new SubscriptionNotFound({ detail: id })
        }
        return found.value
      })

      const list = Effect.fn("Subscriptions.list")(function* (
        { customer_id: asked, status }: { readonly customer_id?: CustomerId; readonly status?: SubscriptionStatus },
        page: PageQuery,
      ) {
        const customer_id = yield* visibleCustomer(asked, () => new CustomerNotFound({ detail: asked ?? "" }))
        const after = yield* cursorOf(page.cursor)
        const limit = page.limit ?? DEFAULT_LIMIT
        const rows = yield* repo.subscriptions.list(
          { customer_id: customer_id ?? null, status: status ?? null },
          { after, limit: limit + 1 },
        )
        return yield* pageOf(rows, limit, (key) => key.subscription_id)
      })

      const move = Effect.fnUntraced(function* (
        id: SubscriptionId,
        to: (row: SubscriptionRow, now: DateTime.Utc) => Move,
        action?: Action,
      ) {
        const caller = yield* CurrentCaller
        const line = action && (yield* operatorsLine(action, { subscription_id: id }))
        const amended = yield* engagements.amend(
          { subscription_id: id },
          "none",
          ({ subscription }, now) =>
            Result.gen(function* () {
              if (!canSee(caller, subscription.customer_id)) {
                yield* Result.fail(new SubscriptionNotFound({ detail: id }))
              }
              const row = yield* Result.mapError(
                to(subscription, now),
                (detail) => new SubscriptionNotActive({ detail, subscription_status: subscription.status }),
              )
              if (row === subscription) return {}
              return { subscription: row, ...(line === undefined ? {} : { line: lineOf(line, subscription, row) }) }
            }),
        )
        if (Option.isNone(amended)) return yield* new SubscriptionNotFound({ detail: id })
        return amended.value.after.subscription
      })

      return Subscriptions.of({
        create,
        get,
        list,
        activate: Effect.fn("Subscriptions.activate")((id: SubscriptionId) => move(id, activate, "activate")),
        pastDue: Effect.fn("Subscriptions.pastDue")((id: SubscriptionId) => move(id, pastDue, "past_due")),
        cancel: Effect.fn("Subscriptions.cancel")((id: SubscriptionId, atPeriodEnd: boolean) =>
          move(id, (row, now) => cancel(row, atPeriodEnd, now))
        ),
      })
    }),
  )
}
