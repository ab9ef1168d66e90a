/** Typed clients of the other services, derived from their contracts, with a deadline and this service's token. */
import { Authorization } from "@stint/domain/Caller"
import { Unavailable } from "@stint/domain/Problem"
import { Config, Context, Duration, Effect, Layer, Redacted } from "effect"
import { FetchHttpClient, HttpClient, HttpClientError, HttpClientRequest } from "effect/http"
import { type HttpApi, HttpApiClient, type HttpApiGroup, HttpApiMiddleware } from "effect/http-api"
import { Files } from "./Files.ts"
import { PORT_BASE, PORTS } from "./Ports.ts"
import { Refusal } from "./Refusal.ts"
import { RequestId, Trace, traceHeadersOf } from "./RequestContext.ts"

/** This service's token (role service) from `STINT_SERVICE_TOKEN_FILE`; read again every minute, since it is rotated. */
export class ServiceToken extends Context.Service<ServiceToken, Effect.Effect<Redacted.Redacted>>()(
  "stint/ServiceToken",
) {
  static readonly layer = Layer.effect(
    ServiceToken,
    Effect.gen(function* () {
      const path = yield* Config.String("STINT_SERVICE_TOKEN_FILE")
      const files = yield* Files
      yield* files.read(path).pipe(
        Effect.mapError(({ why }) => new Refusal({ message: `STINT_SERVICE_TOKEN_FILE can't be read: ${why}` })),
      )
      const read = Effect.map(Effect.orDie(files.read(path)), (text) => Redacted.make(text.trim()))
      return yield* Effect.cachedWithTTL(read, "1 minute")
    }),
  )
}

/** Adds the service's token to every call. */
const CallerToken = HttpApiMiddleware.layerClient(
  Authorization,
  Effect.gen(function* () {
    const token = yield* ServiceToken
    return ({ next, request }) => Effect.flatMap(token, (value) => next(HttpClientRequest.bearerToken(request, value)))
  }),
)

/** The url of a service: `<NAME>_URL`, else its port on this machine. */
export const urlOf = (name: keyof typeof PORTS) =>
  Effect.gen(function* () {
    const base = yield* Config.Int("STINT_PORT_BASE").pipe(Config.withDefault(PORT_BASE))
    const variable = `${name.toUpperCase()}_URL`
    const url = yield* Config.String(variable).pipe(Config.withDefault(`http://127.0.0.1:${base + PORTS[name]}`))
    if (/^https?:\/\/[^/]/.test(url) && URL.canParse(url)) return url
    return yield* new Refusal({ message: `${variable} must be a url like http://host:4101` })
  })

const late = (
  request: HttpClientRequest.HttpClientRequest,
  { deadline, name }: { readonly deadline: Duration.Input; readonly name: string },
) =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({
      request,
      description: `${name} did not answer within ${Duration.format(Duration.fromInputUnsafe(deadline))}`,
    }),
  })

/**
 * A client of another service. A call is answered, body included, within `deadline`, or fails with an HttpClientError. It
 * carries the request id and the trace of the request that is being handled. It is not retried: that is the caller's
 * decision.
 */
export const make = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<Id, Groups>,
  options: { readonly name: keyof typeof PORTS; readonly deadline: Duration.Input },
) =>
  Effect.gen(function* () {
    const baseUrl = yield* urlOf(options.name)
    return yield* HttpApiClient.make(api, {
      baseUrl,
      transformClient: (client) =>
        HttpClient.transform(client, (response, request) =>
          // a response is there once its headers are: its body is read within the deadline as well
          Effect.timeoutOrElse(Effect.tap(response, (answer) => answer.arrayBuffer), {
            duration: options.deadline,
            orElse: () => Effect.fail(late(request, options)),
          })).pipe(HttpClient.mapRequestEffect((request) =>
            Effect.gen(function* () {
              const id = yield* RequestId
              const trace = yield* Trace
              return HttpClientRequest.setHeaders(request, {
                ...(id === "" ? {} : { "x-request-id": id }),
                ...(trace === undefined ? {} : traceHeadersOf(trace)),
              })
            })
          )),
    })
  })

/** Logs why a call of a service failed, and fails with Unavailable. */
export const unavailable = (name: keyof typeof PORTS) => (error: unknown): Effect.Effect<never, Unavailable> =>
  Effect.andThen(
    Effect.logWarning(`${name} does not answer`, String(error)),
    Effect.fail(new Unavailable({ detail: `${name} does not answer; try again` })),
  )

/** The fetch and the token that clients need. */
export const layer = CallerToken.pipe(Layer.provideMerge(Layer.merge(FetchHttpClient.layer, ServiceToken.layer)))
