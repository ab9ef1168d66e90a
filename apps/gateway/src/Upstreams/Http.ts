/** The routes of the services, as the front door has them. */
import { NotFound, Unauthorized } from "@stint/domain/Problem"
import { Facts } from "@stint/edge/RequestContext"
import { pathOf } from "@stint/edge/Target"
import { Effect, Option } from "effect"
import { HttpRouter, type HttpServerRequest, HttpServerRespondable, HttpServerResponse } from "effect/http"
import { Sessions } from "../Sessions.ts"
import { Upstreams } from "../Upstreams.ts"
import { type ServiceRoute, table } from "./Table.ts"

/** The token of the request itself, if it has one. */
const bearerOf = (authorization: string | undefined): string | undefined =>
  /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1]

/** A path that every url parser takes as it was sent: dot segments and backslashes would lead elsewhere. */
const isPlain = (url: string): boolean => new URL(url).pathname === pathOf(url)

/** Adds the routes of all services. A token of the request goes before that of a session. */
export const UpstreamsHttp = HttpRouter.use(Effect.fnUntraced(function* (router) {
  const sessions = yield* Sessions
  const upstreams = yield* Upstreams

  const tokenOf = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
    const token = bearerOf(request.headers.authorization) ?? Option.getOrUndefined(yield* sessions.token(request))
    return token ?? (yield* new Unauthorized({ detail: "Sign in, or send Authorization: Bearer <token>" }))
  })

  const pass = ({ path, service }: ServiceRoute) =>
    Effect.fnUntraced(
      function* (request: HttpServerRequest.HttpServerRequest) {
        const facts = yield* Facts
        if (facts !== undefined) facts.route = path
        const source = request.source as Request
        if (!isPlain(source.url)) return yield* new NotFound({ detail: "The path names nothing that can exist" })
        const token = yield* tokenOf(request)
        return HttpServerResponse.raw(yield* upstreams.pass(service, source, token))
      },
      Effect.catch((problem) => HttpServerRespondable.toResponse(problem)),
    )

  for (const route of table) yield* router.add(route.method, route.path, pass(route))
}))
