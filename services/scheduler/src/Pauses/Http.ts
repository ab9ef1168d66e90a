import { CurrentCaller } from "@stint/domain/Caller"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Pauses } from "../Pauses.ts"

export const PausesHttp = HttpApiBuilder.group(
  SchedulerApi,
  "pauses",
  Effect.fn(function* (handlers) {
    const pauses = yield* Pauses
    return handlers.handleAll({
      pause: ({ payload }) => Effect.flatMap(CurrentCaller, (caller) => pauses.pause(caller, payload)),
      resume: ({ payload }) => Effect.flatMap(CurrentCaller, (caller) => pauses.resume(caller, payload)),
      status: () => pauses.status,
      holding: ({ query }) =>
        Effect.flatMap(
          CurrentCaller,
          (caller) => Effect.map(pauses.holding(caller, query.customer_id), (items) => ({ items })),
        ),
    })
  }),
)
