import { CurrentCaller } from "@stint/domain/Caller"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { madeAt } from "@stint/edge/Replies"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { locationOf } from "../Deliverables/Wire.ts"
import { Executions } from "../Executions.ts"

/** 200 when it was delivered; else 202 with the location where its state can be read. */
const executed = (deliverable: Deliverable) =>
  deliverable.execution_status === "executed" ? deliverable : madeAt(locationOf(deliverable), deliverable)

export const ExecutionsHttp = HttpApiBuilder.group(
  DeliverablesApi,
  "executions",
  Effect.fn(function* (handlers) {
    const executions = yield* Executions
    return handlers.handleAll({
      execute: ({ params, payload }) =>
        CurrentCaller.use((caller) => Effect.map(executions.execute(caller, params.id, payload.approval_id), executed)),
    })
  }),
)
