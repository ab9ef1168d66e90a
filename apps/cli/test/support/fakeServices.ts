/**
 * The four services in this process, by their contracts: requests are decoded and roles are checked as the contract says, the
 * answers are given by a test. The client decodes them by the contract.
 */
import { Access, Authorization, CurrentCaller } from "@stint/domain/Caller"
import { CatalogApi } from "@stint/domain/catalog/AgentTypes"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { HiringApi } from "@stint/domain/hiring/Api"
import { Subject } from "@stint/domain/Ids"
import { Unauthorized, WrongRole } from "@stint/domain/Problem"
import { BodyLimits, Idempotency, RateLimits } from "@stint/domain/Protocol"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import * as RequestProblems from "@stint/edge/RequestProblems"
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiBuilder } from "effect/http-api"

/** What an endpoint was asked, decoded. */
// deno-lint-ignore no-explicit-any -- of any endpoint
export type Asked = Readonly<Record<"params" | "query" | "payload" | "headers", any>>

/** A refusal in place of an answer. */
export class Refusal {
  readonly status: number
  readonly body: object
  constructor(status: number, code: string, title: string, more: object = {}) {
    this.status = status
    this.body = { type: `urn:stint:problem:${code}`, status, code, title, ...more }
  }
}

/** The answer of each endpoint, `group.endpoint` of a service, as it is on the wire; any other is 404. */
export type Answers = Readonly<Record<string, (asked: Asked) => unknown>>

/** A token that the fakes take, of that role. */
export const tokenOf = (role: string, subject = `${role}-1`): string => {
  const part = (value: object) => btoa(JSON.stringify(value)).replaceAll("=", "")
  return `${part({ alg: "none" })}.${part({ role, sub: subject, exp: 4_102_444_800 })}.x`
}

const authorization = Layer.succeed(
  Authorization,
  Authorization.of({
    bearer: Effect.fnUntraced(function* (handled, { credential, endpoint }) {
      const token = Redacted.value(credential)
      if (!token.endsWith(".x")) return yield* new Unauthorized({ detail: "The token does not verify" })
      const { role, sub } = JSON.parse(atob(token.split(".")[1]!))
      const allowed = Option.getOrElse(Context.getOption(endpoint.annotations, Access), (): ReadonlyArray<string> => [])
      if (!allowed.includes(role)) return yield* new WrongRole({ allowed_roles: [...allowed] })
      return yield* Effect.provideService(handled, CurrentCaller, { role, subject: Subject.make(sub) })
    }),
  }),
)

// deno-lint-ignore no-explicit-any -- all contracts in one loop
const layerOf = (api: any, answers: Answers, name: string, calls: Array<string>) => {
  const statuses = new Map<string, number>()
  HttpApi.reflect(api as typeof CatalogApi, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group, successes }) =>
      void statuses.set(`${group.identifier}.${endpoint.identifier}`, Math.min(...successes.keys())),
  })
  // deno-lint-ignore no-explicit-any
  const groups = Object.values<any>(api.groups).map((group) =>
    // deno-lint-ignore no-explicit-any
    HttpApiBuilder.group(api, group.identifier, (handlers: any) =>
      // deno-lint-ignore no-explicit-any
      Object.keys(group.endpoints).reduce((all: any, endpoint) =>
        all.handle(endpoint, (asked: Asked) => {
          const place = `${name}.${group.identifier}.${endpoint}`
          calls.push(place)
          const given = answers[place]?.(asked) ?? new Refusal(404, "not_found", "There is nothing here")
          return Effect.succeed(
            given instanceof Refusal
              ? HttpServerResponse.jsonUnsafe(given.body, { status: given.status })
              : HttpServerResponse.jsonUnsafe(given, {
                status: statuses.get(`${group.identifier}.${endpoint}`)!,
                // what is made says where it is
                headers: { etag: '"1"', date: new Date().toUTCString(), location: "/api/v1/made" },
              }),
          )
        }), handlers))
  )
  // deno-lint-ignore no-explicit-any
  return HttpApiBuilder.layer(api).pipe(Layer.provide(groups as any)) as Layer.Layer<
    never,
    never,
    HttpRouter.HttpRouter
  >
}

/** The services behind one address; `calls` names the endpoints that were asked. */
export const fakeServices = (answers: Answers) => {
  const calls: Array<string> = []
  const apis = { catalog: CatalogApi, hiring: HiringApi, deliverables: DeliverablesApi, scheduler: SchedulerApi }
  // A contract takes a tenth of a second to build: those that nobody answers for are left out
  const wanted = Object.entries(apis).filter(([name]) =>
    Object.keys(answers).some((place) => place.startsWith(`${name}.`))
  )
  const handlers = wanted.map(([name, api]) => {
    const pass = <A>(handled: A): A => handled
    const layer = layerOf(api, answers, name, calls).pipe(Layer.provide(Layer.mergeAll(
      authorization,
      RequestProblems.layer,
      Layer.succeed(BodyLimits, pass),
      Layer.succeed(Idempotency, pass),
      Layer.succeed(RateLimits, pass),
      HttpServer.layerServices,
    )))
    // deno-lint-ignore no-explicit-any
    return HttpRouter.toWebHandler(layer as Layer.Layer<never, never, any>, { disableLogger: true })
  })
  const fetch = (async (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init)
    let answer = new Response(null, { status: 404 })
    for (const { handler } of handlers) {
      answer = await (handler as (request: Request) => Promise<Response>)(request.clone())
      if (answer.status !== 404 || answer.headers.get("content-type") !== null) return answer
    }
    return answer
  }) as typeof globalThis.fetch
  return { fetch, calls, dispose: () => Promise.all(handlers.map(({ dispose }) => dispose())) }
}
