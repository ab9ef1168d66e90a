import { CurrentCaller } from "@stint/domain/Caller"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Triggers } from "../Triggers.ts"

/** The handler of triggers. */
export const TriggersHttp = HttpApiBuilder.group(
  SchedulerApi,
  "triggers",
  Effect.fn(function* (handlers) {
    const triggers = yield* Triggers
    return handlers.handleAll({
      trigger: ({ params, payload }) =>
        Effect.flatMap(CurrentCaller, (caller) => triggers.trigger(caller, params.goal, payload)),
    })
  }),
)
