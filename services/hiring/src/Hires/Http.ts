import { Bounds } from "@stint/domain/Bounds"
import { HiringApi } from "@stint/domain/hiring/Api"
import { tagged } from "@stint/edge/Preconditions"
import { madeAt } from "@stint/edge/Replies"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import type { Hired } from "../Engagements/Row.ts"
import { Hires } from "../Hires.ts"
import { hireOnWire, hireTag } from "./Wire.ts"

export const HiresHttp = HttpApiBuilder.group(
  HiringApi,
  "hires",
  Effect.fn(function* (handlers) {
    const hires = yield* Hires
    const wire = hireOnWire(yield* Bounds)
    const one = <E, R>(hired: Effect.Effect<Hired, E, R>) =>
      Effect.map(Effect.tap(hired, ({ hire }) => tagged(hireTag(hire))), wire)
    return handlers.handleAll({
      draft: ({ payload }) =>
        Effect.map(
          Effect.tap(hires.draft(payload), ({ hire }) => tagged(hireTag(hire))),
          ({ made, ...hired }) =>
            made ? madeAt(`/api/v1/hired-agents/${hired.hire.hired_instance_id}`, wire(hired)) : wire(hired),
        ),
      list: ({ query: { customer_id, ...page } }) =>
        Effect.map(hires.list(customer_id, page), (list) => ({ ...list, items: list.items.map(wire) })),
      bySubscription: ({ params }) => one(hires.get({ subscription_id: params.id })),
      ofSubscription: ({ params }) => one(hires.get({ subscription_id: params.id })),
      get: ({ params }) => one(hires.get({ hired_instance_id: params.id })),
      finalize: ({ params }) => one(hires.finalize(params.id)),
      deactivate: ({ params }) => one(hires.deactivate(params.id)),
    })
  }),
)
