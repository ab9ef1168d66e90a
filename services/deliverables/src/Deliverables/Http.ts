import { CurrentCaller } from "@stint/domain/Caller"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Deliverables } from "../Deliverables.ts"

export const DeliverablesHttp = HttpApiBuilder.group(
  DeliverablesApi,
  "deliverables",
  Effect.fn(function* (handlers) {
    const deliverables = yield* Deliverables
    return handlers.handleAll({
      inbox: ({ query }) => deliverables.inbox(query),
      counts: ({ query }) => deliverables.counts(query.customer_id),
      get: ({ params }) => CurrentCaller.use((caller) => deliverables.get(caller, params.id)),
      byHire: ({ params, query }) => CurrentCaller.use((caller) => deliverables.byHire(caller, params.hire, query)),
      remove: ({ params }) =>
        CurrentCaller.use((caller) =>
          Effect.as(deliverables.remove(caller, params.id), { deleted: true, deliverable_id: params.id })
        ),
    })
  }),
)
