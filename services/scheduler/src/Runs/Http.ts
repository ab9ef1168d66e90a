import { CurrentCaller } from "@stint/domain/Caller"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Runs } from "../Runs.ts"

export const RunsHttp = HttpApiBuilder.group(
  SchedulerApi,
  "runs",
  Effect.fn(function* (handlers) {
    const runs = yield* Runs
    return handlers.handleAll({
      list: ({ query }) => Effect.flatMap(CurrentCaller, (caller) => runs.list(caller, query)),
      last: ({ query }) => Effect.flatMap(CurrentCaller, (caller) => runs.last(caller, query)),
      counts: ({ query }) => Effect.flatMap(CurrentCaller, (caller) => runs.counts(caller, query)),
      get: ({ params }) => Effect.flatMap(CurrentCaller, (caller) => runs.get(caller, params.id)),
      cancel: ({ params, payload }) =>
        Effect.flatMap(CurrentCaller, (caller) => runs.cancel(caller, params.id, payload.reason)),
    })
  }),
)
