import { CurrentCaller } from "@stint/domain/Caller"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Reviews } from "../Reviews.ts"

export const ReviewsHttp = HttpApiBuilder.group(
  DeliverablesApi,
  "reviews",
  Effect.fn(function* (handlers) {
    const reviews = yield* Reviews
    return handlers.handleAll({
      review: ({ params, payload }) => CurrentCaller.use((caller) => reviews.review(caller, params.id, payload)),
      ofDeliverable: ({ params, query }) =>
        CurrentCaller.use((caller) => reviews.ofDeliverable(caller, params.id, query)),
      get: ({ params }) => CurrentCaller.use((caller) => reviews.get(caller, params.id)),
      ofCustomer: ({ query }) => reviews.ofCustomer(query.customer_id, query),
    })
  }),
)
