/** The endpoints of sessions. */
import { GatewayApi } from "@stint/domain/gateway/Sessions"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Sessions } from "../Sessions.ts"

/** Handlers of the group `sessions`. */
export const SessionsHttp = HttpApiBuilder.group(
  GatewayApi,
  "sessions",
  Effect.fn(function* (handlers) {
    const sessions = yield* Sessions
    return handlers.handleAll({
      get: ({ request }) => sessions.view(request),
      local: ({ payload, request }) => sessions.local(request, payload),
      end: ({ request }) => sessions.end(request),
    })
  }),
)
