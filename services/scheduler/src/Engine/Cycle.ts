/**
 * One cycle of the engine: sleep until something is due; claim the runs of due goals as they are made, while nothing else
 * waits; otherwise make the runs of due goals, and claim what there is room for.
 */
import { MAX_ATTEMPTS } from "@stint/edge/Schedules"
import { Clock, Effect, Exit, FiberSet } from "effect"
import type { Versions } from "../Model.ts"
import { Nudge } from "../Nudge.ts"
import { Queue } from "../Queue.ts"
import type { Claim } from "../Queue/Claim.ts"
import { LEASE_MS } from "../Queue/Lease.ts"
import type { makeBreaker } from "./Breaker.ts"
import type { makeExecute } from "./Execute.ts"
import type { makeInHand } from "./InHand.ts"
import { makeMaterialise, makeStartDue } from "./Materialise.ts"
import { EngineRepo } from "./Repo.ts"

/** How many due goals are decided over at once. */
const GOALS = 500
/** The longest sleep, in milliseconds: what a lost hint can cost. */
const LONGEST_SLEEP = 60_000
/** The first and the longest sleep while others have locked what is ready, in milliseconds. */
const FIRST_LOCKED_SLEEP = 50
const LOCKED_SLEEP = 5_000
/**
 * For how long, in milliseconds, due goals may wait until there is room to claim their runs as they are made. Past it their
 * runs are made all the same, and wait in the queue: well within the minute in which a slot is on time.
 */
const PATIENCE = 10_000

/** What a cycle works with. */
export interface Means {
  readonly holder: string
  readonly retriesPerSecond: number
  readonly breaker: Effect.Success<typeof makeBreaker>
  readonly inHand: ReturnType<typeof makeInHand>
  readonly execute: Effect.Success<ReturnType<typeof makeExecute>>
  /** The batches under way. */
  readonly working: FiberSet.FiberSet<void>
}

/**
 * Claims in turns: a poison candidate, then a batch of the others, however many there are of either. `ended` is told of each
 * batch: true when it left something to do.
 */
const makeClaimInTurns = (
  { execute, holder, inHand, retriesPerSecond, working }: Means,
  queue: Queue["Service"],
  startDue: Effect.Success<typeof makeStartDue>,
  ended: (some: boolean) => Effect.Effect<void>,
) => {
  let poisonNext = true
  const begin = (claim: Claim, versions?: ReadonlyMap<string, Versions>) => {
    inHand.add(claim)
    const work = Effect.onExit(execute(claim.runs, versions), (exit) =>
      Effect.suspend(() => {
        inHand.remove(claim.runs.length)
        return ended(Exit.isFailure(exit) || exit.value)
      }))
    return FiberSet.run(working, Effect.interruptible(Effect.asVoid(work)))
  }
  /** The result; `locked`: ready runs are locked by another replica. */
  const claimOnce = Effect.fnUntraced(function* (limit: number) {
    const poison = !poisonNext ? "skip" : inHand.isEmpty() ? "take" : "wait"
    const claim = yield* queue.claim({
      holder,
      limit,
      leaseMs: LEASE_MS,
      maxAttempts: MAX_ATTEMPTS,
      retriesPerSecond,
      poison,
    })
    poisonNext = !claim.alone
    if (claim.runs.length > 0) {
      yield* begin(claim)
      return "started"
    }
    // only the skipped poison candidate was ready: take it next
    if (poison === "skip") return "again"
    return claim.open ? "locked" : "nothing"
  })
  const startOnce = Effect.fnUntraced(function* (limit: number) {
    const { goals, started, versions } = yield* startDue(limit, { holder, leaseMs: LEASE_MS })
    if (started.length > 0) yield* begin({ runs: started, alone: false, open: true }, versions)
    return goals
  })
  // uninterruptible: shutdown must not lose a batch that was just claimed
  return {
    claim: (limit: number) => Effect.uninterruptible(claimOnce(limit)),
    /** Decides over due goals, and claims their runs as it makes them; how many goals there were. */
    start: (limit: number) => Effect.uninterruptible(startOnce(limit)),
  }
}

