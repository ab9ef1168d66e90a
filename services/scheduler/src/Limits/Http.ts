import { CurrentCaller } from "@stint/domain/Caller"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Limits } from "../Limits.ts"

export const LimitsHttp = HttpApiBuilder.group(
  SchedulerApi,
  "limits",
  Effect.fn(function* (handlers) {
    const limits = yield* Limits
    return handlers.handleAll({
      list: ({ query }) => limits.list(query),
      set: ({ payload }) => Effect.flatMap(CurrentCaller, (caller) => limits.set(caller, payload)),
    })
  }),
)
