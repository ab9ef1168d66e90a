/** Claims makings and has them made, as many at once as this replica may; Making.ts has one made. */
import { Health } from "@stint/edge/Health"
import { outage } from "@stint/edge/OutageLog"
import { reconnect, renewMakings } from "@stint/edge/Schedules"
import * as Watchdog from "@stint/edge/Watchdog"
import { Clock, Duration, Effect, Fiber, Layer, Queue, type Scope } from "effect"
import { Makings } from "../Makings.ts"
import { makeMaking } from "./Making.ts"
import { MakingsRepo } from "./Repo.ts"
import { LEASE_SECONDS, type Look } from "./Repo/Claims.ts"
import type { ClaimedMaking } from "./Row.ts"

/** How many makings a replica has in hand at once: what bounds its memory. Each place has a limit of its own. */
const AT_ONCE = 1_000

/** The shortest and the longest wait until the next look, in milliseconds. A hint may be lost with its process. */
const SHORTEST_WAIT = 250
const LONGEST_WAIT = 30_000

/** How long a round may take before the watchdog says so: the longest wait, and a claim on a slow database. */
const ROUND = "90 seconds"

/** How long a drain waits for makers before it gives their makings back. */
const DRAIN = "8 seconds"

/** A lease that was not renewed for so long, in milliseconds, counts as lost: it can't have ended yet. */
const LOST_AFTER = LEASE_SECONDS * 1_000 / 3 * 2

/** A making in hand. */
interface Entry {
  readonly row: ClaimedMaking
  fiber: Fiber.Fiber<void> | undefined
  /** What its maker said since the last renewal. */
  note: string | null
  /** When its lease was renewed, epoch milliseconds. */
  renewed: number
}

/** The makings that this replica holds. */
const makeInHand = Effect.gen(function* () {
  const repo = yield* MakingsRepo
  const making = yield* makeMaking
  const ended = yield* Queue.sliding<void>(1)
  const entries = new Map<number, Entry>()

  /** Has a claimed making made, in a fiber of the scope. */
  const start = Effect.fnUntraced(function* (row: ClaimedMaking, scope: Scope.Scope) {
    const entry: Entry = { row, fiber: undefined, note: null, renewed: yield* Clock.currentTimeMillis }
    entries.set(row.fence, entry)
    const noted = (note: string) => Effect.sync(() => void (entry.note = note))
    entry.fiber = yield* Effect.interruptible(making(row, noted)).pipe(
      Effect.ensuring(Effect.suspend(() => {
        entries.delete(row.fence)
        return Queue.offer(ended, undefined)
      })),
      Effect.forkIn(scope),
    )
  })

  /** Renews all leases, and stops what lost its own: it was cancelled, or another holds it. */
  const renew = Effect.gen(function* () {
    const held = [...entries.values()]
    if (held.length === 0) return
    const began = yield* Clock.currentTimeMillis
    const notes = held.map(({ note, row: { fence, idempotency_key } }) => ({ idempotency_key, fence, note }))
    for (const entry of held) entry.note = null
    const still = yield* Effect.exit(Effect.timeout(repo.renew(notes), LEASE_SECONDS * 1_000 / 3))
    const now = yield* Clock.currentTimeMillis
    for (const entry of held) {
      if (still._tag === "Success" && still.value.has(entry.row.fence)) entry.renewed = began
      else if (still._tag === "Success" || now - entry.renewed >= LOST_AFTER) entry.fiber?.interruptUnsafe()
    }
  })

  const fibers = () => [...entries.values()].flatMap(({ fiber }) => fiber ?? [])
  return {
    free: () => AT_ONCE - entries.size,
    start,
    renew,
    /** Waits until one ends. */
    ended: Queue.take(ended),
    /** Waits until all have ended. */
    done: Effect.suspend(() => Fiber.awaitAll(fibers())),
    /** Stops all; they are given back. */
    stop: Effect.suspend(() => Fiber.interruptAll(fibers())),
  }
})

/** How long to wait when nothing could be claimed. What is past already is under way at another replica, or locked by it. */
const waitFor = ({ lease, retry }: Look): Duration.Duration => {
  const ahead = [lease, retry].flatMap((ms) => ms !== null && ms > 0 ? ms : [])
  return Duration.clamp(Duration.millis(Math.min(LONGEST_WAIT, ...ahead)), {
    minimum: Duration.millis(SHORTEST_WAIT),
    maximum: Duration.millis(LONGEST_WAIT),
  })
}

/**
 * The worker of one replica. It claims what waits, as far as places have room, and claims again when a making ends or is asked for;
 * else it waits for the next lease that ends, for a place that may be tried again, or for the drain.
 */
export const worker = Layer.effectDiscard(Effect.gen(function* () {
  const repo = yield* MakingsRepo
  const { asked } = yield* Makings
  const health = yield* Health
  const scope = yield* Effect.scope
  const inHand = yield* makeInHand
  const { failed, worked } = outage("the makings")
  let draining = false
  const drained = Effect.andThen(health.draining, Effect.sync(() => void (draining = true)))

  const claim = Effect.fnUntraced(function* ({ lease, waiting }: Look) {
    const free = inHand.free()
    if (free <= 0 || !(waiting || (lease ?? 1) <= 0)) return 0
    const claimed = yield* repo.claim(free)
    for (const { key, row } of claimed) {
      yield* row === undefined
        ? repo.fail(key, { code: "draft_impossible", detail: "The making can't be read; ask the operator" })
        : inHand.start(row, scope)
    }
    return claimed.length
  })

  const round = Effect.gen(function* () {
    yield* Watchdog.step("looks for makings")
    const look = yield* repo.look
    yield* worked
    if (look.overdue) yield* repo.giveUp({ code: "maker_away", detail: "Its maker was away for 6 hours" })
    // uninterruptible: shutdown must not lose what was just claimed
    if ((yield* Effect.uninterruptible(claim(look))) > 0) return
    yield* Watchdog.step("waits for makings")
    yield* Effect.raceAllFirst([Effect.sleep(waitFor(look)), asked, inHand.ended, drained])
  }).pipe(Watchdog.guard("worker of makings", ROUND))

  const rounds = Effect.gen(function* () {
    while (!draining) yield* round
  })
  const fiber = yield* rounds.pipe(
    Effect.sandbox,
    Effect.tapError(failed),
    Effect.retry(reconnect),
    Effect.orDie,
    Effect.forkScoped,
  )
  yield* Effect.forkScoped(Effect.repeat(inHand.renew, renewMakings))
  yield* health.onDrain(Effect.gen(function* () {
    draining = true
    yield* Effect.ignore(Effect.timeout(Effect.andThen(Fiber.await(fiber), inHand.done), DRAIN))
    yield* Effect.ignore(Effect.timeout(inHand.stop, DRAIN))
  }))
}))
