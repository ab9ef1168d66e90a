/** The web-standard seam: layers in, a fetch handler out. Any runtime that calls fetch handlers can host a service. */
import { AnyProblem } from "@stint/domain/Problem"
import { Cause, ConfigProvider, Context, Effect, Layer, Option, Schema } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { Audit } from "./Audit.ts"
import * as Auth from "./Auth.ts"
import * as Body from "./Body.ts"
import { Files } from "./Files.ts"
import { Health, routes } from "./Health.ts"
import * as Idempotency from "./Idempotency.ts"
import { Ids } from "./Ids.ts"
import { makeRequestMetrics, routes as metricsRoutes, StateMetrics } from "./Metrics.ts"
import { Reach } from "./Reach.ts"
import { sentenceOf } from "./Refusal.ts"
import { Facts, type RequestFacts, RequestId, requestIdOf, Trace, traceOf } from "./RequestContext.ts"
import * as RequestProblems from "./RequestProblems.ts"
import { leaveBehind } from "./Requests.ts"
import * as Watchdog from "./Watchdog.ts"

/** What the runtime that hosts a service gives it: its complete configuration, files, and reach. */
export interface Host {
  readonly env: Record<string, string | undefined>
  readonly files: Files["Service"]
  readonly reach: Reach["Service"]
}

/** The middlewares that every API of ours has; they need the keys' repo of the service. */
export const middlewares = Layer.mergeAll(
  RequestProblems.layer,
  Body.layer,
  Idempotency.layer,
  Auth.layer.pipe(Layer.provide(Auth.Keys.layer)),
)

const bare: Record<number, { readonly code: string; readonly title: string; readonly detail: string }> = {
  400: {
    code: "invalid_request",
    title: "The request is not valid",
    detail: "The query must be valid UTF-8, percent-encoded, without U+0000",
  },
  404: {
    code: "not_found",
    title: "There is nothing here",
    detail: "No endpoint has this method and path; /docs lists those there are",
  },
  405: {
    code: "method_not_allowed",
    title: "That method is not allowed here",
    detail: "/docs lists the endpoints and their methods",
  },
  413: { code: "body_too_large", title: "The body is too large", detail: "A body may have 1 MiB at most" },
  415: {
    code: "unsupported_media_type",
    title: "The body must be application/json",
    detail: "Send content-type: application/json",
  },
  503: { code: "unavailable", title: "A service that is needed does not answer now", detail: "Try again" },
}
const broken = {
  code: "internal_error",
  title: "Something broke on our side",
  detail: "It is logged under the request_id; trying again may help",
}

const decodeProblem = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json)))

/** Every failure leaves as a problem with the request's id, whoever made it: the contract, the router or the runtime. */
const finish = async (response: Response, requestId: string, facts: RequestFacts): Promise<Response> => {
  const headers = new Headers(response.headers)
  headers.set("x-request-id", requestId)
  const type = headers.get("content-type") ?? ""
  if (response.status < 400 || type.startsWith("application/json")) {
    return new Response(response.body, { status: response.status, headers })
  }
  const problem = type.startsWith("application/problem+json") ? decodeProblem(await response.text()) : Option.none()
  const { code, detail, title } = bare[response.status] ?? broken
  const body = Option.getOrElse(problem, (): Partial<AnyProblem> => ({
    type: `urn:stint:problem:${code}`,
    title,
    status: response.status,
    detail,
    code,
  }))
  if (typeof body.code === "string") facts.problem = body.code
  // RFC 9110: a 401 names the scheme that would do
  if (response.status === 401) headers.set("www-authenticate", "Bearer")
  if (response.status === 503) headers.set("retry-after", "1")
  headers.set("content-type", "application/problem+json")
  headers.delete("content-length")
  return new Response(JSON.stringify({ ...body, request_id: requestId }), { status: response.status, headers })
}

/** A path that no thing of ours can have is a 404; a query with U+0000 or broken UTF-8 a 400. */
const refusedUrl = (url: string): Response | undefined => {
  const [path, query] = url.split("?", 2) as [string, string | undefined]
  const readable = (text: string) => {
    try {
      return !decodeURIComponent(text).includes("\0")
    } catch {
      return false
    }
  }
  if (!readable(path)) return new Response(null, { status: 404 })
  return query === undefined || readable(query) ? undefined : new Response(null, { status: 400 })
}

/**
 * A service as a fetch handler. `drain` ends background work and takes readiness away; `dispose` closes the rest.
 * The layers are built at once; a request that comes earlier waits for them. `refused` says why they, or what they name,
 * can't be used, should it be so.
 */
export const webHandler = <A, E, R>(app: Layer.Layer<A, E, R>, host: Host) => {
  const health = Health.make()
  const audit = Audit.make()
  const metrics = makeRequestMetrics()
  const provided = Layer.mergeAll(
    app as Layer.Layer<A, E, HttpRouter.HttpRouter>,
    routes,
    metricsRoutes(metrics),
  ).pipe(
    Layer.provideMerge(Layer.mergeAll(
      Layer.succeed(Health, health),
      Layer.succeed(Audit, audit),
      Watchdog.layer.pipe(Layer.provideMerge(Layer.succeed(StateMetrics, StateMetrics.make()))),
      Ids.layer,
      HttpServer.layerServices,
      Layer.succeed(Files, host.files),
      Layer.succeed(Reach, host.reach),
      ConfigProvider.layer(ConfigProvider.fromEnvRecord(definedOf(host.env))),
    )),
    Layer.tapCause((cause) => {
      if (Cause.hasInterruptsOnly(cause)) return Effect.void
      // A wrong setting is said in a sentence; a bug is shown whole
      const shown = Cause.hasDies(cause) ? Effect.logError("the layers broke", cause) : Effect.void
      return Effect.andThen(shown, health.refuse(sentenceOf(cause)))
    }),
  )
  const { dispose, handler } = HttpRouter.toWebHandler(provided, { disableLogger: true })
  const fetch = async (request: Request): Promise<Response> => {
    const at = Date.now()
    const began = performance.now()
    const requestId = requestIdOf(request.headers)
    const trace = traceOf(request.headers)
    const facts: RequestFacts = {}
    const answer = async () => {
      const refused = refusedUrl(request.url)
      if (refused !== undefined) return refused
      const context = Context.make(RequestId, requestId).pipe(Context.add(Trace, trace), Context.add(Facts, facts))
      return await (handler as (r: Request, c: Context.Context<never>) => Promise<Response>)(request, context)
    }
    const response = await finish(await answer(), requestId, facts)
    const { status } = response
    const tookMs = performance.now() - began
    leaveBehind({ audit, metrics }, { request, requestId, trace, facts, status, at, tookMs })
    return response
  }
  return { fetch, drain: () => Effect.runPromise(health.drain), dispose, refused: health.refused }
}

const definedOf = (env: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ""),
  )
