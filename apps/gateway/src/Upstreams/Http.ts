/** The routes of the services, as the front door has them. */
import { NotFound, Unauthorized } from "@stint/domain/Problem"
import { bearerOf } from "@stint/edge/Auth"
import { Facts } from "@stint/edge/RequestContext"
import { pathOf } from "@stint/edge/Target"
import { Effect, Option } from "effect"
import { HttpRouter, type HttpServerRequest, HttpServerRespondable, HttpServerResponse } from "effect/http"
import { Changes } from "../Changes.ts"
import { Sessions } from "../Sessions.ts"
import { Upstreams } from "../Upstreams.ts"
import type { ServiceRoute } from "./Table.ts"

/** A path that every parser takes as it was sent: dot segments, backslashes and empty segments would lead elsewhere. */
const isPlain = (url: string): boolean => {
  const path = pathOf(url)
  return new URL(url).pathname === path && !path.includes("//")
}

/** Below which path all routes of services are. */
const BELOW = "/api/v1/*"

/**
 * Adds the routes of all services. A token of the request goes before that of a session. The contracts, which the routes follow
 * from, are loaded with the first request: that is half of what a start of the front door would cost.
 */
export const UpstreamsHttp = HttpRouter.use(Effect.fnUntraced(function* (router) {
  const sessions = yield* Sessions
  const upstreams = yield* Upstreams
  const changes = yield* Changes

  const tokenOf = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
    const token = bearerOf(request.headers.authorization) ?? Option.getOrUndefined(yield* sessions.token(request))
    return token ?? (yield* new Unauthorized({ detail: "Sign in, or send Authorization: Bearer <token>" }))
  })

  const pass = ({ method, path, service }: ServiceRoute, { isSigned = false } = {}) =>
    Effect.fnUntraced(
      function* (request: HttpServerRequest.HttpServerRequest) {
        const facts = yield* Facts
        if (facts !== undefined) facts.route = path
        const source = request.source as Request
        if (!isPlain(source.url)) return yield* new NotFound({ detail: "The path names nothing that can exist" })
        const token = isSigned ? undefined : yield* tokenOf(request)
        const answer = yield* upstreams.pass(service, source, token)
        if (answer.ok && method !== "GET" && token !== undefined) yield* changes.wrote(token, service, path)
        return HttpServerResponse.raw(answer)
      },
      Effect.catch((problem) => HttpServerRespondable.toResponse(problem)),
    )

  const added = yield* Effect.cached(Effect.uninterruptible(Effect.gen(function* () {
    const { signedTable, table } = yield* Effect.promise(() => import("./Table.ts"))
    for (const route of table) {
      yield* router.add(route.method, route.path, pass(route))
      // BELOW has HEAD as well, so the router would not look for GET; it takes any method, though its type has no HEAD
      if (route.method === "GET") yield* router.add("HEAD" as "GET", route.path, pass(route))
    }
    for (const route of signedTable) yield* router.add(route.method, route.path, pass(route, { isSigned: true }))
  })))
  // What has a route is found there, the first time by looking again; what comes back has none
  const looked = new WeakSet<object>()
  const found = router.asHttpEffect()
  yield* router.add("*", BELOW, (request) => {
    if (looked.has(request.source)) return Effect.succeed(HttpServerResponse.empty({ status: 404 }))
    looked.add(request.source)
    return Effect.andThen(added, found)
  })
}))
