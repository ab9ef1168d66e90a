import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Simulation } from "../Simulation.ts"

/** The handler of simulations. */
export const SimulationHttp = HttpApiBuilder.group(
  SchedulerApi,
  "simulation",
  Effect.fn(function* (handlers) {
    const { simulate } = yield* Simulation
    return handlers.handleAll({ simulate: ({ payload }) => simulate(payload) })
  }),
)
