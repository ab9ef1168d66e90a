import { CurrentCaller } from "@stint/domain/Caller"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { madeAt } from "@stint/edge/Replies"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Mandates } from "../Mandates.ts"

export const MandatesHttp = HttpApiBuilder.group(
  DeliverablesApi,
  "mandates",
  Effect.fn(function* (handlers) {
    const mandates = yield* Mandates
    return handlers.handleAll({
      sign: ({ payload }) =>
        CurrentCaller.use((caller) =>
          Effect.map(mandates.sign(caller, payload), (made) => madeAt(`/api/v1/mandates/${made.mandate_id}`, made))
        ),
      list: ({ query }) => mandates.list(query),
      get: ({ params }) => CurrentCaller.use((caller) => mandates.get(caller, params.id)),
      preview: ({ payload }) => CurrentCaller.use((caller) => mandates.preview(caller, payload.mandate)),
      revoke: ({ params, payload }) =>
        CurrentCaller.use((caller) => mandates.revoke(caller, params.id, payload.reason)),
    })
  }),
)
