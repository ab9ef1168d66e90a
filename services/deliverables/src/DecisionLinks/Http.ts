import { DecisionLinksApi } from "@stint/domain/deliverables/DecisionLinks"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { DecisionLinks } from "../DecisionLinks.ts"
import { Deliverables } from "../Deliverables.ts"
import { Reviews } from "../Reviews.ts"

export const DecisionLinksHttp = HttpApiBuilder.group(
  DecisionLinksApi,
  "decisionLinks",
  Effect.fn(function* (handlers) {
    const links = yield* DecisionLinks
    const deliverables = yield* Deliverables
    const reviews = yield* Reviews
    return handlers.handleAll({
      view: Effect.fnUntraced(function* ({ payload }) {
        const { caller, customer_id, deliverable_id, expires_at } = yield* links.open(payload.token)
        const deliverable = yield* deliverables.get(caller, deliverable_id)
        return { deliverable, customer_id, person: caller.subject, expires_at }
      }),
      decide: Effect.fnUntraced(function* ({ payload: { token, ...review } }) {
        const { caller, deliverable_id } = yield* links.open(token)
        return yield* reviews.review(caller, deliverable_id, review)
      }),
    })
  }),
)
