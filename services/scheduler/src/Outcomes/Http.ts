import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Outcomes } from "../Outcomes.ts"

export const OutcomesHttp = HttpApiBuilder.group(
  SchedulerApi,
  "outcomes",
  Effect.fn(function* (handlers) {
    const outcomes = yield* Outcomes
    return handlers.handleAll({ count: ({ query }) => outcomes.count(query) })
  }),
)
