/** A cache of values that never change, by key. */
import { Cache, Duration, type Effect, Exit } from "effect"

/** How many values a cache holds. */
const CAPACITY = 1_000

/**
 * Looks a value up once and keeps it for ever, one lookup in flight per key. Failures are looked up again, and so is a value
 * of which `isFinal` is false. Keys are compared by structure.
 */
export const makeFinalCache = <Key, A, E, R>(
  lookup: (key: Key) => Effect.Effect<A, E, R>,
  isFinal: (value: A) => boolean = () => true,
) =>
  Cache.makeWith(lookup, {
    capacity: CAPACITY,
    timeToLive: (exit) => Exit.isSuccess(exit) && isFinal(exit.value) ? Duration.infinity : Duration.zero,
  })
