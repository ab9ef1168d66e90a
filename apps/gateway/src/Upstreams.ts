/** Passes requests on to the services, and their answers back, both as they stream. */
import { Unavailable } from "@stint/domain/Problem"
import { BadGateway, GatewayTimeout } from "@stint/domain/gateway/Problems"
import { urlOf } from "@stint/edge/Client"
import { Neighbours } from "@stint/edge/Neighbours"
import { PortCheck } from "@stint/edge/PortCheck"
import { PORTS } from "@stint/edge/Ports"
import { onceMore } from "@stint/edge/Schedules"
import { RequestId, Trace, traceHeadersOf } from "@stint/edge/RequestContext"
import { Context, Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { requestHeaders, responseHeaders } from "./Upstreams/Headers.ts"
import type { ServiceName } from "./Upstreams/Table.ts"

/** How long a service may take to begin its answer. A pause may wait an hour for what runs (api.md). */
const READ = "35 seconds"
const WRITE = "61 minutes"
/** How long a look may take, its body included. */
const LOOK = "3 seconds"

const names = Object.keys(PORTS) as ReadonlyArray<ServiceName>

/** The services. */
export class Upstreams extends Context.Service<Upstreams, {
  /**
   * The answer of a service to a request, sent with that token; undefined: with none. Its body is still on its way. Unavailable: nothing listens
   * where the service should be. BadGateway: it took the request, and gave no answer. GatewayTimeout: it began none in time.
   */
  pass(
    service: ServiceName,
    request: Request,
    token: string | undefined,
  ): Effect.Effect<Response, Unavailable | BadGateway | GatewayTimeout>
  /** The answer to a GET within a few seconds, read; fails with its status, or 0 when there is none. */
  read(service: ServiceName, path: string, token: string): Effect.Effect<Uint8Array<ArrayBuffer>, number>
  /** The answer to a POST without a token of a person, whatever its status; its body is JSON, else undefined. */
  post(
    service: ServiceName,
    path: string,
    body: object,
  ): Effect.Effect<{ readonly status: number; readonly json: unknown }, Unavailable>
}>()("gateway/Upstreams") {
  static readonly layer = Layer.effect(
    Upstreams,
    Effect.gen(function* () {
      const fetch = yield* FetchHttpClient.Fetch
      const ports = yield* PortCheck
      const neighbours = yield* Neighbours
      const urls = new Map(
        yield* Effect.forEach(names, (name) => Effect.map(urlOf(name), (url) => [name, url] as const)),
      )

      const failed = Effect.fnUntraced(function* (service: ServiceName, error: unknown) {
        const detail = error instanceof Error ? error.message : String(error)
        const listens = yield* Effect.isSuccess(ports.check(urls.get(service)!))
        yield* neighbours.failed(service, { how: listens ? "unavailable" : "refused", detail })
        if (!listens) return yield* new Unavailable({ detail: `${service} is away; try again` })
        return yield* new BadGateway({
          detail: `${service} gave no answer: whether it did what was asked is not known, and a repetition under the ` +
            "same Idempotency-Key tells",
        })
      })

      return Upstreams.of({
        read: (service, path, token) =>
          Effect.tryPromise({
            try: async (signal) => {
              const answer = await fetch(`${urls.get(service)}${path}`, {
                headers: { authorization: `Bearer ${token}` },
                signal,
              })
              const bytes = new Uint8Array(await answer.arrayBuffer())
              return answer.ok ? bytes : Promise.reject(answer.status)
            },
            catch: (error) => typeof error === "number" ? error : 0,
          }).pipe(Effect.timeoutOrElse({ duration: LOOK, orElse: () => Effect.fail(0) })),
        post: (service, path, body) =>
          Effect.tryPromise(async (signal) => {
            const answer = await fetch(`${urls.get(service)}${path}`, {
              method: "POST",
              headers: { "content-type": "application/json" },
              body: JSON.stringify(body),
              redirect: "manual",
              signal,
            })
            return { status: answer.status, json: await answer.json().catch(() => undefined) as unknown }
          }).pipe(
            Effect.timeout(READ),
            Effect.catch(() => Effect.fail(new Unavailable({ detail: `${service} does not answer; try again` }))),
          ),
        pass: Effect.fn("Upstreams.pass")(function* (service, request, token) {
          const { pathname, search } = new URL(request.url)
          const headers = requestHeaders(request.headers, {
            token,
            requestId: yield* RequestId,
            trace: traceHeadersOf((yield* Trace)!),
          })
          const isRead = request.method === "GET" || request.method === "HEAD"
          const answer = yield* Effect.tryPromise((signal) =>
            fetch(`${urls.get(service)}${pathname}${search}`, {
              method: request.method,
              headers,
              body: isRead ? null : request.body,
              redirect: "manual",
              signal,
            })
          ).pipe(
            // a read does no harm twice: its connection may have been closed just then
            Effect.retry({ schedule: onceMore, while: () => isRead }),
            Effect.catch(({ cause }) => failed(service, cause)),
            Effect.timeoutOrElse({
              duration: isRead ? READ : WRITE,
              orElse: () => Effect.fail(new GatewayTimeout({ detail: `${service} did not begin to answer in time` })),
            }),
          )
          return new Response(answer.body, { status: answer.status, headers: responseHeaders(answer.headers) })
        }),
      })
    }),
  )
}
