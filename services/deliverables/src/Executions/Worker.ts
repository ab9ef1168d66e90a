/** Claims due executions; Attempts.ts decides the retry. */
import { Health } from "@stint/edge/Health"
import { outage } from "@stint/edge/OutageLog"
import { reconnect } from "@stint/edge/Schedules"
import * as Watchdog from "@stint/edge/Watchdog"
import { Duration, Effect, Fiber, Layer } from "effect"
import { Attempts } from "./Attempts.ts"
import { ExecutionsRepo } from "./Repo.ts"

/** How many attempts are made at once. */
const CONCURRENCY = 8

/** Executions that are due but locked by another transaction are tried again after this long, not at once. */
const LOCKED = Duration.millis(100)

/** The longest wait. A notification may be lost with its connection without an error; then nothing else would end it. */
const LONGEST_WAIT = Duration.seconds(30)

/** How long a round may take before the watchdog says so: the longest wait, and attempts on a slow database. */
const ROUND = "90 seconds"

/** How long a drain waits for attempts that are under way: longer than one may take. */
const DRAIN = "11 seconds"

/** How long to wait when nothing could be claimed and the next execution is due in so many milliseconds. */
const waitFor = (due: number | undefined): Duration.Duration =>
  due === undefined ? LONGEST_WAIT : Duration.clamp(Duration.millis(due), { minimum: LOCKED, maximum: LONGEST_WAIT })

/**
 * The worker of one replica. It claims what is due, waits for those attempts, and claims again; when nothing is due it
 * waits for the next due time, a notification or the drain.
 */
export const worker = Layer.effectDiscard(Effect.gen(function* () {
  const repo = yield* ExecutionsRepo
  const attempts = yield* Attempts
  const health = yield* Health
  const { failed, worked } = outage("the delivery of executions")
  let draining = false

  const round = Effect.fnUntraced(function* (notified: Effect.Effect<void>) {
    yield* Watchdog.step("claims what is due")
    const claimed = yield* repo.claim(CONCURRENCY)
    yield* Watchdog.step(`waits for ${claimed.length} attempts`)
    yield* Effect.flatMap(Effect.forEach(claimed, attempts.start), Fiber.awaitAll)
    if (claimed.length > 0) return
    yield* Watchdog.step("waits until the next is due")
    yield* Effect.raceAllFirst([Effect.sleep(waitFor(yield* repo.nextDue)), notified, health.draining])
  }, Watchdog.guard("worker of executions", ROUND))

  const rounds = Effect.scoped(Effect.gen(function* () {
    // listen before the first claim, so that no notification is missed in between
    const notified = yield* repo.listen
    yield* worked
    while (!draining) yield* round(notified)
  }))

  const fiber = yield* rounds.pipe(
    Effect.sandbox,
    Effect.tapError(failed),
    Effect.retry(reconnect),
    Effect.orDie,
    Effect.forkScoped,
  )
  yield* health.onDrain(Effect.suspend(() => {
    draining = true
    return Effect.ignore(Effect.timeout(Fiber.await(fiber), DRAIN))
  }))
}))
