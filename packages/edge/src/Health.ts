/** Liveness, readiness and drain. */
import { Context, Deferred, Effect, Fiber, Option } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"

/** A named condition for being ready; a failure's message says why it is not. */
export interface Check {
  readonly name: string
  readonly check: Effect.Effect<void, string>
}

/** What has to hold for a service to be ready, and whether it is going away. */
export class Health extends Context.Service<Health, {
  /** Adds a condition for the life of the surrounding scope. */
  require(check: Check): Effect.Effect<void>
  /** Adds work to be ended before the server closes: it runs at the start of the drain. */
  onDrain(work: Effect.Effect<void>): Effect.Effect<void>
  /** The service goes away: not ready from now on; ends what was registered, each within its own deadline. */
  readonly drain: Effect.Effect<void>
  /** Succeeds once the drain has begun. */
  readonly draining: Effect.Effect<void>
  /** It turned out that the service can't do its work, whatever it waits for: why, in one sentence. The host ends it. */
  refuse(why: string): Effect.Effect<void>
  /** Fulfilled with the reason of the first `refuse`. */
  readonly refused: Promise<string>
  /** Each condition by name: "ok" or why not. */
  readonly report: Effect.Effect<{ readonly ready: boolean; readonly checks: Record<string, string> }>
}>()("stint/Health") {
  /** A service's health, made before its layers so that the host can drain it. */
  static make(): Health["Service"] {
    const checks: Array<Check> = []
    const works: Array<Effect.Effect<void>> = []
    const begun = Deferred.makeUnsafe<void>()
    const refusal = Promise.withResolvers<string>()
    return Health.of({
      require: (check) => Effect.sync(() => void checks.push(check)),
      onDrain: (work) => Effect.sync(() => void works.push(work)),
      drain: Effect.gen(function* () {
        yield* Deferred.succeed(begun, undefined)
        yield* Effect.all(works, { concurrency: "unbounded", discard: true })
      }),
      draining: Deferred.await(begun),
      refuse: (why) => Effect.sync(() => refusal.resolve(why)),
      refused: refusal.promise,
      report: Effect.gen(function* () {
        const results = yield* Effect.forEach(checks, ({ check, name }) =>
          // an answer that is late is not waited for, nor is the end of what asks: that may take its time to be interrupted
          Effect.forkDetach(check).pipe(
            Effect.flatMap(Fiber.join),
            Effect.timeoutOrElse({ duration: "2 seconds", orElse: () => Effect.fail("no answer within 2 s") }),
            Effect.match({ onSuccess: () => [name, "ok"] as const, onFailure: (why) => [name, why] as const }),
          ), { concurrency: "unbounded" })
        const leaving = Option.isSome(yield* Deferred.poll(begun))
        return {
          ready: !leaving && results.every(([, result]) => result === "ok"),
          checks: { ...Object.fromEntries(results), ...(leaving ? { drain: "going away" } : {}) },
        }
      }),
    })
  }
}

/** `/livez`: the process answers. `/readyz`: it can do its work; else 503 and why. */
export const routes = HttpRouter.use(Effect.fnUntraced(function* (router) {
  const health = yield* Health
  yield* router.add("GET", "/livez", HttpServerResponse.jsonUnsafe({ status: "alive" }))
  yield* router.add(
    "GET",
    "/readyz",
    Effect.map(
      health.report,
      ({ checks, ready }) =>
        HttpServerResponse.jsonUnsafe({ status: ready ? "ready" : "not_ready", checks }, { status: ready ? 200 : 503 }),
    ),
  )
}))
