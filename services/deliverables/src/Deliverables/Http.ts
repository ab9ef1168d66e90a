import { CurrentCaller } from "@stint/domain/Caller"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { pageReply } from "@stint/edge/Replies"
import { Effect, Schema } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Deliverables } from "../Deliverables.ts"

const page = pageReply(Schema.Struct(Deliverable.fields))

export const DeliverablesHttp = HttpApiBuilder.group(
  DeliverablesApi,
  "deliverables",
  Effect.fn(function* (handlers) {
    const deliverables = yield* Deliverables
    return handlers.handleAll({
      inbox: ({ query }) => Effect.map(deliverables.inbox(query), page),
      counts: ({ query }) => deliverables.counts(query.customer_id),
      get: ({ params }) => CurrentCaller.use((caller) => deliverables.get(caller, params.id)),
      byHire: ({ params, query }) =>
        CurrentCaller.use((caller) => Effect.map(deliverables.byHire(caller, params.hire, query), page)),
      remove: ({ params }) =>
        CurrentCaller.use((caller) =>
          Effect.as(deliverables.remove(caller, params.id), { deleted: true, deliverable_id: params.id })
        ),
    })
  }),
)
