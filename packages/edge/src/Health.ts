/** Liveness, readiness and drain. */
import { Context, Deferred, Effect, Fiber, Option } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"

/** A condition for being ready; it fails with the reason why it does not hold. */
export interface Check {
  readonly name: string
  readonly check: Effect.Effect<void, string>
}

/** The readiness of a service and its drain. */
export class Health extends Context.Service<Health, {
  /** Adds a condition for being ready. */
  require(check: Check): Effect.Effect<void>
  /** Adds an effect that the drain runs and waits for: it ends background work, within a deadline of its own. */
  onDrain(work: Effect.Effect<void>): Effect.Effect<void>
  /** Shuts down: not ready from now on; runs what `onDrain` added and waits for it. */
  readonly drain: Effect.Effect<void>
  /** Succeeds when the drain has begun. */
  readonly draining: Effect.Effect<void>
  /** The service can't do its work and waiting will not help: the reason, in one sentence. The host ends the process. */
  refuse(why: string): Effect.Effect<void>
  /** Fulfilled with the reason of the first `refuse`. */
  readonly refused: Promise<string>
  /** Every condition by name: "ok" or why it does not hold. */
  readonly report: Effect.Effect<{ readonly ready: boolean; readonly checks: Record<string, string> }>
}>()("stint/Health") {
  /** Made before the layers of the service, so that the host can drain it. */
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
          // detached: time out without waiting for the check to be interrupted
          Effect.forkDetach(check).pipe(
            Effect.flatMap(Fiber.join),
            Effect.timeoutOrElse({ duration: "2 seconds", orElse: () => Effect.fail("no answer within 2 s") }),
            Effect.match({ onSuccess: () => [name, "ok"] as const, onFailure: (why) => [name, why] as const }),
          ), { concurrency: "unbounded" })
        const leaving = Option.isSome(yield* Deferred.poll(begun))
        return {
          ready: !leaving && results.every(([, result]) => result === "ok"),
          checks: { ...Object.fromEntries(results), ...(leaving ? { drain: "shutting down" } : {}) },
        }
      }),
    })
  }
}

/** `/livez`: 200 while the process answers. `/readyz`: 200 when it can do its work, else 503 with the reasons. */
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
