import { CurrentCaller } from "@stint/domain/Caller"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { problemOf } from "@stint/edge/Replies"
import { RequestId } from "@stint/edge/RequestContext"
import { Effect, Result } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Reviews } from "../Reviews.ts"

export const ReviewsHttp = HttpApiBuilder.group(
  DeliverablesApi,
  "reviews",
  Effect.fn(function* (handlers) {
    const reviews = yield* Reviews
    return handlers.handleAll({
      review: ({ params, payload }) => CurrentCaller.use((caller) => reviews.review(caller, params.id, payload)),
      decide: ({ payload }) =>
        Effect.flatMap(
          RequestId,
          (request_id) =>
            CurrentCaller.use((caller) =>
              Effect.map(reviews.decide(caller, payload.items), (outcomes) => ({
                items: outcomes.map((outcome, i) => {
                  const { deliverable_id } = payload.items[i]!
                  return Result.isSuccess(outcome)
                    ? { deliverable_id, deliverable: outcome.success }
                    : { deliverable_id, problem: problemOf(outcome.failure, request_id) }
                }),
              }))
            ),
        ),
      ofDeliverable: ({ params, query }) =>
        CurrentCaller.use((caller) => reviews.ofDeliverable(caller, params.id, query)),
      get: ({ params }) => CurrentCaller.use((caller) => reviews.get(caller, params.id)),
      withdraw: ({ params, payload }) =>
        CurrentCaller.use((caller) => reviews.withdraw(caller, params.id, payload.reason)),
      ofCustomer: ({ query }) => reviews.ofCustomer(query.customer_id, query),
    })
  }),
)
