import { CurrentCaller } from "@stint/domain/Caller"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Deliveries } from "../Deliveries.ts"

export const DeliveriesHttp = HttpApiBuilder.group(
  DeliverablesApi,
  "deliveries",
  Effect.fn(function* (handlers) {
    const deliveries = yield* Deliveries
    return handlers.handleAll({
      list: ({ query }) => deliveries.list(query),
      get: ({ params }) => CurrentCaller.use((caller) => deliveries.get(caller, params.id)),
      retry: ({ params, payload }) =>
        CurrentCaller.use((caller) => deliveries.retry(caller, params.id, payload.reason)),
    })
  }),
)
