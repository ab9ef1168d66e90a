/** "There may be something to do": a hint inside the process and, on Postgres, between replicas. The query is the truth. */
import { Context, Effect, Layer, Option, Queue } from "effect"

/** The channel that replicas hint each other on. */
export const CHANNEL = "stint_scheduler"

/** Hints for the engine. */
export class Nudge extends Context.Service<Nudge, {
  /** Wakes the engine of this process. */
  readonly here: Effect.Effect<void>
  /** Wakes the engines of all replicas, this one's at once. */
  readonly all: Effect.Effect<void>
  /** Waits for a hint, at most so long; true when one came. */
  wait(ms: number): Effect.Effect<boolean>
}>()("scheduler/Nudge") {
  static readonly layerMemory = Layer.effect(
    Nudge,
    Effect.gen(function* () {
      const hints = yield* Queue.sliding<void>(1)
      const here = Effect.asVoid(Queue.offer(hints, undefined))
      return Nudge.of({
        here,
        all: here,
        wait: (ms) => Effect.map(Effect.timeoutOption(Queue.take(hints), ms), Option.isSome),
      })
    }),
  )
}
