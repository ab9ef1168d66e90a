import { CurrentCaller } from "@stint/domain/Caller"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Notices } from "../Notices.ts"

export const NoticesHttp = HttpApiBuilder.group(
  DeliverablesApi,
  "notices",
  Effect.fn(function* (handlers) {
    const notices = yield* Notices
    return handlers.handleAll({
      list: ({ query }) => notices.list(query),
      test: ({ payload }) => CurrentCaller.use((caller) => notices.test(caller, payload.channel_id)),
      deadLetters: ({ payload }) => notices.deadLetters(payload.items),
    })
  }),
)
