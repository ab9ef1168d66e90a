/** `GET /events`: the changes of a session, as server-sent events. */
import { Unauthorized } from "@stint/domain/Problem"
import { bearerOf } from "@stint/edge/Auth"
import { Facts } from "@stint/edge/RequestContext"
import { Effect, Option } from "effect"
import { HttpRouter, HttpServerRespondable, HttpServerResponse } from "effect/http"
import { Changes } from "../Changes.ts"
import { Sessions } from "../Sessions.ts"

/** Adds the route. */
export const ChangesHttp = HttpRouter.use(Effect.fnUntraced(function* (router) {
  const changes = yield* Changes
  const sessions = yield* Sessions
  yield* router.add("GET", "/events", (request) =>
    Effect.gen(function* () {
      const facts = yield* Facts
      if (facts !== undefined) facts.route = "/events"
      const token = bearerOf(request.headers.authorization) ?? Option.getOrUndefined(yield* sessions.token(request))
      if (token === undefined) return yield* new Unauthorized({ detail: "Sign in to listen" })
      const events = yield* changes.listen(token, request.headers["last-event-id"])
      return HttpServerResponse.stream(events, {
        contentType: "text/event-stream",
        // a proxy that gathers or compresses would hold the events back
        headers: { "cache-control": "no-store, no-transform", "x-accel-buffering": "no" },
      })
    }).pipe(Effect.catch((problem) => HttpServerRespondable.toResponse(problem))))
}))
