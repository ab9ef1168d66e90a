/** Claims due executions; Attempts.ts decides the retry. */
import { Unavailable } from "@stint/domain/Problem"
import { Health } from "@stint/edge/Health"
import { outage } from "@stint/edge/OutageLog"
import { readable } from "@stint/edge/Paging"
import { delayAfter, reconnect, unknownStanding } from "@stint/edge/Schedules"
import * as Watchdog from "@stint/edge/Watchdog"
import { Duration, Effect, Fiber, Layer } from "effect"
import { Hiring } from "../Clients.ts"
import { makeInHand } from "../InHand.ts"
import { Attempts } from "./Attempts.ts"
import { ExecutionsRepo, LEASE_SECONDS } from "./Repo.ts"
import type { ClaimedRow } from "./Row.ts"

/** How many attempts are made at once. */
const CONCURRENCY = 32

/** How many of one customer, so that slow receivers of one do not hold up another's deliveries. */
const OF_A_CUSTOMER = 4

/** Executions that are due but locked by another transaction are tried again after this long, not at once. */
const LOCKED = Duration.millis(100)

/**
 * The longest wait. An intent is committed under its lease and notifies nobody, so that its commit waits for no other one: by
 * the end of that lease everybody has looked. It also ends a wait whose notification was lost with its connection.
 */
const LONGEST_WAIT = Duration.seconds(LEASE_SECONDS)

/** How long a round may take before the watchdog says so: the longest wait, and a claim on a slow database. */
const ROUND = "90 seconds"

/** How long a drain waits for attempts that are under way: longer than one may take. */
const DRAIN = "17 seconds"

/** The error of an execution whose row can't be read; the log says what is wrong with it. */
const UNREADABLE = "It can't be read; ask the operator"

/** How long to wait when nothing could be claimed and the next execution is due in so many milliseconds. */
const waitFor = (due: number | undefined): Duration.Duration =>
  due === undefined ? LONGEST_WAIT : Duration.clamp(Duration.millis(due), { minimum: LOCKED, maximum: LONGEST_WAIT })

/** Makes an attempt of each, once hiring has said how its hire stands; while it can't, they are given back uncharged. */
const makeAttempting = Effect.gen(function* () {
  const repo = yield* ExecutionsRepo
  const attempts = yield* Attempts
  const hiring = yield* Hiring
  const scope = yield* Effect.scope
  const inHand = yield* makeInHand({ atOnce: CONCURRENCY, ofCustomer: OF_A_CUSTOMER })

  const attemptAll = Effect.fnUntraced(function* (claimed: ReadonlyArray<ClaimedRow>) {
    const hired_instance_ids = [...new Set(claimed.map((row) => row.hired_instance_id))]
    // asked once for all of them
    const lookup = yield* Effect.cached(Effect.map(
      hiring.lookup({ hired_instance_ids }),
      ({ hires, unread }) => ({
        hires: new Map(hires.map((hire) => [hire.hired_instance_id, hire])),
        unread: new Set<string>(unread?.hires),
      }),
    ))
    for (const row of claimed) {
      const attempt = lookup.pipe(
        Effect.flatMap(({ hires, unread }) =>
          // one that hiring can't read exists: its delivery waits
          unread.has(row.hired_instance_id)
            ? new Unavailable({ detail: `hiring can't read ${row.hired_instance_id} now` })
            : attempts.start(row, hires.get(row.hired_instance_id))
        ),
        Effect.flatMap(Fiber.join),
        Effect.catchTag(
          "Unavailable",
          () =>
            Effect.flatMap(
              delayAfter(unknownStanding, 1),
              (delay) => repo.postpone(row, "Hiring does not answer whether it may be delivered", delay ?? 5_000),
            ),
        ),
        Effect.asVoid,
        Effect.catchCause((cause) => Effect.logWarning(`the attempt of ${row.delivery_id} was not made`, cause)),
      )
      yield* inHand.take(row.customer_id, scope, attempt)
    }
  })

  return { attemptAll, inHand }
})

/**
 * The worker of one replica. It claims what is due, as far as it has attempts free for the customer, and claims again when
 * one ends; when nothing is due it waits for the next due time, a notification or the drain.
 */
export const worker = Layer.effectDiscard(Effect.gen(function* () {
  const repo = yield* ExecutionsRepo
  const health = yield* Health
  const { attemptAll, inHand } = yield* makeAttempting
  const { failed, worked } = outage("the delivery of executions")
  let draining = false
  const drained = Effect.andThen(health.draining, Effect.sync(() => void (draining = true)))

  const round = Effect.fnUntraced(function* (notified: Effect.Effect<void>) {
    yield* Watchdog.step("claims what is due")
    const free = inHand.free()
    const claimed = free <= 0 ? [] : yield* repo.claim(free, inHand.now)
    for (const { key, row } of claimed) if (row === undefined) yield* repo.fail(key, UNREADABLE)
    if (claimed.length > 0) return yield* attemptAll(readable({ entries: claimed }))
    yield* Watchdog.step("waits until the next is due")
    const due = free <= 0 ? undefined : yield* repo.nextDue(inHand.now)
    yield* Effect.raceAllFirst([Effect.sleep(waitFor(due)), notified, inHand.ended, drained])
  }, Watchdog.guard("worker of executions", ROUND))

  const rounds = Effect.scoped(Effect.gen(function* () {
    // listen before the first claim, so that no notification is missed in between
    const notified = yield* repo.listen
    yield* worked
    while (!draining) yield* round(notified)
  }))

  const fiber = yield* rounds.pipe(
    Effect.sandbox,
    Effect.tapError(failed),
    Effect.retry(reconnect),
    Effect.orDie,
    Effect.forkScoped,
  )
  yield* health.onDrain(Effect.suspend(() => {
    draining = true
    const ended = Effect.andThen(Fiber.await(fiber), inHand.done)
    return Effect.ignore(Effect.timeout(ended, DRAIN))
  }))
}))
