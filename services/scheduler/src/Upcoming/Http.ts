import { CurrentCaller } from "@stint/domain/Caller"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Upcoming } from "../Upcoming.ts"

export const UpcomingHttp = HttpApiBuilder.group(
  SchedulerApi,
  "upcoming",
  Effect.fn(function* (handlers) {
    const upcoming = yield* Upcoming
    return handlers.handleAll({
      list: ({ query }) => Effect.flatMap(CurrentCaller, (caller) => upcoming.list(caller, query)),
    })
  }),
)
