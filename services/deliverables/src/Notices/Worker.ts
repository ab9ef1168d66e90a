/** Plans, makes and sends what people are told: in turns of one replica for the first two, of each message's holder for the last. */
import { Health } from "@stint/edge/Health"
import { Ids } from "@stint/edge/Ids"
import { outage } from "@stint/edge/OutageLog"
import { readable } from "@stint/edge/Paging"
import { delayAfter, lookAtExpiry, noticeRetry, reconnect } from "@stint/edge/Schedules"
import * as Watchdog from "@stint/edge/Watchdog"
import { Context, Duration, Effect, Fiber, Layer, type Schedule } from "effect"
import { makeInHand } from "../InHand.ts"
import { Channels, type NotTaken } from "./Channels.ts"
import { makeMade, planned } from "./Making.ts"
import { quietUntil } from "./Policy.ts"
import { NoticesRepo } from "./Repo.ts"
import type { ClaimedNotice } from "./Row.ts"

/** How many messages are sent at once, and how many of one customer. */
const AT_ONCE = 32
const OF_A_CUSTOMER = 4

/** After so many attempts, about five hours, a message is given up, and its channel is dead. */
export const TRIES = 12

/** The shortest and the longest wait. A notification may be lost with its connection. */
const SHORTEST_WAIT = Duration.millis(100)
const LONGEST_WAIT = Duration.seconds(30)

/** How long a round may take before the watchdog says so. */
const ROUND = "90 seconds"

/** How long a drain waits for messages that are under way. */
const DRAIN = "10 seconds"

/** The backoff between the attempts of a message; tests replace it. */
export const NoticeRetry = Context.Reference<Schedule.Schedule<unknown, void>>("deliverables/NoticeRetry", {
  defaultValue: () => noticeRetry,
})

/** Makes one attempt of a claimed message, and writes what came of it. */
const makeAttempt = Effect.gen(function* () {
  const repo = yield* NoticesRepo
  const channels = yield* Channels
  const schedule = yield* NoticeRetry

  const failed = Effect.fnUntraced(function* (notice: ClaimedNotice, { permanent, retryAfter, why }: NotTaken) {
    const last = permanent || notice.purpose === "test" || notice.dead || notice.tries >= TRIES
    const delay = last ? undefined : yield* delayAfter(schedule, notice.tries)
    if (delay !== undefined) return yield* repo.retry(notice, why, Math.max(delay, retryAfter ?? 0))
    yield* Effect.logWarning(`the notice ${notice.notice_id} (${notice.customer_id}) is given up: ${why}`)
    return yield* repo.fail(notice, why)
  })

  return Effect.fnUntraced(function* (notice: ClaimedNotice) {
    const channel = notice.channels.find(({ channel_id }) => channel_id === notice.channel_id)
    if (channel === undefined) return yield* repo.drop(notice, "The channel was removed")
    // also of a repeated attempt, and by the hours as they are now
    const until = notice.purpose === "test" ? undefined : quietUntil(notice.now, notice)
    if (until !== undefined) return yield* repo.postpone(notice, until - notice.now)
    yield* Watchdog.step(`sends ${notice.notice_id}`)
    const outcome = yield* Effect.result(channels.send(notice, channel))
    return outcome._tag === "Success" ? yield* repo.sent(notice) : yield* failed(notice, outcome.failure)
  }, Watchdog.guard("a notice", "40 seconds"))
})

/** Looks for what expires, in the background. */
export const expiry = Layer.effectDiscard(Effect.gen(function* () {
  const repo = yield* NoticesRepo
  yield* Watchdog.guard("look at what expires", "60 seconds")(repo.look).pipe(
    Effect.sandbox,
    Effect.retry(reconnect),
    Effect.repeat(lookAtExpiry),
    Effect.forkScoped,
  )
}))

/** The worker of one replica: it ends a wait when it is notified, when a message ends, or when the next thing is due. */
export const worker = Layer.effectDiscard(Effect.gen(function* () {
  const repo = yield* NoticesRepo
  const health = yield* Health
  const made = makeMade(yield* Ids)
  const attempt = yield* makeAttempt
  const inHand = yield* makeInHand({ atOnce: AT_ONCE, ofCustomer: OF_A_CUSTOMER })
  const scope = yield* Effect.scope
  const { failed, worked } = outage("the sending of notices")
  let draining = false
  const drained = Effect.andThen(health.draining, Effect.sync(() => void (draining = true)))

  const start = (notice: ClaimedNotice) =>
    inHand.take(
      notice.customer_id,
      scope,
      attempt(notice).pipe(
        Effect.asVoid,
        Effect.catchCause((cause) => Effect.logWarning(`the outcome of ${notice.notice_id} is not written`, cause)),
      ),
    )

  const round = Effect.fnUntraced(function* (notified: Effect.Effect<void>) {
    yield* Watchdog.step("plans what happened")
    const [plans, items] = [yield* repo.plan(planned), yield* repo.make(made)]
    yield* Watchdog.step("claims what is due")
    const free = inHand.free()
    const claimed = free <= 0 ? [] : yield* repo.claim(free, inHand.now)
    yield* Effect.forEach(readable({ entries: claimed }), start, { discard: true })
    if (plans + items + claimed.length > 0) return
    yield* Watchdog.step("waits until the next is due")
    const due = yield* repo.nextDue(inHand.now)
    const wait = due === undefined
      ? LONGEST_WAIT
      : Duration.clamp(Duration.millis(due), { minimum: SHORTEST_WAIT, maximum: LONGEST_WAIT })
    yield* Effect.raceAllFirst([Effect.sleep(wait), notified, inHand.ended, drained])
  }, Watchdog.guard("worker of notices", ROUND))

  const rounds = Effect.scoped(Effect.gen(function* () {
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
    return Effect.ignore(Effect.timeout(Effect.andThen(Fiber.await(fiber), inHand.done), DRAIN))
  }))
}))
