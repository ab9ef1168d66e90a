/** One attempt to deliver a claimed execution, and its outcome in the database. */
import { ExecutionSettings } from "@stint/domain/Definition/HireSettings"
import { delayAfter, deliveryRetry } from "@stint/edge/Schedules"
import * as Watchdog from "@stint/edge/Watchdog"
import { Cause, Context, Effect, Fiber, Layer, Option, Result, type Schedule, Schema } from "effect"
import { ExecutionsRepo, LEASE_SECONDS } from "./Repo.ts"
import type { ExecutionRow } from "./Row.ts"
import { DeliveryError } from "./Target.ts"
import { Targets } from "./Targets.ts"

/** The backoff between the attempts of a delivery; tests replace it. */
export const DeliveryRetry = Context.Reference<Schedule.Schedule<unknown, void>>("deliverables/DeliveryRetry", {
  defaultValue: () => deliveryRetry,
})

/** How long an attempt may take. It ends before its lease does, so that no other holder delivers at the same time. */
export const ABANDON = "10 seconds"

const decodeTarget = Schema.decodeUnknownOption(ExecutionSettings)

/**
 * Fails when the delivery is not done in time, without waiting until it is interrupted: a write to a disk that hangs can't
 * be interrupted, and who waits for it would never attempt anything again.
 */
const abandoned = <A>(delivery: Effect.Effect<A, DeliveryError>) =>
  Effect.flatMap(Effect.forkDetach(delivery), (fiber) =>
    Fiber.join(fiber).pipe(
      Effect.timeoutOrElse({
        duration: ABANDON,
        orElse: () => Effect.fail(new DeliveryError({ why: "The delivery took too long", permanent: false })),
      }),
      Effect.ensuring(Effect.sync(() => fiber.interruptUnsafe())),
    ))

/** Makes attempts. */
export class Attempts extends Context.Service<Attempts, {
  /**
   * Starts the attempt of a claim, in a fiber of the service: it goes on when the caller is interrupted. The fiber never
   * fails. An outcome that can't be written is left: the next holder of the lease attempts it again.
   */
  start(claimed: ExecutionRow): Effect.Effect<Fiber.Fiber<void>>
}>()("deliverables/Attempts") {
  static readonly layer = Layer.effect(
    Attempts,
    Effect.gen(function* () {
      const repo = yield* ExecutionsRepo
      const targets = yield* Targets
      const schedule = yield* DeliveryRetry
      const scope = yield* Effect.scope

      const deliver = Effect.fnUntraced(function* (claimed: ExecutionRow) {
        const settings = decodeTarget(claimed.target)
        if (Option.isNone(settings)) {
          return yield* new DeliveryError({ why: "The target of this execution can't be read", permanent: true })
        }
        return yield* targets[settings.value.target ?? "journal"].deliver(claimed, settings.value).pipe(
          Effect.catchDefect((defect) =>
            Effect.andThen(
              Effect.logError(`the delivery of ${claimed.delivery_id} died`, defect),
              Effect.fail(new DeliveryError({ why: "Something broke on our side", permanent: false })),
            )
          ),
          abandoned,
        )
      })

      const attempt = Effect.fn("Attempts.attempt")(function* (claimed: ExecutionRow) {
        yield* Watchdog.step(`delivers ${claimed.delivery_id}`)
        const outcome = yield* Effect.result(deliver(claimed))
        yield* Watchdog.step(`writes the outcome of ${claimed.delivery_id}`)
        if (Result.isSuccess(outcome)) return yield* repo.complete(claimed, outcome.success)
        const { permanent, why } = outcome.failure
        const delay = permanent ? undefined : yield* delayAfter(schedule, claimed.attempts)
        return delay === undefined ? yield* repo.fail(claimed, why) : yield* repo.retry(claimed, why, delay)
      }, Watchdog.guard("attempt of an execution", `${LEASE_SECONDS} seconds`))

      const start = Effect.fnUntraced(function* (claimed: ExecutionRow) {
        const written = attempt(claimed).pipe(
          Effect.flatMap((held) =>
            held
              ? Effect.void
              : Effect.logWarning(`the outcome of ${claimed.delivery_id} is not written: the lease was lost`)
          ),
          Effect.catchCause((cause) =>
            Effect.logWarning(`the outcome of ${claimed.delivery_id} can't be written`, Cause.squash(cause))
          ),
        )
        return yield* Effect.forkIn(written, scope)
      })

      return Attempts.of({ start })
    }),
  )
}
