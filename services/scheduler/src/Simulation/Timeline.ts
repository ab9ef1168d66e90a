/** Pure: the slots of many goals in the order in which they start, without sorting them all. */
import { spreadOf } from "../Calendar/Spread.ts"
import type { Slots, Workload } from "./Workload.ts"

const minuteMs = 60_000

/** Packs a start within a minute and its goal into one number that sorts: 16 bits of milliseconds, then the goal. */
const packed = 2 ** 32

/** How many goals or starts are processed in a step: 1,000 take a millisecond at most. */
const STEP = 1_000

/** What is done with the starts. */
export interface Starts {
  /** Makes ready for a start at an instant; false when it has not come so far, and others may go on. */
  ready(due: number): boolean
  start(goal: number, due: number): void
}

/**
 * Calls `start` for every slot of every goal in the order of their starts (slot plus spread, epoch ms), goals of one instant
 * in their order; before each it asks `ready` until that is true. Each goal is listed in the minute of its next start, as in a timing wheel, so a start costs the same
 * however many goals there are. In steps. `spread` (seconds) replaces the spread of every goal.
 */
export function* timeline(
  { ids, ruleOf, spread_seconds }: Pick<Workload, "ids" | "ruleOf" | "spread_seconds">,
  { of }: Slots,
  from: number,
  { ready, start }: Starts,
  spread?: number,
): Generator<void, void> {
  const goals = ids.length
  const offsets = new Float64Array(goals)
  const at = new Uint32Array(goals)
  const starts = new Float64Array(goals)
  const base = Math.floor(from / minuteMs)
  // linked lists of goals by the minute of their next start: the first of each, and the next of each goal; -1 ends a list
  const heads: Array<number> = []
  const next = new Int32Array(goals)
  const enter = (goal: number) => {
    const slot = of[ruleOf[goal]!]![at[goal]!]
    if (slot === undefined) return
    at[goal]!++
    const due = slot + offsets[goal]!
    starts[goal] = due
    const minute = Math.floor(due / minuteMs) - base
    while (heads.length <= minute) heads.push(-1)
    next[goal] = heads[minute]!
    heads[minute] = goal
  }
  let done = 0
  for (let goal = 0; goal < goals; goal++) {
    offsets[goal] = spreadOf(ids[goal]!, spread ?? spread_seconds[goal]!)
    enter(goal)
    if (++done % STEP === 0) yield
  }
  let keys = new Float64Array(1_024)
  for (let minute = 0; minute < heads.length; minute++) {
    let count = 0
    const begins = (base + minute) * minuteMs
    // a goal may start twice in a minute: where an offset from UTC had seconds, its change puts two slots so close
    while (heads[minute] !== -1) {
      let goal = heads[minute]!
      heads[minute] = -1
      while (goal !== -1) {
        const follows = next[goal]!
        if (count === keys.length) keys = grown(keys)
        keys[count++] = (starts[goal]! - begins) * packed + goal
        enter(goal)
        goal = follows
        if (++done % STEP === 0) yield
      }
    }
    if (count === 0) continue
    for (const key of keys.subarray(0, count).sort()) {
      const late = Math.floor(key / packed)
      while (!ready(begins + late)) yield
      start(key - late * packed, begins + late)
      if (++done % STEP === 0) yield
    }
  }
}

const grown = (keys: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
  const larger = new Float64Array(keys.length * 2)
  larger.set(keys)
  return larger
}
