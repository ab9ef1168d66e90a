import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Makings } from "../Makings.ts"

export const MakingsHttp = HttpApiBuilder.group(
  DeliverablesApi,
  "makings",
  Effect.fn(function* (handlers) {
    const makings = yield* Makings
    return handlers.handleAll({
      get: ({ params }) => makings.get(params.key),
      places: () => Effect.map(makings.places, (items) => ({ items })),
      checkMakers: ({ payload }) =>
        Effect.map(makings.check(payload.makers), (found) => ({ items: found.map((problem) => ({ problem })) })),
      checkModel: ({ params }) => makings.checkModel(params.alias),
      cancel: ({ payload }) => Effect.map(makings.cancel(payload.keys), (cancelled) => ({ cancelled })),
    })
  }),
)
