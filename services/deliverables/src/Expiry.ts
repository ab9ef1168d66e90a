/**
 * Marks drafts that nobody decided on in time, in the background, so that lists and counts of what waits never step over them. That a
 * draft has expired does not hang on the mark: its instant and the database's clock say so.
 */
import { Health } from "@stint/edge/Health"
import { outage } from "@stint/edge/OutageLog"
import { reconnect } from "@stint/edge/Schedules"
import * as Watchdog from "@stint/edge/Watchdog"
import { Effect, Layer } from "effect"
import { ExpiryRepo } from "./Expiry/Repo.ts"

/** The shortest and the longest wait between two looks, in milliseconds. What is made meanwhile may expire sooner. */
const SHORTEST_WAIT = 1_000
const LONGEST_WAIT = 10_000

/** How long a round may take before the watchdog says so: the longest wait, and some batches. */
const ROUND = "3 minutes"

/** Marks until there is nothing to mark; then how long to wait, in milliseconds. */
export const round = Effect.gen(function* () {
  const repo = yield* ExpiryRepo
  // as long as there are some: the first that takes none ends it
  while ((yield* repo.mark) > 0) yield* Effect.yieldNow
  const next = yield* repo.next
  return Math.min(Math.max(next ?? LONGEST_WAIT, SHORTEST_WAIT), LONGEST_WAIT)
})

/** Marks in the background. */
export const worker = Layer.effectDiscard(Effect.gen(function* () {
  const health = yield* Health
  const { failed, worked } = outage("the expiry of drafts")
  yield* round.pipe(
    Effect.tap(() => worked),
    Effect.flatMap((wait) => Effect.sleep(wait)),
    Watchdog.guard("expiry of drafts", ROUND),
    Effect.forever,
    Effect.sandbox,
    Effect.tapError(failed),
    Effect.retry(reconnect),
    Effect.raceFirst(health.draining),
    Effect.forkScoped,
  )
}))
