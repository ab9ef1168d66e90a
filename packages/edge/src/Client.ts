/** Typed clients of the other services: derived from their contracts, with a deadline and this service's own token. */
import { Authorization } from "@stint/domain/Caller"
import { Config, Context, Duration, Effect, Layer, Redacted } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { type HttpApi, HttpApiClient, type HttpApiGroup, HttpApiMiddleware } from "effect/http-api"
import { Files } from "./Files.ts"
import { RequestId, Trace, traceparentOf } from "./RequestContext.ts"

/** This service's own token, of the role service, from `STINT_SERVICE_TOKEN_FILE`; read anew once a minute, as it is rotated. */
export class ServiceToken extends Context.Service<ServiceToken, Effect.Effect<Redacted.Redacted>>()(
  "stint/ServiceToken"
) {
  static readonly layer = Layer.effect(
    ServiceToken,
    Effect.gen(function*() {
      const path = yield* Config.String("STINT_SERVICE_TOKEN_FILE")
      const files = yield* Files
      const read = Effect.map(Effect.orDie(files.read(path)), (text) => Redacted.make(text.trim()))
      return yield* Effect.cachedWithTTL(read, "1 minute")
    })
  )
}

/** Puts the service's token on every call. */
const CallerToken = HttpApiMiddleware.layerClient(
  Authorization,
  Effect.gen(function*() {
    const token = yield* ServiceToken
    return ({ next, request }) =>
      Effect.flatMap(token, (value) => next(HttpClientRequest.bearerToken(request, value)))
  })
)

/** The port of each service when `STINT_PORT_BASE` is 4100. */
export const PORTS = { catalog: 1, hiring: 2, deliverables: 3, scheduler: 4 } as const

/** Where a service is: `<NAME>_URL`, or this machine's port of it. */
export const urlOf = (name: keyof typeof PORTS) =>
  Effect.gen(function*() {
    const base = yield* Config.Int("STINT_PORT_BASE").pipe(Config.withDefault(4100))
    return yield* Config.String(`${name.toUpperCase()}_URL`).pipe(
      Config.withDefault(`http://127.0.0.1:${base + PORTS[name]}`)
    )
  })

/**
 * A client of another service. Every call ends within `deadline` (Cause.TimeoutError), and carries the request id and
 * the trace of the request that is being handled. It tries once: who calls decides what a failure means.
 */
export const make = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<Id, Groups>,
  options: { readonly name: keyof typeof PORTS; readonly deadline: Duration.Input }
) =>
  Effect.gen(function*() {
    const baseUrl = yield* urlOf(options.name)
    return yield* HttpApiClient.make(api, {
      baseUrl,
      transformClient: HttpClient.mapRequestEffect((request) =>
        Effect.gen(function*() {
          const id = yield* RequestId
          const trace = yield* Trace
          return HttpClientRequest.setHeaders(request, {
            ...(id === "" ? {} : { "x-request-id": id }),
            ...(trace === undefined ? {} : { traceparent: traceparentOf(trace) })
          })
        })
      ),
      transformResponse: (effect) => Effect.timeout(effect, options.deadline)
    })
  })

/** What clients need: fetch, and the token. */
export const layer = CallerToken.pipe(Layer.provideMerge(Layer.merge(FetchHttpClient.layer, ServiceToken.layer)))
