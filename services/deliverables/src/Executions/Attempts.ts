/** One attempt of a claimed execution: deliver, and write what came of it. */
import { delayAfter, deliveryRetry } from "@stint/edge/Schedules"
import { Cause, Context, Effect, type Fiber, Layer, Result, type Schedule } from "effect"
import { ExecutionsRepo } from "../Executions/Repo.ts"
import type { ExecutionRow } from "../Executions/Row.ts"
import { DeliveryError, Targets } from "./Target.ts"

/** When a delivery is tried again; a test may replace it. */
export const DeliveryRetry = Context.Reference<Schedule.Schedule<unknown, void>>("deliverables/DeliveryRetry", {
  defaultValue: () => deliveryRetry,
})

/** How long an attempt may take at all: shorter than the lease that it holds. */
const ABANDON = "10 seconds"

/** Makes attempts. */
export class Attempts extends Context.Service<Attempts, {
  /** Begins to deliver a claimed execution; it writes the outcome, also when who began it goes away. */
  start(claimed: ExecutionRow): Effect.Effect<Fiber.Fiber<void>>
}>()("deliverables/Attempts") {
  static readonly layerNoDeps = Layer.effect(
    Attempts,
    Effect.gen(function* () {
      const repo = yield* ExecutionsRepo
      const targets = yield* Targets
      const schedule = yield* DeliveryRetry
      const scope = yield* Effect.scope

      const deliver = (claimed: ExecutionRow) =>
        targets[claimed.target.target ?? "journal"].deliver(claimed, claimed.target).pipe(
          Effect.timeoutOrElse({
            duration: ABANDON,
            orElse: () => Effect.fail(new DeliveryError({ why: "The delivery took too long", permanent: false })),
          }),
          Effect.catchDefect((defect) =>
            Effect.andThen(
              Effect.logError(`delivery ${claimed.delivery_id} broke`, defect),
              Effect.fail(new DeliveryError({ why: "Something broke on our side", permanent: false })),
            )
          ),
        )

      const settle = Effect.fnUntraced(function* (claimed: ExecutionRow) {
        const outcome = yield* Effect.result(deliver(claimed))
        if (Result.isSuccess(outcome)) return yield* repo.delivered(claimed, outcome.success)
        const { permanent, why } = outcome.failure
        const delay = permanent ? undefined : yield* delayAfter(schedule, claimed.attempts)
        return delay === undefined ? yield* repo.stop(claimed, why) : yield* repo.retry(claimed, why, delay)
      })

      const attempt = Effect.fn("Attempts.attempt")(function* (claimed: ExecutionRow) {
        const held = yield* settle(claimed)
        if (!held) yield* Effect.logWarning(`delivery ${claimed.delivery_id}: another attempt took over meanwhile`)
      }, (effect, claimed) =>
        Effect.catchCause(effect, (cause) =>
          // the intent is kept: once its lease is over it is claimed again
          Effect.logWarning(`delivery ${claimed.delivery_id}: its outcome can't be written`, Cause.squash(cause))))

      return Attempts.of({ start: (claimed) => Effect.forkIn(attempt(claimed), scope) })
    }),
  )
}
