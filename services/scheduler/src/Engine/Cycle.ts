/** One cycle of the engine: sleep until something is due, make the runs of due goals, claim what there is room for. */
import { MAX_ATTEMPTS } from "@stint/edge/Schedules"
import { Effect, FiberSet } from "effect"
import { Nudge } from "../Nudge.ts"
import { Queue } from "../Queue.ts"
import type { Claim } from "../Queue/Claim.ts"
import { LEASE_MS } from "../Queue/Lease.ts"
import type { makeBreaker } from "./Breaker.ts"
import type { makeExecute } from "./Execute.ts"
import type { makeInHand } from "./InHand.ts"
import { makeMaterialise } from "./Materialise.ts"
import { EngineRepo } from "./Repo.ts"

/** How many due goals are decided over at once. */
const GOALS = 500
/** The longest sleep, in milliseconds: what a lost hint can cost. */
const LONGEST_SLEEP = 60_000
/** The first and the longest sleep while others have locked what is ready, in milliseconds. */
const FIRST_LOCKED_SLEEP = 50
const LOCKED_SLEEP = 5_000

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

/** Claims in turns: a poison candidate, then a batch of the others, however many there are of either. */
const makeClaimInTurns = (
  { execute, holder, inHand, retriesPerSecond, working }: Means,
  queue: Queue["Service"],
  wake: Effect.Effect<void>,
) => {
  let poisonNext = true
  const start = (claim: Claim) => {
    inHand.add(claim)
    const end = Effect.suspend(() => {
      inHand.remove(claim.runs.length)
      return wake
    })
    return FiberSet.run(working, Effect.interruptible(Effect.ensuring(execute(claim.runs), end)))
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
      yield* start(claim)
      return "started"
    }
    // only the skipped poison candidate was ready: take it next
    if (poison === "skip") return "again"
    return claim.open ? "locked" : "nothing"
  })
  // uninterruptible: shutdown must not lose a batch that was just claimed
  return (limit: number) => Effect.uninterruptible(claimOnce(limit))
}

/** The cycle; it is repeated for as long as the engine runs. */
export const makeCycle = Effect.fnUntraced(function* (means: Means) {
  const repo = yield* EngineRepo
  const nudge = yield* Nudge
  const queue = yield* Queue
  const materialise = yield* makeMaterialise
  const claim = makeClaimInTurns(means, queue, nudge.here)
  let inVain = 0

  /** How many runs may be claimed now, or in how many milliseconds to look again. */
  const room = Effect.gen(function* () {
    const free = means.inHand.room()
    if (free === 0) return { wait: LONGEST_SLEEP }
    const passage = yield* means.breaker.passage
    return "wait" in passage ? passage : { limit: Math.min(passage.limit, free) }
  })

  return Effect.gen(function* () {
    const { ready, wake } = yield* Effect.orDie(repo.look())
    const untilDue = wake ?? LONGEST_SLEEP
    const isDue = untilDue <= 0
    const sleep = Math.min(Math.ceil(untilDue), LONGEST_SLEEP)
    if (!ready && !isDue) return yield* nudge.wait(sleep)
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
