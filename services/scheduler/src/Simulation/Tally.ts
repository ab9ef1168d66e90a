/** Pure: counts the runs and skips of a simulation, and makes the figures of its answer. */
import { type CurvePoint, maxPoints, type SimulatedLoad } from "@stint/domain/scheduler/Simulation"
import { DateTime } from "effect"
import type { Observer } from "./Queue.ts"

const minuteMs = 60_000
const daySeconds = 86_400
/** Steps of a curve, in seconds; above a day they double. */
const steps = [60, 300, 900, 3_600, 21_600, daySeconds]
const BUSIEST = 10

/** The rounding of lateness: below so many ms to so many ms. Few values are kept, however many runs begin however late. */
const units = [[60_000, 1], [3_600_000, 1_000], [86_400_000, 60_000], [8_640_000_000, 3_600_000]] as const
const rounded = (late: number): number => {
  const unit = units.find(([below]) => late < below)?.[1] ?? 86_400_000
  return Math.round(late / unit) * unit
}

/** How many runs began in the minute with this number, or in the step that begins there. */
interface Point {
  readonly minute: number
  runs: number
}

const pointOf = ({ minute, runs }: Point): CurvePoint => ({ minute: DateTime.makeUnsafe(minute * minuteMs), runs })

/** The length of the nth step, in seconds; each is a multiple of the one before. */
const stepAt = (nth: number): number => steps[nth] ?? daySeconds * 2 ** (nth - steps.length + 1)

/** Points summed into longer steps of so many seconds; both oldest first. */
const summed = (points: ReadonlyArray<Point>, step: number): Array<Point> => {
  const longer: Array<Point> = []
  for (const point of points) put(longer, point, step)
  return longer
}

/** Adds a point to points of so many seconds; it must not be older than the last. */
const put = (points: Array<Point>, { minute, runs }: Point, step: number): void => {
  const perStep = step / 60
  const begins = Math.floor(minute / perStep) * perStep
  const last = points.at(-1)
  if (last?.minute === begins) last.runs += runs
  else points.push({ minute: begins, runs })
}

/** The tally of one simulation, whose runs begin in the order of time. Its size does not grow with their number. */
export const makeTally = () => {
  let runs = 0
  let skipped = 0
  let peakQueue = 0
  let latest = 0
  const late = new Map<number, number>()
  /** The minute that is being counted. */
  let current: Point | undefined
  const busiest: Array<Point> = []
  let step = 0
  let curve: Array<Point> = []

  const endMinute = () => {
    if (current === undefined) return
    const ended = current
    current = undefined
    const place = busiest.findIndex((one) => one.runs < ended.runs)
    if (place >= 0) busiest.splice(place, 0, ended)
    else if (busiest.length < BUSIEST) busiest.push(ended)
    if (busiest.length > BUSIEST) busiest.pop()
    put(curve, ended, stepAt(step))
    while (curve.length > maxPoints) curve = summed(curve, stepAt(++step))
  }

  const observer: Observer = {
    began: (_, due, at) => {
      runs++
      const lateness = at - due
      if (lateness > latest) latest = lateness
      const kept = rounded(lateness)
      late.set(kept, (late.get(kept) ?? 0) + 1)
      const minute = Math.floor(at / minuteMs)
      if (current?.minute === minute) current.runs++
      else {
        endMinute()
        current = { minute, runs: 1 }
      }
    },
    skipped: () => void skipped++,
    waits: (waiting) => {
      if (waiting > peakQueue) peakQueue = waiting
    },
  }

  const latenesses = () => {
    // numbers alone: an array of tens of thousands of pairs takes ten times as long to sort
    const values = Float64Array.from(late.keys()).sort()
    const at = (share: number) => {
      let left = Math.ceil(runs * share)
      for (const value of values) {
        left -= late.get(value)!
        if (left <= 0) return value
      }
      return 0
    }
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: rounded(latest) }
  }

  const load = (): SimulatedLoad => {
    endMinute()
    return {
      runs,
      skipped,
      busiest: busiest.map(pointOf),
      curve: curve.map(pointOf),
      step_seconds: stepAt(step),
      lateness_ms: runs === 0 ? null : latenesses(),
      peak_per_minute: busiest[0]?.runs ?? 0,
      peak_queue: peakQueue,
    }
  }

  return { observer, load }
}
