/** "There may be something to do": a hint to the engines of this process and of the other replicas. The query is the truth. */
import { reconnect } from "@stint/edge/Schedules"
import { Context, Effect, Layer, Option, Queue } from "effect"
import { NudgeChannel } from "./Nudge/Repo.ts"

/** Hints for the engine. */
export class Nudge extends Context.Service<Nudge, {
  /** Wakes the engine of this process. */
  readonly here: Effect.Effect<void>
  /** Wakes the engines of all replicas when the caller's transaction commits. */
  readonly inTransaction: Effect.Effect<void>
  /** Waits for a hint, at most so long; true when one came. */
  wait(ms: number): Effect.Effect<boolean>
}>()("scheduler/Nudge") {
  static readonly layer = Layer.effect(
    Nudge,
    Effect.gen(function* () {
      const repo = yield* NudgeChannel
      const hints = yield* Queue.sliding<void>(1)
      const here = Effect.asVoid(Queue.offer(hints, undefined))
      // hints may have been lost with a connection, so listening again is a hint as well
      yield* Effect.scoped(Effect.gen(function* () {
        const notifications = yield* repo.listen
        yield* here
        return yield* Effect.forever(Effect.andThen(Queue.take(notifications), here))
      })).pipe(Effect.sandbox, Effect.retry(reconnect), Effect.forkScoped)
      return Nudge.of({
        here,
        inTransaction: repo.notify,
        wait: (ms) => Effect.map(Effect.timeoutOption(Queue.take(hints), ms), Option.isSome),
      })
    }),
  ).pipe(Layer.provide(NudgeChannel.layer))
}
