/** Contract to service, one line per endpoint. */
import { CurrentCaller } from "@stint/domain/Caller"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Controls } from "../Controls.ts"

/** The handlers of the controls. */
export const ControlsHttp = HttpApiBuilder.group(
  SchedulerApi,
  "controls",
  Effect.fn(function* (handlers) {
    const controls = yield* Controls
    return handlers.handleAll({
      pause: ({ payload }) => Effect.flatMap(CurrentCaller, (caller) => controls.pause(caller, payload)),
      resume: ({ payload }) => Effect.flatMap(CurrentCaller, (caller) => controls.resume(caller, payload)),
      trigger: ({ params, payload }) =>
        Effect.flatMap(CurrentCaller, (caller) => controls.trigger(caller, params.goal, payload)),
      status: () => controls.status,
      actions: ({ query }) => controls.actions(query),
      actionsOf: ({ params, query }) => controls.actions(query, params.operator),
    })
  }),
)
