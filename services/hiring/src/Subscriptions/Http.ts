import { HiringApi } from "@stint/domain/hiring/Api"
import { answerOf } from "@stint/edge/Idempotency/WithWork"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Subscriptions } from "../Subscriptions.ts"
import { subscribed, subscriptionOnWire as wire } from "./Wire.ts"

export const SubscriptionsHttp = HttpApiBuilder.group(
  HiringApi,
  "subscriptions",
  Effect.fn(function* (handlers) {
    const subscriptions = yield* Subscriptions
    return handlers.handleAll({
      create: ({ payload }) => Effect.map(subscriptions.create(payload), (made) => answerOf(subscribed(made))),
      list: ({ query: { customer_id: _, status: __, ...page }, query }) =>
        Effect.map(subscriptions.list(query, page), (list) => ({ ...list, items: list.items.map(wire) })),
      get: ({ params }) => Effect.map(subscriptions.get(params.id), wire),
      activate: ({ params }) => Effect.map(subscriptions.activate(params.id), wire),
      pastDue: ({ params }) => Effect.map(subscriptions.pastDue(params.id), wire),
      cancel: ({ params, payload }) => Effect.map(subscriptions.cancel(params.id, payload.at_period_end), wire),
    })
  }),
)
