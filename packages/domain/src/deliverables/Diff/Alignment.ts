/** A shortest edit of one sequence into another (Myers, "An O(ND) difference algorithm", 1986), within a budget of steps. */

/** How many steps an alignment may take in all: the event loop stands meanwhile, some 10 ms. */
const STEPS = 500_000
/** How many edits an alignment may find: what it remembers grows with their square. */
const EDITS = 500

/** The steps that are left. */
export class Budget {
  left: number
  constructor(steps = STEPS) {
    this.left = steps
  }
  /** A second try has half of a whole one, once. */
  again(): Budget {
    return this.left < 0 ? new Budget(STEPS / 2) : this
  }
}

/** Numbers that are the same for the same text. */
export const interned = (): (text: string) => number => {
  const known = new Map<string, number>()
  return (text) => {
    const id = known.get(text)
    if (id !== undefined) return id
    known.set(text, known.size)
    return known.size - 1
  }
}

/** Items `from` up to, and without, `to`. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** What is the same, then what one of both has alone: `same` and `removed` are of the first sequence, `added` of the second. */
export interface Step {
  readonly same: Range
  readonly removed: Range
  readonly added: Range
}

type Items = ReadonlyArray<number>

/** The pairs of equal items in an alignment of the middles; undefined where the budget ends. */
const pairsOf = (a: Items, b: Items, budget: Budget): Array<readonly [number, number]> | undefined => {
  const [n, m] = [a.length, b.length]
  const most = Math.min(n + m, EDITS)
  const offset = most + 1
  const furthest = new Int32Array(2 * most + 3)
  const trace: Array<Int32Array> = []
  for (let d = 0; d <= most; d++) {
    trace.push(furthest.slice(offset - d - 1, offset + d + 2))
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && furthest[offset + k - 1]! < furthest[offset + k + 1]!)
      let x = down ? furthest[offset + k + 1]! : furthest[offset + k - 1]! + 1
      const from = x
      while (x < n && x - k < m && a[x] === b[x - k]) x++
      budget.left -= x - from + 1
      furthest[offset + k] = x
      if (x >= n && x - k >= m) return walkBack(trace, n, m)
    }
    if (budget.left < 0) return undefined
  }
  return undefined
}

/** Follows the trace from its end to its begin. */
const walkBack = (trace: ReadonlyArray<Int32Array>, n: number, m: number): Array<readonly [number, number]> => {
  const pairs: Array<readonly [number, number]> = []
  let [x, y] = [n, m]
  for (let d = trace.length - 1; d >= 0; d--) {
    const furthest = trace[d]!
    const at = (k: number) => furthest[k + d + 1]!
    const k = x - y
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1))
    const beforeX = d === 0 ? 0 : down ? at(k + 1) : at(k - 1)
    const beforeY = d === 0 ? 0 : beforeX - (down ? k + 1 : k - 1)
    while (x > beforeX && y > beforeY) pairs.push([--x, --y])
    if (d > 0) [x, y] = [beforeX, beforeY]
  }
  return pairs.reverse()
}

/** The steps from the first sequence to the second; undefined where that takes more than the budget. */
export const aligned = (a: Items, b: Items, budget: Budget): ReadonlyArray<Step> | undefined => {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let [endA, endB] = [a.length, b.length]
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) [endA, endB] = [endA - 1, endB - 1]
  const middle = endA === start || endB === start ? [] : pairsOf(a.slice(start, endA), b.slice(start, endB), budget)
  if (middle === undefined) return undefined

  const steps: Array<Step> = []
  let [sameFrom, x, y] = [0, start, start]
  const gap = (toX: number, toY: number) => {
    if (x === toX && y === toY) return
    steps.push({ same: { from: sameFrom, to: x }, removed: { from: x, to: toX }, added: { from: y, to: toY } })
    sameFrom = toX
  }
  for (const [pairX, pairY] of middle) {
    gap(pairX + start, pairY + start)
    ;[x, y] = [pairX + start + 1, pairY + start + 1]
  }
  gap(endA, endB)
  if (sameFrom < a.length) {
    const end = { from: a.length, to: a.length }
    steps.push({ same: { from: sameFrom, to: a.length }, removed: end, added: { from: b.length, to: b.length } })
  }
  return steps
}
