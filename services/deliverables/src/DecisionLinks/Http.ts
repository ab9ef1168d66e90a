import { DecisionLinksApi } from "@stint/domain/deliverables/DecisionLinks"
import { Facts } from "@stint/edge/RequestContext"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { hireOf, Hiring } from "../Clients.ts"
import { DecisionLinks } from "../DecisionLinks.ts"
import { Deliverables } from "../Deliverables.ts"
import { targetOf } from "../Deliverables/Policy.ts"
import { Reviews } from "../Reviews.ts"

export const DecisionLinksHttp = HttpApiBuilder.group(
  DecisionLinksApi,
  "decisionLinks",
  Effect.fn(function* (handlers) {
    const links = yield* DecisionLinks
    const deliverables = yield* Deliverables
    const reviews = yield* Reviews
    const hiring = yield* Hiring
    /** What a token grants; its use is in the audit like that of any other token. */
    const opened = Effect.fnUntraced(function* (name: "view" | "decide", token: string) {
      const granted = yield* links.open(token)
      const facts = yield* Facts
      if (facts !== undefined) {
        facts.asked = { group: "decisionLinks", name, path: `/api/v1/decision-links/${name}` }
        facts.caller = granted.caller
      }
      return granted
    })
    return handlers.handleAll({
      view: Effect.fnUntraced(function* ({ payload }) {
        const { caller, customer_id, deliverable_id, expires_at } = yield* opened("view", payload.token)
        const deliverable = yield* deliverables.get(caller, deliverable_id)
        // while hiring is away it is shown without: nobody can decide then either
        const hire = yield* hireOf(hiring, deliverable.hired_instance_id).pipe(
          Effect.catchTag("Unavailable", () => Effect.succeed(undefined)),
        )
        const target = hire === undefined ? {} : { target: targetOf(hire) }
        return { deliverable, customer_id, person: caller.subject, expires_at, ...target }
      }),
      decide: Effect.fnUntraced(function* ({ payload: { token, ...review } }) {
        const { caller, deliverable_id } = yield* opened("decide", token)
        return yield* reviews.review(caller, deliverable_id, review)
      }),
    })
  }),
)