/** The cycle; it is repeated for as long as the engine runs. */
export const makeCycle = Effect.fnUntraced(function* (means: Means) {
  const repo = yield* EngineRepo
  const nudge = yield* Nudge
  const queue = yield* Queue
  const materialise = yield* makeMaterialise
  /** Whether it sleeps since nothing is ready or due: then the end of a batch that leaves nothing to do would wake it in vain. */
  let idle = false
  /** Whether the time came at which the last look, which found nothing else to do, said that a goal falls due. */
  let goalDue = false
  const ended = (some: boolean) => some || !idle ? nudge.here : Effect.void
  const { claim, start } = makeClaimInTurns(means, queue, yield* makeStartDue, ended)
  let inVain = 0
  /** Since when goals have been due at every look, epoch ms. */
  let behindSince: number | undefined

  /** How many runs may be claimed now, or in how many milliseconds to look again; `full`: too many are in hand. */
  const room = Effect.gen(function* () {
    const free = means.inHand.room()
    if (free === 0) return { wait: LONGEST_SLEEP, full: true }
    const passage = yield* means.breaker.passage
    return "wait" in passage ? { ...passage, full: false } : { limit: Math.min(passage.limit, free) }
  })

  /** How long goals have been due, in milliseconds; from 0 on after a look that found none. */
  const behind = Effect.fnUntraced(function* (isGoalDue: boolean) {
    const now = yield* Clock.currentTimeMillis
    behindSince = isGoalDue ? behindSince ?? now : undefined
    return behindSince === undefined ? 0 : now - behindSince
  })

  /** Sleeps while nothing is ready or due. */
  const sleepIdle = Effect.fnUntraced(function* (ms: number, isForGoal: boolean) {
    idle = true
    const hinted = yield* nudge.wait(ms)
    idle = false
    goalDue = !hinted && isForGoal
    return hinted
  })

  /** Starts due goals without a look before it, at the time that the last look named; false when there was none. */
  const startOnTime = Effect.gen(function* () {
    goalDue = false
    const space = yield* room
    return "limit" in space && (yield* start(space.limit)) > 0
  })

  return Effect.gen(function* () {
    if (goalDue && (yield* startOnTime)) return true
    const { goal, limited, ready, run } = yield* Effect.orDie(repo.look())
    const untilDue = Math.min(goal ?? LONGEST_SLEEP, run ?? LONGEST_SLEEP)
    const isDue = untilDue <= 0
    const isGoalDue = goal !== null && goal <= 0
    const waited = yield* behind(isGoalDue)
    const sleep = Math.min(Math.ceil(untilDue), LONGEST_SLEEP)
    if (!ready && !isDue) {
      return yield* sleepIdle(sleep, !limited && goal !== null && goal <= Math.min(run ?? sleep, sleep))
    }
    // nothing else waits for a claim, so that runs of due goals pass over nobody in the queue
    if (isGoalDue && !ready && !limited && (run ?? 1) > 0) {
      const space = yield* room
      if ("limit" in space && (yield* start(space.limit)) > 0) {
        inVain = 0
        return true
      }
      if ("wait" in space && space.full && waited < PATIENCE) return yield* nudge.wait(PATIENCE - waited)
    }
    const decided = isDue ? yield* materialise(GOALS) : 0
    const space = yield* room
    if ("wait" in space) return decided > 0 || (yield* nudge.wait(space.wait))
    const claimed = yield* claim(space.limit)
    if (claimed === "started") inVain = 0
    if (claimed === "started" || claimed === "again" || decided > 0) return true
    // Ready runs are locked by another replica: poll with backoff, in case it dies. Else they are paused or over their limit:
    // the resume, or the end of a run, notifies the engine
    const again = claimed === "locked" || isDue
      ? Math.min(FIRST_LOCKED_SLEEP * 2 ** inVain++, LOCKED_SLEEP)
      : LONGEST_SLEEP
    return yield* nudge.wait(isDue ? again : Math.min(again, sleep))
  })
})
