import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Replicas } from "../Replicas.ts"

/** The handler of replicas. */
export const ReplicasHttp = HttpApiBuilder.group(
  SchedulerApi,
  "replicas",
  Effect.fn(function* (handlers) {
    const replicas = yield* Replicas
    return handlers.handleAll({ list: () => replicas.list })
  }),
)
