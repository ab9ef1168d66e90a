/** Turns the layers of a service into a web-standard fetch handler, which any runtime can host. */
import { ID_CHARS } from "@stint/domain/Bounds"
import { AnyProblem } from "@stint/domain/Problem"
import { Cause, ConfigProvider, Context, Effect, Layer, Option, Schema } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { Audit } from "./Audit.ts"
import * as Auth from "./Auth.ts"
import * as Body from "./Body.ts"
import * as Bounds from "./Bounds.ts"
import { type Connect, Dial } from "./Dial.ts"
import { Files } from "./Files.ts"
import * as Follower from "./Follower.ts"
import { Health, metrics as readiness, routes } from "./Health.ts"
import * as Idempotency from "./Idempotency.ts"
import { Ids } from "./Ids.ts"
import * as Logs from "./Logs.ts"
import { makeRequestMetrics, routes as metricsRoutes, StateMetrics } from "./Metrics.ts"
import { PortCheck } from "./PortCheck.ts"
import { Conditions, conditionsOf, readStatus } from "./Preconditions.ts"
import { sentenceOf } from "./Refusal.ts"
import { Facts, type RequestFacts, RequestId, requestIdOf, Trace, traceOf } from "./RequestContext.ts"
import * as RequestProblems from "./RequestProblems.ts"
import * as RateLimit from "./RateLimit.ts"
import { recordRequest } from "./RequestLog.ts"
import * as Routes from "./Routes.ts"
import { Sha256 } from "./Sha256.ts"
import { pathOf, refusedTarget } from "./Target.ts"
import * as Tracing from "./Tracing.ts"
import * as Unreadable from "./Unreadable.ts"
import * as Watchdog from "./Watchdog.ts"

/** What the runtime gives a service: its complete configuration, files, a check of ports, connections, and a hash. */
export interface Host {
  readonly env: Record<string, string | undefined>
  readonly files: Files["Service"]
  readonly portCheck: PortCheck["Service"]
  /** What calls programs of others. */
  readonly dial?: Connect
  /** Where the runtime has a faster way than the web's. */
  readonly sha256?: typeof Sha256["Service"]
}

