import { HiringApi } from "@stint/domain/hiring/Api"
import { ActionLog } from "@stint/edge/ActionLog"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"

export const ActionLogHttp = HttpApiBuilder.group(
  HiringApi,
  "actionLog",
  Effect.fn(function* (handlers) {
    const log = yield* ActionLog
    return handlers.handleAll({
      list: ({ query }) => log.list(query),
      listOfOperator: ({ params, query }) => log.list(query, params.operator),
    })
  }),
)
