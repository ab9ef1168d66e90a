/** Every retry schedule of the system, by name, so that the policy can be read in one place (domain.md, "when it fails"). */
import { Duration, Effect, Random, Schedule } from "effect"

/** How many attempts a run has, the first included. */
export const MAX_ATTEMPTS = 5

/** A base delay drawn down to 50 to 100 % of itself, so that what failed together does not come back together. */
const halfToFull = <O, I, E, R>(self: Schedule.Schedule<O, I, E, R>) =>
  Schedule.modifyDelay(
    self,
    ({ duration }) =>
      Effect.map(Random.next, (r) => Duration.millis(Math.round(Duration.toMillis(duration) * (0.5 + r / 2)))),
  )

/** Between the attempts of a run: 1, 2, 4, 8 minutes, each drawn from 50 to 100 % of it. */
export const runRetry = Schedule.exponential("1 minute", 2).pipe(halfToFull, Schedule.upTo({ times: MAX_ATTEMPTS - 1 }))

/** Between the deliveries of an execution under one delivery id: as a run's, then every 8 minutes. */
export const deliveryRetry = Schedule.min([Schedule.exponential("1 minute", 2), Schedule.spaced("8 minutes")]).pipe(
  halfToFull,
)

/** A follower whose feed, or a service whose database, does not answer: quickly at first, then every 2 seconds. */
export const reconnect = Schedule.min([Schedule.exponential("100 millis", 2), Schedule.spaced("2 seconds")]).pipe(
  halfToFull,
)

/** A call of a person's request to another service: one quick second try, for a connection that was closed. */
export const onceMore = Schedule.spaced("50 millis").pipe(Schedule.upTo({ times: 1 }))

/**
 * The delay in milliseconds before the attempt after `failed`, from a schedule stepped to that persisted attempt; none
 * when the schedule has ended. Durable: the wait is a column, not a sleeping fiber.
 */
export const delayAfter = <O, E, R>(
  schedule: Schedule.Schedule<O, void, E, R>,
  failed: number,
): Effect.Effect<number | undefined, E, R> =>
  Effect.gen(function* () {
    const step = yield* Schedule.toStep(schedule)
    for (let attempt = 1; attempt <= failed; attempt++) {
      const next = yield* Effect.exit(step(0, undefined))
      if (next._tag === "Failure") return undefined
      if (attempt === failed) return Duration.toMillis(next.value[1])
    }
    return undefined
  })
