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
import { type ServiceRoute, signedTable, table } from "./Table.ts"

/** A path that every parser takes as it was sent: dot segments, backslashes and empty segments would lead elsewhere. */
const isPlain = (url: string): boolean => {
  const path = pathOf(url)
  return new URL(url).pathname === path && !path.includes("//")
}

/** Adds the routes of all services. A token of the request goes before that of a session. */
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

  for (const route of table) yield* router.add(route.method, route.path, pass(route))
  for (const route of signedTable) yield* router.add(route.method, route.path, pass(route, { isSigned: true }))
}))
