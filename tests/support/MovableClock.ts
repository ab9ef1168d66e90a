/** A clock that runs as the real one does, and that a test can move on: who sleeps past that instant wakes, once. */
import { Clock, Duration, Effect } from "effect"

/** The clock, and how to move it. */
export interface MovableClock {
  readonly clock: Clock.Clock
  /** Its time, in epoch milliseconds. */
  now(): number
  /** Moves it on. A sleeper that then sleeps again does so from the new instant, as after a machine was suspended. */
  advance(by: Duration.Input): void
}

/** A clock that shows the real time until it is moved. */
export const movableClock = (): MovableClock => {
  let ahead = 0
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>()
  const now = () => Date.now() + ahead
  const nanos = () => BigInt(now()) * 1_000_000n
  return {
    clock: {
      currentTimeMillisUnsafe: now,
      currentTimeMillis: Effect.sync(now),
      currentTimeNanosUnsafe: nanos,
      currentTimeNanos: Effect.sync(nanos),
      monotonicTimeNanosUnsafe: nanos,
      monotonicTimeNanos: Effect.sync(nanos),
      sleep: (duration) => {
        const millis = Duration.toMillis(duration)
        if (!Number.isFinite(millis)) return Effect.never
        return Effect.callback<void>((resume) => {
          const wake = () => {
            clearTimeout(timer)
            sleepers.delete(sleeper)
            resume(Effect.void)
          }
          const sleeper = { until: now() + millis, wake }
          // a longer timer than setTimeout takes is woken by moving the clock alone
          const timer = setTimeout(wake, Math.min(millis, 2 ** 31 - 1))
          sleepers.add(sleeper)
          return Effect.sync(() => {
            clearTimeout(timer)
            sleepers.delete(sleeper)
          })
        })
      },
    },
    now,
    advance: (by) => {
      ahead += Duration.toMillis(by)
      for (const sleeper of [...sleepers]) if (sleeper.until <= now()) sleeper.wake()
    },
  }
}
