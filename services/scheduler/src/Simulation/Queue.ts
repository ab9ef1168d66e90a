/** Pure: the engine's queue in virtual time: slots fall due, overlap decides over them, claims take them. */
import type { Overlap } from "@stint/domain/Schedule"
import { turnOf } from "../Engine/Plan.ts"
import { CLAIMED_AT_ONCE } from "../Queue/Fair.ts"
import { makeFifo } from "./Fifo.ts"

/** How many instants, claimed and ended runs are played before others may go on: about a millisecond. */
const WORK = 10_000

/** What the engine can do. runs_per_second may be Infinity: then a claim takes no time. */
export interface Means {
  readonly runs_at_once: number
  readonly run_ms: number
  readonly runs_per_second: number
}

/** Is called for each slot when its run begins or it is skipped, in the order of time; instants in epoch milliseconds. */
export interface Observer {
  began(goal: number, due: number, at: number): void
  skipped(goal: number, due: number): void
  /** How many runs wait for a free place now. */
  waits(runs: number): void
}

/**
 * The queue. Runs start in the order in which they become claimable, as in a lane of the engine: up to 200 in one claim, one
 * claim after the other. A claim of n takes n / runs_per_second, and each of its runs holds one of the `runs_at_once` places
 * for `run_ms` from then on. At one instant, runs end first, then slots fall due, then runs are claimed, as in the engine. All
 * runs take the same time, so claims end in the order in which they were made: nothing needs sorting.
 */
export class VirtualQueue {
  readonly #overlap: ReadonlyArray<Overlap>
  readonly #observer: Observer
  readonly #runMs: number
  readonly #msOfClaimedRun: number
  /** By goal: how many serial runs are open, whether one waits, and when that one was due. */
  readonly #serial: Uint32Array
  readonly #waiting: Uint8Array
  readonly #waitingDue: Float64Array
  /** Goals of the runs that may be claimed, and when they were due. */
  readonly #claimable = makeFifo()
  /** Goals of the running runs, and when they end. */
  readonly #running = makeFifo()
  #now = -Infinity
  #free: number
  /** When the next claim can be made. */
  #nextClaim = -Infinity
  /** What was done since others could go on: instants, claimed runs and ended ones. */
  #worked = 0

  constructor(overlap: ReadonlyArray<Overlap>, means: Means, observer: Observer) {
    this.#overlap = overlap
    this.#observer = observer
    this.#runMs = means.run_ms
    this.#msOfClaimedRun = 1_000 / means.runs_per_second
    this.#serial = new Uint32Array(overlap.length)
    this.#waiting = new Uint8Array(overlap.length)
    this.#waitingDue = new Float64Array(overlap.length)
    this.#free = means.runs_at_once
  }

  /** A slot of a goal falls due, at the instant to which the queue was advanced. */
  due(goal: number, due: number): void {
    const open = { serial: this.#serial[goal]!, waiting: this.#waiting[goal]! }
    const turn = turnOf(this.#overlap[goal]!, open, false)
    if (turn.outcome === "skipped") return this.#observer.skipped(goal, due)
    if (turn.serial) this.#serial[goal]!++
    if (turn.outcome === "claimable") return this.#claimable.push(goal, due)
    this.#waiting[goal] = 1
    this.#waitingDue[goal] = due
  }

  /**
   * Lets runs end and be claimed until `instant` (Infinity: until all have ended, and nothing may fall due afterwards). False
   * after `WORK` of them: others may go on, and it has to be asked again. A backlog between two slots may hold millions.
   */
  advance(instant: number): boolean {
    if (instant === this.#now) return true
    this.#claim()
    for (let next = this.#nextEvent(); next < instant; next = this.#nextEvent()) {
      if (this.#worked >= WORK) {
        this.#worked = 0
        return false
      }
      this.#now = next
      this.#endRuns()
      this.#claim()
    }
    this.#now = instant
    this.#endRuns()
    return true
  }

  /** The next instant at which runs end or a claim can be made, without a further slot. */
  #nextEvent(): number {
    const ends = this.#running.size() > 0 ? this.#running.value() : Infinity
    return this.#claimable.size() > 0 && this.#free > 0 ? Math.min(ends, this.#nextClaim) : ends
  }

  #endRuns(): void {
    this.#worked++
    while (this.#running.size() > 0 && this.#running.value() <= this.#now) {
      const goal = this.#running.goal()
      this.#running.drop()
      this.#free++
      this.#worked++
      if (this.#overlap[goal] === "parallel") continue
      this.#serial[goal]!--
      if (this.#waiting[goal] === 0) continue
      this.#waiting[goal] = 0
      this.#claimable.push(goal, this.#waitingDue[goal]!)
    }
  }

  #claim(): void {
    while (this.#claimable.size() > 0 && this.#free > 0 && this.#nextClaim <= this.#now) {
      const runs = Math.min(this.#claimable.size(), this.#free, CLAIMED_AT_ONCE)
      const at = this.#now + runs * this.#msOfClaimedRun
      for (let nth = 0; nth < runs; nth++) {
        const goal = this.#claimable.goal()
        this.#observer.began(goal, this.#claimable.value(), at)
        this.#claimable.drop()
        this.#running.push(goal, at + this.#runMs)
      }
      this.#free -= runs
      this.#worked += runs
      this.#nextClaim = at
    }
    this.#observer.waits(this.#claimable.size())
  }
}
