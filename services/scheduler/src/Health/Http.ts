import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Health } from "../Health.ts"

/** The handler of the health. */
export const HealthHttp = HttpApiBuilder.group(
  SchedulerApi,
  "health",
  Effect.fn(function* (handlers) {
    const health = yield* Health
    return handlers.handleAll({ health: () => health.health })
  }),
)
