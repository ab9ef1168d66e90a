/** Tries again what was not delivered yet: also what a crash, here or in another replica, left between intent and outcome. */
import { Health } from "@stint/edge/Health"
import { outage } from "@stint/edge/Outage"
import { reconnect } from "@stint/edge/Schedules"
import { Duration, Effect, Fiber, Layer } from "effect"
import { ExecutionsRepo } from "../Executions/Repo.ts"
import { Attempts } from "./Attempts.ts"

/** How many deliveries are made at once. */
const CONCURRENCY = 8

/** How long a drain waits for the attempts under way. */
const DRAIN = "11 seconds"

/**
 * The worker: it sleeps until the earliest attempt falls due or an intent is committed, and does not look while there is
 * nothing to do. Claims are leases, so two replicas never deliver the same execution at once.
 */
export const worker = Layer.effectDiscard(Effect.gen(function* () {
  const repo = yield* ExecutionsRepo
  const attempts = yield* Attempts
  const health = yield* Health
  const { failed, worked } = outage("the delivery of executions")

  const round = Effect.fnUntraced(function* (nudged: Effect.Effect<void>) {
    const claimed = yield* repo.claim(CONCURRENCY)
    yield* Effect.flatMap(Effect.forEach(claimed, attempts.start), Fiber.awaitAll)
    if (claimed.length > 0) return true
    const wait = yield* repo.nextDue
    const due = wait === undefined ? Effect.never : Effect.sleep(Duration.millis(wait))
    return yield* Effect.raceAllFirst([
      Effect.as(due, true),
      Effect.as(nudged, true),
      Effect.as(health.draining, false),
    ])
  })

  const rounds = Effect.scoped(Effect.gen(function* () {
    // listening comes before looking, so that what is committed in between is not missed
    const nudged = yield* repo.listen
    yield* worked
    while (yield* round(nudged));
  }))

  const fiber = yield* rounds.pipe(
    Effect.sandbox,
    Effect.tapError(failed),
    Effect.retry(reconnect),
    Effect.orDie,
    Effect.forkScoped,
  )
  yield* health.onDrain(Effect.ignore(Effect.timeout(Fiber.await(fiber), DRAIN)))
}))
