import { CurrentCaller } from "@stint/domain/Caller"
import { HiringApi } from "@stint/domain/hiring/Api"
import { answerOf } from "@stint/edge/Idempotency/WithWork"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Trials } from "../Trials.ts"
import type { TrialRow } from "./Row.ts"
import { begun, trialForService, trialOnWire as wire } from "./Wire.ts"

const forCaller = (trial: TrialRow) =>
  Effect.map(CurrentCaller, ({ role }) => role === "service" ? trialForService(trial) : wire(trial))

export const TrialsHttp = HttpApiBuilder.group(
  HiringApi,
  "trials",
  Effect.fn(function* (handlers) {
    const trials = yield* Trials
    return handlers.handleAll({
      create: ({ payload }) => Effect.map(trials.begin(payload), (made) => answerOf(begun(made))),
      list: ({ query }) => Effect.map(trials.list(query), (list) => ({ ...list, items: list.items.map(wire) })),
      get: ({ params }) => Effect.flatMap(trials.get(params.id), forCaller),
      end: ({ params, payload }) => Effect.map(trials.end(params.id, payload.status), wire),
      remove: ({ params }) => Effect.as(trials.remove(params.id), { deleted: true, trial_id: params.id }),
    })
  }),
)
