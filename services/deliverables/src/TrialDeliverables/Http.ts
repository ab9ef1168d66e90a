import { CurrentCaller } from "@stint/domain/Caller"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { madeAt } from "@stint/edge/Replies"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { TrialDeliverables } from "../TrialDeliverables.ts"

export const TrialDeliverablesHttp = HttpApiBuilder.group(
  DeliverablesApi,
  "trialDeliverables",
  Effect.fn(function* (handlers) {
    const trials = yield* TrialDeliverables
    return handlers.handleAll({
      create: ({ params, payload }) =>
        CurrentCaller.use((caller) =>
          Effect.map(
            trials.add(caller, params.id, payload),
            (made) => madeAt(`/api/v1/trials/${params.id}/deliverables`, made),
          )
        ),
      list: ({ params, query }) => CurrentCaller.use((caller) => trials.list(caller, params.id, query)),
    })
  }),
)
