/** Liveness, readiness and drain. */
import { Context, Deferred, type Duration, Effect, Fiber, Option } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import type { Absence } from "./Absence.ts"
import { reading } from "./Metrics.ts"

/** A condition for being ready; it fails with the reason why it does not hold. */
export interface Check {
  readonly name: string
  readonly check: Effect.Effect<void, string>
  /** Where it fails, another service is to blame, and this one could do its work. */
  readonly ofOthers?: boolean
}

/** What `/readyz` says. */
export interface Report {
  readonly ready: boolean
  /** Whether it would be ready if all others were. */
  readonly itself: boolean
  /** Every condition by name: "ok" or why it does not hold. */
  readonly checks: Record<string, string>
  /** The parts that are away, as far as this service knows. */
  readonly away: ReadonlyArray<Absence>
}

/** The readiness of a service and its drain. */
export class Health extends Context.Service<Health, {
  /** Adds a condition for being ready. */
  require(check: Check): Effect.Effect<void>
  /** Adds what `/readyz` shows as away besides the conditions, without taking readiness. */
  show(away: Effect.Effect<ReadonlyArray<Absence>>): Effect.Effect<void>
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
  readonly report: Effect.Effect<Report>
}>()("stint/Health") {
  /** Made before the layers of the service, so that the host can drain it. */
  static make(): Health["Service"] {
    const checks: Array<Check> = []
    const works: Array<Effect.Effect<void>> = []
    const shown: Array<Effect.Effect<ReadonlyArray<Absence>>> = []
    const begun = Deferred.makeUnsafe<void>()
    const refusal = Promise.withResolvers<string>()
    return Health.of({
      require: (check) => Effect.sync(() => void checks.push(check)),
      show: (away) => Effect.sync(() => void shown.push(away)),
      onDrain: (work) => Effect.sync(() => void works.push(work)),
      drain: Effect.gen(function* () {
        yield* Deferred.succeed(begun, undefined)
        yield* Effect.all(works, { concurrency: "unbounded", discard: true })
      }),
      draining: Deferred.await(begun),
      refuse: (why) => Effect.sync(() => refusal.resolve(why)),
      refused: refusal.promise,
      report: Effect.gen(function* () {
        const results = yield* Effect.forEach(checks, ({ check, name, ofOthers = false }) =>
          // detached: time out without waiting for the check to be interrupted
          Effect.forkDetach(check).pipe(
            Effect.flatMap(Fiber.join),
            Effect.timeoutOrElse({ duration: "2 seconds", orElse: () => Effect.fail("no answer within 2 s") }),
            Effect.match({
              onSuccess: () => ({ name, text: "ok", ofOthers }),
              onFailure: (text) => ({ name, text, ofOthers }),
            }),
          ), { concurrency: "unbounded" })
        const leaving = Option.isSome(yield* Deferred.poll(begun))
        const failing = results.filter(({ text }) => text !== "ok")
        return {
          ready: !leaving && failing.length === 0,
          itself: !leaving && failing.every(({ ofOthers }) => ofOthers),
          checks: {
            ...Object.fromEntries(results.map(({ name, text }) => [name, text])),
            ...(leaving ? { drain: "shutting down" } : {}),
          },
          away: (yield* Effect.all(shown)).flat(),
        }
      }),
    })
  }
}

const readiness = ({ away, checks, itself, ready }: Report) => ({
  status: ready ? "ready" : "not_ready",
  itself: itself ? "ready" : "not_ready",
  checks,
  away: away.map(({ since, ...absence }) => ({ ...absence, since: new Date(since).toISOString() })),
})

/** A scrape waits for no longer for the conditions: what takes more is not ready, as far as it shows. */
const SCRAPE: Duration.Input = "1500 millis"

/** `stint_ready` and `stint_ready_itself`: what `/readyz` says. */
export const metrics = reading(
  "readiness",
  Effect.map(Health, ({ report }) =>
    Effect.map(Effect.timeoutOption(report, SCRAPE), (said) => {
      const { itself, ready } = Option.getOrElse(said, () => ({ itself: false, ready: false }))
      return [
        { name: "ready", help: "Whether it is ready, as /readyz says", value: ready ? 1 : 0 },
        {
          name: "ready_itself",
          help: "Whether it would be ready if all other services were",
          value: itself ? 1 : 0,
        },
      ]
    })),
)

/**
 * `/livez`: 200 while the process answers. `/readyz`: 200 when it can do its work, else 503 with the reasons; `away` names the
 * parts that are away, `itself` says whether this service is one of them.
 */
export const routes = HttpRouter.use(Effect.fnUntraced(function* (router) {
  const health = yield* Health
  yield* router.add("GET", "/livez", HttpServerResponse.jsonUnsafe({ status: "alive" }))
  yield* router.add(
    "GET",
    "/readyz",
    Effect.map(
      health.report,
      (report) => HttpServerResponse.jsonUnsafe(readiness(report), { status: report.ready ? 200 : 503 }),
    ),
  )
}))
