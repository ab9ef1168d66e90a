/**
 * How often a caller may ask (domain.md, "Bounds"): a bucket of tokens for each customer, all its persons and tokens
 * together, and one for each operator and viewer, counted over all replicas. A service is not bounded: it calls in the
 * name of work that was. A request of many bytes counts as several, and few of one customer are under way at once, reads
 * and writes apart: what costs this process, or its database, more than others takes longer for who asked, for nobody else.
 */
import { Bounds } from "@stint/domain/Bounds"
import { type Caller, CurrentCaller, customerOf } from "@stint/domain/Caller"
import { RateLimited } from "@stint/domain/Problem"
import { RateLimits, WaitsForOthers } from "@stint/domain/Protocol"
import { Context, Effect, Exit, Layer, Option, type Types } from "effect"
import { HttpServerRequest, type HttpServerResponse } from "effect/http"
import * as AtOnce from "./RateLimit/AtOnce.ts"
import * as Leases from "./RateLimit/Leases.ts"
import { type Limit, RateRepo } from "./RateLimit/Repo.ts"
import { Facts, type RequestFacts } from "./RequestContext.ts"
import { pruneRates, upkeepBegins } from "./Schedules.ts"

/** A bound on how often something may be done, by its name in `Bounds`, and in words. */
export interface Rate extends Limit {
  readonly bound: string
  readonly words: string
}

const seconds = (ms: number) => String(Math.max(1, Math.ceil(ms / 1000)))

const refusal = ({ bound, words }: Rate, waitMs: number) =>
  Effect.flatMap(Facts, (facts) => {
    if (facts !== undefined) facts.headers = { ...facts.headers, "retry-after": seconds(waitMs) }
    return Effect.fail(
      new RateLimited({ detail: `More than ${words} (${bound}): try again in ${seconds(waitMs)} s` }),
    )
  })

/** Bounds for what a feature counts itself. Each fails with RateLimited, and Retry-After, when the rate is used up. */
export class Rates extends Context.Service<Rates, {
  /** Counts one under the name, one statement each time. */
  once(name: string, rate: Rate): Effect.Effect<void, RateLimited>
  /** Counts one under the name, of those that this process has leased: a statement a second at most. */
  leased(name: string, rate: Rate): Effect.Effect<void, RateLimited>
}>()("edge/Rates") {
  static readonly layer = Layer.effect(
    Rates,
    Effect.map(RateRepo, (repo) => {
      const { spend } = Leases.make(repo)
      return Rates.of({
        once: Effect.fnUntraced(function* (name, rate) {
          const { granted, left } = yield* repo.take(name, { perSecond: rate.perSecond, burst: rate.burst }, 1)
          if (granted === 0) yield* refusal(rate, (1 - left) / rate.perSecond * 1000)
        }),
        leased: Effect.fnUntraced(function* (name, rate) {
          const { allowed, waitMs } = yield* spend(name, rate)
          if (!allowed) yield* refusal(rate, waitMs)
        }),
      })
    }),
  )
}

/** The fields of draft-ietf-httpapi-ratelimit-headers: a quota for a window, what is left of it, and when it is full. */
const fields = (policy: string, { burst, perSecond }: Limit, left: number) => ({
  "ratelimit-policy": `"${policy}";q=${burst};w=${Math.ceil(burst / perSecond)}`,
  ratelimit: `"${policy}";r=${left};t=${Math.ceil((burst - left) / perSecond)}`,
})

const bytesOf = (length: string | number | undefined) => {
  const bytes = Number(length ?? 0)
  return Number.isFinite(bytes) && bytes > 0 ? bytes : 0
}

/** The bytes of a request's body, which need not say its length, and of its answer when there is one. */
const moved = (
  request: HttpServerRequest.HttpServerRequest,
  facts: RequestFacts | undefined,
  answered: Exit.Exit<HttpServerResponse.HttpServerResponse, unknown>,
) => {
  const body = Exit.isSuccess(answered) ? answered.value.body : undefined
  return Math.max(bytesOf(request.headers["content-length"]), facts?.received ?? 0) +
    bytesOf(body !== undefined && "contentLength" in body ? body.contentLength : 0)
}

type Answering = Effect.Effect<HttpServerResponse.HttpServerResponse, RateLimited | Types.unhandled>

/** The layer of `RateLimits`. */
export const layer = Layer.effect(
  RateLimits,
  Effect.gen(function* () {
    const repo = yield* RateRepo
    const bounds = yield* Bounds
    const { owe, spend } = Leases.make(repo)
    const readTurn = AtOnce.make(bounds.reads_at_once)
    const writeTurn = AtOnce.make(bounds.writes_at_once)
    const waitTurn = AtOnce.make(bounds.executions_at_once)
    const customers: Rate = {
      perSecond: bounds.requests_per_second,
      burst: bounds.request_burst,
      bound: "requests_per_second, request_burst",
      words: `${bounds.requests_per_second} requests a second and ${bounds.request_burst} at once`,
    }
    const others: Rate = {
      perSecond: bounds.operator_requests_per_second,
      burst: bounds.operator_request_burst,
      bound: "operator_requests_per_second, operator_request_burst",
      words: `${bounds.operator_requests_per_second} requests a second and ${bounds.operator_request_burst} at once`,
    }
    const bucketOf = (caller: Caller) => {
      const customer = customerOf(caller)
      return customer === undefined
        ? { policy: "caller", name: `requests:${caller.role}:${caller.subject}`, rate: others }
        : { policy: "customer", name: `requests:customer:${customer}`, rate: customers }
    }
    const prune = Effect.catchCause(repo.prune(), (cause) => Effect.logDebug("rates can't be pruned now", cause))
    yield* Effect.forkScoped(Effect.andThen(upkeepBegins, Effect.repeat(prune, pruneRates)))

    return (httpEffect, { endpoint }) =>
      Effect.withFiber(({ context }) => {
        const caller = Context.get(context as Context.Context<CurrentCaller>, CurrentCaller)
        if (caller.role === "service") return httpEffect
        const { name, policy, rate } = bucketOf(caller)
        return Effect.flatMap(spend(name, rate), ({ allowed, left, waitMs }): Answering => {
          const facts = Context.get(context, Facts)
          if (facts !== undefined) facts.headers = { ...facts.headers, ...fields(policy, rate, left) }
          if (!allowed) return refusal(rate, waitMs)
          const request = Context.get(
            context as Context.Context<HttpServerRequest.HttpServerRequest>,
            HttpServerRequest.HttpServerRequest,
          )
          // also of one that is refused: its bytes came all the same
          const answering = Effect.onExit(
            httpEffect,
            (exit) =>
              Effect.sync(() => owe(name, rate, Math.floor(moved(request, facts, exit) / bounds.request_bytes))),
          )
          if (policy !== "customer") return answering
          if (endpoint.method === "GET") return readTurn(name)(answering)
          const waits = Option.isSome(Context.getOption(endpoint.annotations, WaitsForOthers))
          return Effect.provideService(answering, AtOnce.Turn, (waits ? waitTurn : writeTurn)(name))
        })
      })
  }),
)
