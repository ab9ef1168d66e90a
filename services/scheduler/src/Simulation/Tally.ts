/** Pure: counts what becomes of the slots, and makes the answer's figures of it. */
import { type CurvePoint, maxPoints, type SimulatedLoad } from "@stint/domain/Simulation"
import { DateTime } from "effect"
import type { Witness } from "./Queue.ts"

const minuteMs = 60_000
const daySeconds = 86_400
/** Steps of a curve, in seconds; above a day they double. */
const steps = [60, 300, 900, 3_600, 21_600, daySeconds]
const BUSIEST = 10

/** Lateness to the millisecond up to a minute and to the second above, so that few values are kept of many runs. */
const rounded = (late: number): number => late < minuteMs ? Math.round(late) : Math.round(late / 1_000) * 1_000

const pointOf = (minute: number, runs: number): CurvePoint => ({ minute: DateTime.makeUnsafe(minute * minuteMs), runs })

/** Minutes summed to steps of so many seconds; both oldest first. */
const summed = (minutes: ReadonlyArray<number>, runs: ReadonlyArray<number>, step: number) => {
  const perStep = step / 60
  const points: Array<{ minute: number; runs: number }> = []
  for (const [nth, minute] of minutes.entries()) {
    const begins = Math.floor(minute / perStep) * perStep
    const last = points.at(-1)
    if (last?.minute === begins) last.runs += runs[nth]!
    else points.push({ minute: begins, runs: runs[nth]! })
  }
  return points
}

/** A tally of one simulation. */
export const makeTally = () => {
  let runs = 0
  let skipped = 0
  let peakQueue = 0
  let latest = 0
  const late = new Map<number, number>()
  const minutes: Array<number> = []
  const runsIn: Array<number> = []

  const witness: Witness = {
    began: (_, due, at) => {
      runs++
      const lateness = at - due
      if (lateness > latest) latest = lateness
      const kept = rounded(lateness)
      late.set(kept, (late.get(kept) ?? 0) + 1)
      const minute = Math.floor(at / minuteMs)
      if (minutes.at(-1) === minute) runsIn[runsIn.length - 1]!++
      else {
        minutes.push(minute)
        runsIn.push(1)
      }
    },
    skipped: () => void skipped++,
    waits: (waiting) => {
      if (waiting > peakQueue) peakQueue = waiting
    },
  }

  const latenesses = () => {
    const values = [...late].sort(([a], [b]) => a - b)
    const at = (share: number) => {
      let left = Math.ceil(runs * share)
      for (const [value, count] of values) {
        left -= count
        if (left <= 0) return value
      }
      return 0
    }
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: rounded(latest) }
  }

  const curve = () => {
    for (let nth = 0;; nth++) {
      const step = steps[nth] ?? daySeconds * 2 ** (nth - steps.length + 1)
      const points = summed(minutes, runsIn, step)
      if (points.length <= maxPoints) return { step, points }
    }
  }

  const load = (): SimulatedLoad => {
    const { points, step } = curve()
    const busiest = runsIn.map((_, nth) => nth).sort((a, b) => runsIn[b]! - runsIn[a]! || a - b).slice(0, BUSIEST)
    return {
      runs,
      skipped,
      busiest: busiest.map((nth) => pointOf(minutes[nth]!, runsIn[nth]!)),
      curve: points.map((point) => pointOf(point.minute, point.runs)),
      step_seconds: step,
      lateness_ms: runs === 0 ? null : latenesses(),
      peak_per_minute: busiest.length === 0 ? 0 : runsIn[busiest[0]!]!,
      peak_queue: peakQueue,
    }
  }

  return { witness, load }
}
