import { HiringApi } from "@stint/domain/hiring/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { TrialStatus } from "../TrialStatus.ts"

export const TrialStatusHttp = HttpApiBuilder.group(
  HiringApi,
  "trialStatus",
  Effect.fn(function* (handlers) {
    const trials = yield* TrialStatus
    return handlers.handleAll({
      list: ({ query }) => Effect.map(trials.list(query), ({ items, next_cursor }) => ({ trials: items, next_cursor })),
      process: () => Effect.map(trials.process, (processed) => ({ processed })),
    })
  }),
)
