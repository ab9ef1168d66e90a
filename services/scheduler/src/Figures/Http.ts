import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Figures } from "../Figures.ts"

/** The handler of the figures. */
export const FiguresHttp = HttpApiBuilder.group(
  SchedulerApi,
  "figures",
  Effect.fn(function* (handlers) {
    const figures = yield* Figures
    return handlers.handleAll({ figures: ({ query }) => figures.of(query.hours ?? "1") })
  }),
)
