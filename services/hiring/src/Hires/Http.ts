import { HiringApi } from "@stint/domain/hiring/Api"
import { madeAt } from "@stint/edge/Replies"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Hires } from "../Hires.ts"
import { hireOnWire as wire } from "./Wire.ts"

export const HiresHttp = HttpApiBuilder.group(
  HiringApi,
  "hires",
  Effect.fn(function* (handlers) {
    const hires = yield* Hires
    return handlers.handleAll({
      draft: ({ payload }) =>
        Effect.map(
          hires.draft(payload),
          ({ made, ...hired }) =>
            made ? madeAt(`/api/v1/hired-agents/${hired.hire.hired_instance_id}`, wire(hired)) : wire(hired),
        ),
      list: ({ query: { customer_id, ...page } }) =>
        Effect.map(hires.list(customer_id, page), (list) => ({ ...list, items: list.items.map(wire) })),
      bySubscription: ({ params }) => Effect.map(hires.get({ subscription_id: params.id }), wire),
      ofSubscription: ({ params }) => Effect.map(hires.get({ subscription_id: params.id }), wire),
      get: ({ params }) => Effect.map(hires.get({ hired_instance_id: params.id }), wire),
      finalize: ({ params }) => Effect.map(hires.finalize(params.id), wire),
      deactivate: ({ params }) => Effect.map(hires.deactivate(params.id), wire),
    })
  }),
)
