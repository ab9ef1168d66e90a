/** Pure: the engine's queue in virtual time: what falls due, what overlap makes of it, when a claim takes it. */
import type { Overlap } from "@stint/domain/Schedule"
import { CLAIMED_AT_ONCE } from "../Queue/Fair.ts"
import { turnOf } from "../Engine/Plan.ts"
import { makeFifo } from "./Fifo.ts"

/** What the engine can do; runs_per_second may be Infinity, then a claim takes no time. */
export interface Means {
  readonly runs_at_once: number
  readonly run_ms: number
  readonly runs_per_second: number
}

/** Who is told what becomes of each slot, in the order in which it does; instants in epoch milliseconds. */
export interface Witness {
  /** A run that was due began. */
  began(goal: number, due: number, at: number): void
  skipped(goal: number, due: number): void
  /** So many runs wait for a free place now. */
  waits(runs: number): void
}

/**
 * The queue. Runs start in the order in which they may (for one that waits for its turn that is when it has it), as in a
 * lane of the engine: up to 200 in one claim, one claim after the other. A claim of n takes n / runs_per_second, and each of its runs holds one of the `runs_at_once` places for `run_ms` from then on. What
 * falls due at one instant is decided over before the claim at that instant, and after what ends then, as in the engine.
 * As every run takes the same time, claims end in the order in which they were made: nothing needs to be sorted.
 */
export const makeQueue = (overlap: ReadonlyArray<Overlap>, means: Means, witness: Witness) => {
  const { run_ms, runs_at_once } = means
  const msOfRun = 1_000 / means.runs_per_second
  const serial = new Uint32Array(overlap.length)
  const waiting = new Uint8Array(overlap.length)
  /** When the run that waits for its turn was due. */
  const waitingDue = new Float64Array(overlap.length)
  /** Goals and when they were due, of runs that may be claimed. */
  const claimable = makeFifo()
  /** Goals of the runs under way and when they end; a claim's all at once. */
  const running = makeFifo()
  let now = -Infinity
  let free = runs_at_once
  let claimerFree = -Infinity

  const endRuns = () => {
    while (running.size() > 0 && running.value() <= now) {
      const goal = running.goal()
      running.drop()
      free++
      if (overlap[goal] === "parallel") continue
      serial[goal]!--
      if (waiting[goal] === 0) continue
      waiting[goal] = 0
      claimable.push(goal, waitingDue[goal]!)
    }
  }

  const claim = () => {
    while (claimable.size() > 0 && free > 0 && claimerFree <= now) {
      const runs = Math.min(claimable.size(), free, CLAIMED_AT_ONCE)
      const at = now + runs * msOfRun
      for (let nth = 0; nth < runs; nth++) {
        const goal = claimable.goal()
        witness.began(goal, claimable.value(), at)
        claimable.drop()
        running.push(goal, at + run_ms)
      }
      free -= runs
      claimerFree = at
    }
    witness.waits(claimable.size())
  }

  /** When something happens next by itself: runs end, or the next claim can be made. */
  const nextEvent = (): number => {
    const ends = running.size() > 0 ? running.value() : Infinity
    return claimable.size() > 0 && free > 0 ? Math.min(ends, claimerFree) : ends
  }

  const moveTo = (instant: number) => {
    if (instant === now) return
    claim()
    for (let next = nextEvent(); next < instant; next = nextEvent()) {
      now = next
      endRuns()
      claim()
    }
    now = instant
    endRuns()
  }

  return {
    /** A slot of a goal falls due; instants never go back. */
    due: (goal: number, due: number): void => {
      moveTo(due)
      const turn = turnOf(overlap[goal]!, { serial: serial[goal]!, waiting: waiting[goal]! }, false)
      if (turn.outcome === "skipped") return witness.skipped(goal, due)
      if (turn.serial) serial[goal]!++
      if (turn.outcome === "claimable") return claimable.push(goal, due)
      waiting[goal] = 1
      waitingDue[goal] = due
    },
    /** Lets everything end. Nothing may fall due afterwards. */
    finish: function* (): Generator<void, void> {
      claim()
      for (let next = nextEvent(), nth = 1; next < Infinity; next = nextEvent(), nth++) {
        now = next
        endRuns()
        claim()
        if (nth % 1_000 === 0) yield
      }
    },
  }
}
