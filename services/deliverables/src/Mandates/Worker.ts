/** Looks at the drafts of the queue; Considering.ts decides about each. */
import { Unavailable } from "@stint/domain/Problem"
import { Health } from "@stint/edge/Health"
import { outage } from "@stint/edge/OutageLog"
import { readable } from "@stint/edge/Paging"
import { delayAfter, reconnect, unknownStanding } from "@stint/edge/Schedules"
import * as Watchdog from "@stint/edge/Watchdog"
import { Duration, Effect, Fiber, Layer } from "effect"
import { Hiring } from "../Clients.ts"
import { makeInHand } from "../InHand.ts"
import { makeConsidering } from "./Considering.ts"
import { MandatesRepo } from "./Repo.ts"
import type { QueuedRow } from "./Row.ts"

/** How many drafts are looked at at once, and of one customer: an execution waits for its receiver. */
const AT_ONCE = { atOnce: 32, ofCustomer: 4 }

/** Rows that are due but locked by another transaction are tried again after this long, not at once. */
const LOCKED = Duration.millis(100)

/** The longest wait. A notification may be lost with its connection without an error; then nothing else would end it. */
const LONGEST_WAIT = Duration.seconds(30)

/** How long a round may take before the watchdog says so: the longest wait, and a claim on a slow database. */
const ROUND = "90 seconds"

/** How long a drain waits for what is under way: longer than an attempt to deliver may take. */
const DRAIN = "17 seconds"

/** How long to wait when nothing could be claimed and the next row is due in so many milliseconds. */
const waitFor = (due: number | undefined): Duration.Duration =>
  due === undefined ? LONGEST_WAIT : Duration.clamp(Duration.millis(due), { minimum: LOCKED, maximum: LONGEST_WAIT })

/** Looks at each of what was claimed, once hiring has said how its hire stands; while it can't, they are given back. */
const makeLooking = Effect.gen(function* () {
  const repo = yield* MandatesRepo
  const hiring = yield* Hiring
  const consider = yield* makeConsidering
  const scope = yield* Effect.scope
  const inHand = yield* makeInHand(AT_ONCE)

  const later = (row: QueuedRow) =>
    Effect.flatMap(delayAfter(unknownStanding, 1), (delay) => repo.postpone(row, delay ?? 5_000))

  const lookAll = Effect.fnUntraced(function* (claimed: ReadonlyArray<QueuedRow>) {
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
      const look = lookup.pipe(
        Effect.flatMap(({ hires, unread }) =>
          unread.has(row.hired_instance_id)
            ? new Unavailable({ detail: `hiring can't read ${row.hired_instance_id} now` })
            : consider(row, hires.get(row.hired_instance_id))
        ),
        Effect.catchTag("Unavailable", () => later(row)),
        // its lease ends, and it is looked at again
        Effect.catchCause((cause) => Effect.logWarning(`no mandate looked at ${row.deliverable_id}`, cause)),
        Watchdog.guard("look of a mandate", "30 seconds"),
      )
      yield* inHand.take(row.customer_id, scope, look)
    }
  })

  return { lookAll, inHand }
})

/**
 * The worker of one replica. It takes what is due, as far as it has hands free for the customer, and again when one ends; when
 * nothing is due it waits for the next due time, a notification or the drain.
 */
export const worker = Layer.effectDiscard(Effect.gen(function* () {
  const repo = yield* MandatesRepo
  const health = yield* Health
  const { inHand, lookAll } = yield* makeLooking
  const { failed, worked } = outage("the drafts that mandates look at")
  let draining = false
  const drained = Effect.andThen(health.draining, Effect.sync(() => void (draining = true)))

  const round = Effect.fnUntraced(function* (notified: Effect.Effect<void>) {
    yield* Watchdog.step("claims what is due")
    const free = inHand.free()
    const claimed = free <= 0 ? [] : yield* repo.claim(free, inHand.now)
    // one that can't be read asks its people, as every draft does without a mandate
    for (const { key, row } of claimed) if (row === undefined) yield* repo.drop(key)
    if (claimed.length > 0) return yield* lookAll(readable({ entries: claimed }))
    yield* Watchdog.step("waits until the next is due")
    const due = free <= 0 ? undefined : yield* repo.nextDue(inHand.now)
    yield* Effect.raceAllFirst([Effect.sleep(waitFor(due)), notified, inHand.ended, drained])
  }, Watchdog.guard("worker of mandates", ROUND))

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
