/**
 * How often a caller may ask (domain.md, "Bounds"): a bucket of tokens for each customer, all its persons and tokens
 * together, and one for each operator and viewer, counted over all replicas. A service is not bounded: it calls in the
 * name of work that was. A request of many bytes counts as several, and few reads of one customer are under way at once:
 * what costs this process more than others takes longer for who asked, for nobody else.
 */
import { Bounds } from "@stint/domain/Bounds"
import { type Caller, CurrentCaller, customerOf } from "@stint/domain/Caller"
import { RateLimited } from "@stint/domain/Problem"
import { RateLimits } from "@stint/domain/Protocol"
import { Context, Effect, Exit, Layer } from "effect"
import { HttpServerRequest, type HttpServerResponse } from "effect/http"
import * as AtOnce from "./RateLimit/AtOnce.ts"
import * as Leases from "./RateLimit/Leases.ts"
import { type Limit, RateRepo } from "./RateLimit/Repo.ts"
import { Facts } from "./RequestContext.ts"
import { pruneRates } from "./Schedules.ts"

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

/** Bounds for what a feature counts itself, one statement each time. */
export class Rates extends Context.Service<Rates, {
  /** Counts one under the name; fails with RateLimited, and Retry-After, when the rate is used up. */
  once(name: string, rate: Rate): Effect.Effect<void, RateLimited>
}>()("edge/Rates") {
  static readonly layer = Layer.effect(
    Rates,
    Effect.map(RateRepo, (repo) =>
      Rates.of({
        once: Effect.fnUntraced(function* (name, rate) {
          const { granted, left } = yield* repo.take(name, { perSecond: rate.perSecond, burst: rate.burst }, 1)
          if (granted === 0) yield* refusal(rate, (1 - left) / rate.perSecond * 1000)
        }),
      })),
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

/** The bytes of a request's body that were read (of one that was not, those that it says), and of its answer. */
const moved = (
  request: HttpServerRequest.HttpServerRequest,
  received: number | undefined,
  exit: Exit.Exit<HttpServerResponse.HttpServerResponse, unknown>,
) => {
  const body = Exit.isSuccess(exit) ? exit.value.body : undefined
  return (received ?? bytesOf(request.headers["content-length"])) +
    bytesOf(body !== undefined && "contentLength" in body ? body.contentLength : 0)
}

/** The layer of `RateLimits`. */
export const layer = Layer.effect(
  RateLimits,
  Effect.gen(function* () {
    const repo = yield* RateRepo
    const bounds = yield* Bounds
    const { owe, spend } = Leases.make(repo)
    const oneOf = AtOnce.make(bounds.reads_at_once)
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
    yield* repo.prune().pipe(
      Effect.catchCause((cause) => Effect.logDebug("rates can't be pruned now", cause)),
      Effect.repeat(pruneRates),
      Effect.forkScoped,
    )

    return Effect.fnUntraced(function* (httpEffect) {
      const caller = yield* CurrentCaller
      if (caller.role === "service") return yield* httpEffect
      const { name, policy, rate } = bucketOf(caller)
      const { allowed, left, waitMs } = yield* spend(name, rate)
      const facts = yield* Facts
      if (facts !== undefined) facts.headers = { ...facts.headers, ...fields(policy, rate, left) }
      if (!allowed) return yield* refusal(rate, waitMs)
      const request = yield* HttpServerRequest.HttpServerRequest
      const reads = request.method === "GET" || request.method === "HEAD"
      // also when it is refused, or its sender goes away: what was read was read
      const answering = Effect.onExit(
        httpEffect,
        (exit) =>
          Effect.sync(() => owe(name, rate, Math.floor(moved(request, facts?.received, exit) / bounds.request_bytes))),
      )
      return yield* reads && policy === "customer" ? oneOf(name, answering) : answering
    })
  }),
)
