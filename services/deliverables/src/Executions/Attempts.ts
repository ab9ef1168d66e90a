/** One attempt to deliver a claimed execution, and its outcome in the database. */
import { ExecutionSettings } from "@stint/domain/Definition/HireSettings"
import type { LookedUpHire } from "@stint/domain/hiring/Feed"
import { runTrace } from "@stint/domain/scheduler/Traces"
import { delayAfter, executionRetry } from "@stint/edge/Schedules"
import { traced } from "@stint/edge/Tracing"
import * as Watchdog from "@stint/edge/Watchdog"
import { Cause, Context, DateTime, Effect, Fiber, Layer, Option, Result, type Schedule, Schema } from "effect"
import { Digest } from "effect/crypto"
import { ExecutionsRepo, LEASE_SECONDS } from "./Repo.ts"
import type { ClaimedRow } from "./Row.ts"
import { refusalOf, type Refused } from "./Standing.ts"
import { DeliveryError } from "./Target.ts"
import { Targets } from "./Targets.ts"

/** The backoff between the attempts of a delivery; tests replace it. */
export const DeliveryRetry = Context.Reference<Schedule.Schedule<unknown, void>>("deliverables/DeliveryRetry", {
  defaultValue: () => executionRetry,
})

/** How long an attempt may take. It ends before its lease does, so that no other holder delivers at the same time. */
export const ABANDON = "10 seconds"

/** For how long after it was executed, or tried again by a person, a delivery is attempted, in milliseconds: three days. */
export const GIVE_UP = 3 * 86_400_000

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
   * Starts the attempt of a claim, in a fiber of the service: it goes on when the caller is interrupted. `hire` is hiring's
   * answer of now; undefined: it knows no such hire. The fiber never fails. An outcome that can't be written is left: the
   * next holder of the lease attempts it again.
   */
  start(claimed: ClaimedRow, hire: LookedUpHire | undefined): Effect.Effect<Fiber.Fiber<void>>
}>()("deliverables/Attempts") {
  static readonly layer = Layer.effect(
    Attempts,
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const attempt = yield* attempting

      const start = Effect.fnUntraced(function* (claimed: ClaimedRow, hire: LookedUpHire | undefined) {
        const written = attempt(claimed, hire).pipe(
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

/** An attempt and its outcome, written; false when the lease was lost. */
const attempting = Effect.gen(function* () {
  const repo = yield* ExecutionsRepo
  const deliver = yield* delivering
  const schedule = yield* DeliveryRetry

  /** The delay before the next attempt: the backoff, or longer if the receiver asks for that; undefined when none follows. */
  const delayOf = Effect.fnUntraced(function* (claimed: ClaimedRow, error: DeliveryError) {
    if (error.permanent) return undefined
    const backoff = yield* delayAfter(schedule, claimed.attempts - claimed.armed_attempts)
    if (backoff === undefined) return undefined
    const delay = Math.max(backoff, error.retryAfter ?? 0)
    const armedFor = DateTime.toEpochMillis(yield* DateTime.now) - DateTime.toEpochMillis(claimed.armed_at)
    return armedFor + delay > GIVE_UP ? undefined : delay
  })

  const failed = Effect.fnUntraced(function* (claimed: ClaimedRow, error: DeliveryError) {
    const delay = yield* delayOf(claimed, error)
    if (delay !== undefined) return yield* repo.retry(claimed, error.why, delay)
    const { attempts, customer_id, delivery_id, deliverable_id } = claimed
    yield* Effect.logWarning(
      `the delivery ${delivery_id} of ${deliverable_id} (${customer_id}) failed for good at attempt ${attempts}: ${error.why}`,
    )
    return yield* repo.fail(claimed, error.permanent ? error.why : `${error.why}; given up after 3 days`)
  })

  const digest = yield* Digest.Digest

  return Effect.fnUntraced(function* (claimed: ClaimedRow, hire: LookedUpHire | undefined) {
    yield* Watchdog.step(`delivers ${claimed.delivery_id}`)
    const outcome = yield* Effect.result(deliver(claimed, hire))
    yield* Watchdog.step(`writes the outcome of ${claimed.delivery_id}`)
    if (Result.isFailure(outcome)) return yield* failed(claimed, outcome.failure)
    if (DateTime.isDateTime(outcome.success)) return yield* repo.complete(claimed, outcome.success)
    yield* Effect.logInfo(`the delivery ${claimed.delivery_id} is refused, ${outcome.success.code}`)
    return yield* repo.refuse(claimed, outcome.success.code, outcome.success.why)
  }, (effect, { attempts, delivery_id, deliverable_id, idempotency_key }) =>
    effect.pipe(
      Watchdog.guard("attempt of an execution", `${LEASE_SECONDS} seconds`),
      traced("deliver", Effect.provideService(runTrace(idempotency_key), Digest.Digest, digest), {
        delivery_id,
        deliverable_id,
        attempt: attempts,
      }),
    ))
})

/** Delivers, and succeeds with the time of delivery, or with why it may not be delivered any more. */
const delivering = Effect.gen(function* () {
  const targets = yield* Targets
  const digest = yield* Digest.Digest

  return Effect.fnUntraced(
    function* (claimed: ClaimedRow, hire: LookedUpHire | undefined): Effect.fn.Return<
      DateTime.Utc | Refused,
      DeliveryError
    > {
      const settings = decodeTarget(claimed.target)
      if (Option.isNone(settings)) {
        return yield* new DeliveryError({ why: "The target of this execution can't be read", permanent: true })
      }
      const target = { ...settings.value, target: settings.value.target ?? "journal" } as const
      const refused = yield* Effect.provideService(refusalOf(claimed, target, hire), Digest.Digest, digest)
      if (refused !== undefined) return refused
      return yield* targets[target.target].deliver(claimed, target).pipe(
        Effect.catchDefect((defect) =>
          Effect.andThen(
            Effect.logError(`the delivery of ${claimed.delivery_id} died`, defect),
            Effect.fail(new DeliveryError({ why: "Something broke on our side", permanent: false })),
          )
        ),
        abandoned,
      )
    },
  )
})
