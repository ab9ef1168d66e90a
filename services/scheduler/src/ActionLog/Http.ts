import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { ActionLog } from "../ActionLog.ts"

export const ActionLogHttp = HttpApiBuilder.group(
  SchedulerApi,
  "actionLog",
  Effect.fn(function* (handlers) {
    const log = yield* ActionLog
    return handlers.handleAll({
      list: ({ query }) => log.list(query),
      listOfOperator: ({ params, query }) => log.list(query, params.operator),
    })
  }),
)
