/**
 * A claim, part by part inside one transaction: what has come due becomes ready, poison candidates are set apart, lanes are
 * walked and share the room, and their runs are taken.
 */
import { Effect } from "effect"
import type { ClaimedRun } from "../Model.ts"
import { Increments } from "./Counters.ts"
import { allocate, type Lane, RANK, type Share } from "./Fair.ts"
import { LOST, type Outcome } from "./Outcome.ts"
import type { QueueRepo } from "./Repo.ts"
import type { Taken } from "./Repo/Transitions.ts"

/** Who claims, how many at most, and for how long. */
export interface ClaimRequest {
  readonly holder: string
  readonly limit: number
  readonly leaseMs: number
  readonly maxAttempts: number
  /**
   * What to do while there is a poison candidate, a run whose lease was lost twice or more: take it, alone, when nothing else
   * is in hand; wait, taking nothing, until that is so; or skip it, because other runs have waited for it.
   */
  readonly poison: "take" | "wait" | "skip"
  /** How many retries a second the budget gains by time alone. */
  readonly retriesPerSecond: number
}

/** What a claim took. */
export interface Claim {
  readonly runs: ReadonlyArray<ClaimedRun>
  /** It is one poison candidate: nothing else is to be in hand beside it. */
  readonly alone: boolean
  /** Whether to claim again soon though nothing was taken: lanes or rows were left, or the retry budget was empty. */
  readonly open: boolean
}

/** How many lanes of a rank one walk passes at least, and how often a claim walks on when none of them may run. */
const WALKED = 400
const WALKS = 50

const asDead = (run: ClaimedRun): Outcome => ({ _tag: "Dead", run, errorType: "TRANSIENT", error: LOST })

/** Where each rank's walk goes on, when it has more lanes than one claim serves. */
const walkCursors = () => {
  const cursors = new Map<number, Lane>()
  return {
    /** No walk is under way: the next begins at the first lane. */
    isAtStart: () => cursors.size === 0,
    from: () => Object.values(RANK).map((rank): Lane => cursors.get(rank) ?? { rank, customer_id: "", agent_id: "" }),
    /** Moves on from the lanes that were served, or starts again once the walk has seen all. */
    moveOn: (lanes: ReadonlyArray<Lane>, shares: ReadonlyArray<Share>, most: number) => {
      for (const rank of Object.values(RANK)) {
        const end = lanes.findLast((lane) => lane.rank === rank)
        const last = shares.findLast((share) => share.rank === rank) ?? end
        const isEnd = last?.customer_id === end?.customer_id && last?.agent_id === end?.agent_id
        const seen = lanes.filter((lane) => lane.rank === rank).length
        if (last === undefined || (isEnd && seen < most)) cursors.delete(rank)
        else cursors.set(rank, { rank, customer_id: last.customer_id, agent_id: last.agent_id })
      }
    },
  }
}

/** Shares the room between lanes: on past lanes that are at their limit, until one may run or all were seen. */
const makeShareRoom = (repo: QueueRepo["Service"]) => {
  const cursors = walkCursors()

  /** The budget of retries, read only for a walk that has lanes of retries. */
  const budget = Effect.fnUntraced(function* (perSecond: number) {
    yield* repo.lockBudget
    return Math.floor((yield* repo.refillBudget(perSecond)).tokens)
  })

  return Effect.fnUntraced(
    function* (request: ClaimRequest, paused: ReadonlyArray<string>, limited: boolean) {
      const most = Math.max(request.limit * 2, WALKED)
      const rooms = limited ? yield* repo.rooms() : []
      let retries: number | undefined
      let shares: ReadonlyArray<Share> = []
      for (let walks = 0, isWhole = false; walks < WALKS && shares.length === 0 && !isWhole; walks++) {
        const fromStart = cursors.isAtStart()
        const lanes = yield* repo.walk({ from: cursors.from(), most, paused })
        if (retries === undefined && lanes.some((lane) => lane.rank === RANK.retry)) {
          retries = yield* budget(request.retriesPerSecond)
        }
        shares = allocate(lanes, request.limit, { rooms, retries: retries ?? 0 })
        cursors.moveOn(lanes, shares, most)
        isWhole = fromStart && cursors.isAtStart()
      }
      return { shares, open: shares.length > 0 || !cursors.isAtStart() || retries === 0 }
    },
  )
}

/** `Queue.claim`, to be run inside a transaction; one a process, since it remembers where its walks ended. */
export const makeClaim = <E>(
  repo: QueueRepo["Service"],
  writeOutcomes: (outcomes: ReadonlyArray<Outcome>) => Effect.Effect<unknown, E>,
) => {
  /** What has come due becomes ready; how many leases were lost. */
  const catchUp = Effect.fnUntraced(function* (due: { readonly timed: boolean; readonly expired: boolean }) {
    if (due.timed) yield* repo.promote
    if (!due.expired) return 0
    yield* repo.record("expired", { wait: false })
    return (yield* repo.expire()).length
  })

  /** Takes a poison candidate; undefined when none may run, or another replica has it. */
  const takePoison = Effect.fnUntraced(function* (request: ClaimRequest, paused: ReadonlyArray<string>) {
    const [candidate] = yield* repo.poisonCandidate({ paused, maxAttempts: request.maxAttempts })
    if (candidate === undefined) return undefined
    yield* repo.expireOne(candidate.scheduled_run_id)
    return yield* repo.takeOne({ ...request, id: candidate.scheduled_run_id })
  })

  const shareRoom = makeShareRoom(repo)

  const takeLanes = Effect.fnUntraced(
    function* (request: ClaimRequest, paused: ReadonlyArray<string>, limited: boolean) {
      const { open, shares } = yield* shareRoom(request, paused, limited)
      const runs = shares.length === 0 ? [] : yield* repo.takeShares({ ...request, paused, shares })
      const retried = runs.filter((run) => run.retried).length
      if (retried > 0) yield* repo.chargeBudget(retried)
      return { runs, alone: false, open }
    },
  )

  const pick = Effect.fnUntraced(function* (request: ClaimRequest, due: { poison: boolean; limited: boolean }) {
    const paused = (yield* repo.pausedIds()).ids
    if (due.poison && request.poison === "take") {
      const runs = yield* takePoison(request, paused)
      if (runs !== undefined) return { runs, alone: true, open: true }
    }
    if (due.poison && request.poison === "wait") {
      const waiting = yield* repo.poisonCandidate({ paused, maxAttempts: request.maxAttempts })
      if (waiting.length > 0) return { runs: [], alone: false, open: true }
    }
    return yield* takeLanes(request, paused, due.limited)
  })

  return Effect.fnUntraced(function* (request: ClaimRequest) {
    const due = yield* repo.begin()
    if (due.limited) yield* repo.lockLimits
    if (due.poison) {
      const exhausted = yield* repo.exhausted(request.maxAttempts)
      if (exhausted.length > 0) yield* writeOutcomes(exhausted.map(asDead))
    }
    let lost = yield* catchUp(due)
    const { alone, open, runs } = yield* pick(request, due)
    if (alone) lost += runs.length
    yield* repo.count(increments(runs, lost))
    return { alone, open, runs: runs.map(({ lateness: _, retried: __, ...run }) => run) } satisfies Claim
  })
}

const increments = (runs: ReadonlyArray<Taken>, lost: number): Increments => {
  const counted = new Increments()
  counted.add("takeovers", "", lost)
  for (const { lateness } of runs) if (lateness !== null) counted.lateness(lateness)
  return counted
}
