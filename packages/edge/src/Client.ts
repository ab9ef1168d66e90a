/** Typed clients of the other services, derived from their contracts, with a deadline and this service's token for each. */
import { Authorization } from "@stint/domain/Caller"
import { Unavailable } from "@stint/domain/Problem"
import { Config, Context, Duration, Effect, Layer, Option, Redacted, Result, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientError, HttpClientRequest } from "effect/http"
import { type HttpApi, HttpApiClient, type HttpApiGroup, HttpApiMiddleware } from "effect/http-api"
import { Files } from "./Files.ts"
import { keep } from "./Kept.ts"
import { httpUrl } from "./Places.ts"
import { PORT_BASE, PORTS } from "./Ports.ts"
import { Refusal } from "./Refusal.ts"
import { RequestId, Trace, traceHeadersOf } from "./RequestContext.ts"

/** How old what was read of the file of tokens may be, in milliseconds: they are replaced every few minutes. */
const TOKENS_AGE_MS = 15_000

const decodeTokens = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Record(Schema.String, Schema.String)))

/** The token for each service: `{"hiring": "token"}`, or one token for all, bare. */
const parseTokens = (text: string): Result.Result<(callee: string) => string | undefined, string> => {
  const tokens = decodeTokens(text)
  if (Option.isSome(tokens)) {
    const of = new Map(Object.entries(tokens.value))
    return Result.succeed((callee) => of.get(callee))
  }
  const bare = text.trim()
  return /^[\w.-]+$/.test(bare)
    ? Result.succeed(() => bare)
    : Result.fail('must hold a token for each service that is called, as JSON like {"hiring": "..."}')
}

/**
 * This service's own tokens (role service), one for each service that it calls, from `STINT_SERVICE_TOKEN_FILE`. The file is
 * read again when what was read is 15 seconds old; while it can't be read, the tokens of before are used.
 */
export class ServiceTokens extends Context.Service<ServiceTokens, {
  /** The token for a service now. */
  for(callee: string): Effect.Effect<Redacted.Redacted>
  /** Fails with a Refusal when the file has none for that service. */
  require(callee: string): Effect.Effect<void, Refusal>
}>()("stint/ServiceTokens") {
  static readonly layer = Layer.effect(
    ServiceTokens,
    Effect.gen(function* () {
      const name = "STINT_SERVICE_TOKEN_FILE"
      const path = yield* Config.String(name)
      const files = yield* Files
      const load = Effect.mapError(files.read(path), ({ why }) => `can't be read: ${why}`)
      const tokens = keep({ name, load, parse: parseTokens, changed: () => {} })
      yield* Effect.mapError(tokens.refresh, (why) => new Refusal({ message: `${name} ${why}` }))
      const of = (callee: string) => Option.getOrUndefined(tokens.value())?.(callee)
      return ServiceTokens.of({
        for: (callee) => Effect.map(tokens.refreshIfOlder(TOKENS_AGE_MS), () => Redacted.make(of(callee) ?? "")),
        require: (callee) =>
          of(callee) === undefined
            ? Effect.fail(new Refusal({ message: `${name} has no token for ${callee}` }))
            : Effect.void,
      })
    }),
  )
}

/** What a client of an API with `Authorization` has to give; the token is added where the callee is known. */
const Authorized = HttpApiMiddleware.layerClient(Authorization, ({ next, request }) => next(request))

/** The url of a service: `<NAME>_URL`, else its port on this machine. */
export const urlOf = (name: keyof typeof PORTS) =>
  Effect.gen(function* () {
    const base = yield* Config.Int("STINT_PORT_BASE").pipe(Config.withDefault(PORT_BASE))
    const variable = `${name.toUpperCase()}_URL`
    const url = yield* httpUrl(variable)
    if (Option.isNone(url)) return `http://127.0.0.1:${base + PORTS[name]}`
    if (url.value.search === "") return url.value.href.replace(/\/$/, "")
    return yield* new Refusal({ message: `${variable} has a query; a service's url is like http://host:4101` })
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
    const tokens = yield* ServiceTokens
    yield* tokens.require(options.name)
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
              const token = yield* tokens.for(options.name)
              return HttpClientRequest.setHeaders(HttpClientRequest.bearerToken(request, token), {
                ...(id === "" ? {} : { "x-request-id": id }),
                ...(trace === undefined ? {} : traceHeadersOf(trace)),
              })
            })
          )),
    })
  })

/** Logs why a call of a service failed, and fails with Unavailable; one that says already which part is away is left alone. */
export const unavailable = (name: keyof typeof PORTS) => (error: unknown): Effect.Effect<never, Unavailable> =>
  error instanceof Unavailable ? Effect.fail(error) : Effect.andThen(
    Effect.logWarning(`${name} does not answer`, String(error)),
    Effect.fail(new Unavailable({ detail: `${name} does not answer; try again` })),
  )

/** The fetch and the token that clients need. */
export const layer = Layer.mergeAll(Authorized, FetchHttpClient.layer, ServiceTokens.layer)
