/** The endpoints of sessions, and the addresses that a browser is sent to while it signs in. */
import { GatewayApi } from "@stint/domain/gateway/Sessions"
import { Unauthorized } from "@stint/domain/Problem"
import { bearerOf } from "@stint/edge/Auth"
import { Facts } from "@stint/edge/RequestContext"
import { Effect, Layer } from "effect"
import { HttpRouter, type HttpServerRequest, HttpServerRespondable, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { type Onward, Sessions } from "../Sessions.ts"

/** Who is signed in is for this page, and for now. */
const unkept = Effect.fnUntraced(function* () {
  const facts = yield* Facts
  if (facts !== undefined) facts.headers = { "cache-control": "no-store" }
})

const Endpoints = HttpApiBuilder.group(
  GatewayApi,
  "sessions",
  Effect.fn(function* (handlers) {
    const sessions = yield* Sessions
    return handlers.handleAll({
      get: ({ request }) => Effect.andThen(unkept(), sessions.view(request)),
      local: ({ payload, request }) => Effect.andThen(unkept(), sessions.local(request, payload)),
      code: Effect.fnUntraced(function* ({ payload, request }) {
        const token = bearerOf(request.headers.authorization)
        if (token === undefined) return yield* new Unauthorized({ detail: "Send Authorization: Bearer <token>" })
        return yield* sessions.code(request, token, payload.return_to)
      }),
      end: ({ request }) => Effect.andThen(unkept(), sessions.end(request)),
    })
  }),
)

/** A browser goes there next. The address holds a code or a state: no other site learns it. */
const onward = (to: Onward) =>
  HttpServerResponse.redirect(to, {
    status: 303,
    headers: { "cache-control": "no-store", "referrer-policy": "no-referrer" },
  })

/** `/session/oidc`, `/session/oidc/callback` and `/session/open`: each answers with where the browser goes. */
const Ways = HttpRouter.use(Effect.fnUntraced(function* (router) {
  const sessions = yield* Sessions
  const add = <E extends HttpServerRespondable.Respondable>(
    path: `/${string}`,
    go: (request: HttpServerRequest.HttpServerRequest, url: URL) => Effect.Effect<Onward, E>,
  ) =>
    router.add("GET", path, (request) =>
      Effect.gen(function* () {
        const facts = yield* Facts
        if (facts !== undefined) facts.route = path
        return onward(yield* go(request, new URL((request.source as Request).url)))
      }).pipe(Effect.catch((problem) => HttpServerRespondable.toResponse(problem))))

  yield* add(
    "/session/oidc",
    (request, { searchParams }) => sessions.begin(request, searchParams.get("return_to") ?? undefined),
  )
  yield* add(
    "/session/oidc/callback",
    (request, { pathname, search }) => sessions.finish(request, `${pathname}${search}`),
  )
  yield* add(
    "/session/open",
    (request, { searchParams }) =>
      sessions.open(request, searchParams.get("code") ?? "", searchParams.get("return_to") ?? undefined),
  )
}))

/** The group `sessions`, and the ways to sign in. */
export const SessionsHttp = Layer.merge(Endpoints, Ways)
