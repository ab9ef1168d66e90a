/**
 * Tells the feed of hires that were written without telling it: by programs of 0.2.0, which told only what the scheduler runs
 * by. Until then the scheduler names an older version than the one that is stored, and deliverables looks the hire up.
 */
import { Health } from "@stint/edge/Health"
import { announcing, betweenBatches } from "@stint/edge/Schedules"
import { Effect, Layer } from "effect"
import { ANNOUNCED_AT_ONCE, AnnouncementsRepo } from "./Announcements/Repo.ts"

/** Tells of all that the feed was not told of; how many hires. */
export const announce = Effect.gen(function* () {
  const repo = yield* AnnouncementsRepo
  let told = 0
  yield* repo.announce.pipe(
    Effect.tap((some) => Effect.sync(() => told += some)),
    Effect.repeat({ schedule: betweenBatches, until: (some: number) => some < ANNOUNCED_AT_ONCE }),
  )
  return told
})

/** Announces in the background: at the start, and again every some seconds, since programs of 0.2.0 may run beside. */
export const worker = Layer.effectDiscard(Effect.gen(function* () {
  const health = yield* Health
  yield* announce.pipe(
    Effect.tap((told) => told === 0 ? Effect.void : Effect.logInfo(`told the feed of ${told} hires`)),
    Effect.catchCause((cause) => Effect.logWarning("hires could not be announced, retried within seconds", cause)),
    Effect.repeat(announcing),
    Effect.raceFirst(health.draining),
    Effect.forkScoped,
  )
}))