/** The middlewares that the API of the service of that name has. They need its IdempotencyRepo and RateRepo. */
export const middlewares = (service: string) =>
  Layer.mergeAll(RequestProblems.layer, Body.layer, Idempotency.layer, RateLimit.layer, Auth.layer(service))

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
  412: {
    code: "precondition_failed",
    title: "It is not as the request expects it",
    detail: "Its ETag is none of those in If-Match: get it without that",
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

/** What a read becomes by its tag: 304 without a body, or 412; and every 2xx says its tag. The response is ours to change. */
const conditioned = (request: Request, response: Response, conditions: Conditions, etag: string): Response => {
  const reads = request.method === "GET" || request.method === "HEAD"
  const status = reads ? readStatus(conditions, etag) : undefined
  if (status === 412) return new Response(null, { status })
  const { headers } = response
  headers.set("etag", etag)
  if (status === undefined) return response
  for (const name of ["content-type", "content-length"]) headers.delete(name)
  return new Response(null, { status, headers })
}

/**
 * Makes every failure a problem with the request's id, also those of the router and the runtime. The response is ours: its
 * headers are set in place, since the runtime sends a body that was never read faster than one that passed through a stream.
 */
const finish = (
  response: Response,
  requestId: string,
  facts: RequestFacts,
  always: Readonly<Record<string, string>>,
): Response | Promise<Response> => {
  const { headers } = response
  for (const name in always) if (!headers.has(name)) headers.set(name, always[name]!)
  headers.set("x-request-id", requestId)
  for (const name in facts.headers) headers.set(name, facts.headers[name]!)
  for (const line of facts.cookies ?? []) headers.append("set-cookie", line)
  if (response.status < 400) return response
  const type = headers.get("content-type") ?? ""
  const isPage = facts.page === true && type.startsWith("text/html")
  return isPage || type.startsWith("application/json") ? response : problemOf(response, type, requestId, facts)
}

const problemOf = async (response: Response, type: string, requestId: string, facts: RequestFacts) => {
  const { headers } = response
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
  if (response.status >= 502 && response.status <= 504) headers.set("retry-after", "1")
  // RFC 9110 12.5.1 and 12.5.3: a 415 says which media type and which coding of it would do
  if (response.status === 415) {
    headers.set("accept", "application/json")
    headers.set("accept-encoding", "identity")
  }
  headers.set("content-type", "application/problem+json")
  headers.delete("content-length")
  return new Response(JSON.stringify({ ...body, request_id: requestId }), { status: response.status, headers })
}

/** The answer to a method that the path does not have, or to OPTIONS; undefined when nothing is at the path. */
const otherMethod = (table: Routes.RouteTable, request: Request): Response | undefined => {
  const allowed = table.methodsOf(pathOf(request.url))
  if (allowed.length === 0 || (allowed.includes(request.method) && request.method !== "OPTIONS")) return undefined
  // no CORS headers: which origins may call is for the front door to say
  return new Response(null, {
    status: request.method === "OPTIONS" ? 204 : 405,
    headers: { allow: allowed.join(", ") },
  })
}

/**
 * The service of that name as a fetch handler. Its layers are built at once; a request that comes earlier waits for them. `drain` takes
 * readiness away and ends background work; `dispose` closes the layers. `refused` is fulfilled with the reason when the
 * layers can't be built or the service can't do its work (a wrong setting, a database with another schema). `always` are
 * headers of every answer that has none of that name.
 */
export const webHandler = <A, E, R>(
  service: string,
  app: Layer.Layer<A, E, R>,
  host: Host,
  always: Readonly<Record<string, string>> = {},
) => {
  const config = ConfigProvider.layer(ConfigProvider.fromEnvRecord(definedOf(host.env)))
  const logs = Layer.provide(Logs.layer(service), config)
  const health = Health.make()
  const audit = Audit.make()
  const metrics = makeRequestMetrics()
  const table = Routes.make()
  const provided = Layer.mergeAll(
    app as Layer.Layer<A, E, HttpRouter.HttpRouter>,
    routes,
    readiness,
    metricsRoutes(metrics),
  ).pipe(
    Layer.provideMerge(Layer.mergeAll(
      Routes.layer(table),
      Tracing.layer(service).pipe(Layer.provide(config), Layer.provideMerge(logs)),
      Layer.succeed(Health, health),
      Layer.succeed(Audit, audit),
      Layer.mergeAll(Watchdog.layer, Unreadable.layer, Follower.layer).pipe(
        Layer.provideMerge(Layer.succeed(StateMetrics, StateMetrics.make())),
      ),
      Ids.layer,
      HttpServer.layerServices,
      Layer.succeed(Files, host.files),
      Layer.succeed(PortCheck, host.portCheck),
      host.dial === undefined ? Layer.empty : Layer.succeed(Dial, host.dial),
      host.sha256 === undefined ? Layer.empty : Layer.succeed(Sha256, host.sha256),
      Layer.provideMerge(Bounds.layer, config),
    )),
    Layer.tapCause((cause) => {
      if (Cause.hasInterruptsOnly(cause)) return Effect.void
      // of a wrong setting the sentence is enough; of a bug the log has the whole cause
      const shown = Cause.hasDies(cause)
        ? Effect.provide(Effect.logError("the layers can't be built", cause), logs)
        : Effect.void
      return Effect.andThen(shown, health.refuse(sentenceOf(cause)))
    }),
  )
  const { dispose, handler } = HttpRouter.toWebHandler(provided, {
    disableLogger: true,
    // the router counts percent-encoded characters: what can be an id can be reached, and a longer one is no id (404)
    routerConfig: { maxParamLength: 3 * ID_CHARS },
  })
  const fetch = async (request: Request): Promise<Response> => {
    const at = Date.now()
    const began = performance.now()
    const requestId = requestIdOf(request.headers)
    const trace = traceOf(request.headers)
    const conditions = conditionsOf(request.headers)
    const facts: RequestFacts = {}
    const answer = async () => {
      const refused = refusedTarget(request)
      if (refused !== undefined) return refused
      const context = Context.make(RequestId, requestId).pipe(
        Context.add(Trace, trace),
        Context.add(Facts, facts),
        Context.add(Conditions, conditions),
      )
      const response = await (handler as (r: Request, c: Context.Context<never>) => Promise<Response>)(request, context)
      // the router's own 404, which has no body: a handler's is a problem
      const unknown = response.status === 404 && response.headers.get("content-type") === null
      return (unknown ? otherMethod(table, request) : undefined) ?? response
    }
    const answered = await answer()
    const { etag } = facts
    const shown = etag === undefined || !answered.ok ? answered : conditioned(request, answered, conditions, etag)
    const response = await finish(shown, requestId, facts, always)
    const { status } = response
    const tookMs = performance.now() - began
    recordRequest({ audit, metrics }, { request, requestId, trace: facts.trace ?? trace, facts, status, at, tookMs })
    return response
  }
  return { fetch, drain: () => Effect.runPromise(health.drain), dispose, refused: health.refused }
}

const definedOf = (env: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ""),
  )
