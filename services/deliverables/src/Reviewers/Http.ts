import { CurrentCaller } from "@stint/domain/Caller"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Reviewers } from "../Reviewers.ts"

export const ReviewersHttp = HttpApiBuilder.group(
  DeliverablesApi,
  "reviewers",
  Effect.fn(function* (handlers) {
    const reviewers = yield* Reviewers
    return handlers.handleAll({
      list: ({ query }) => reviewers.list(query),
      get: ({ params, query }) => reviewers.get(query.customer_id, params.person),
      put: ({ params, payload, query }) =>
        CurrentCaller.use((caller) => reviewers.put(caller, query.customer_id, params.person, payload)),
    })
  }),
)
