/** Figures of a sample of runs: outcomes and lateness over time. Pure. */
import type { Run } from "@stint/domain/scheduler/Runs"
import { millisOf } from "../../format/Time.ts"
import { latenessOf } from "../runs/Words.ts"

/** The points of a chart. */
const POINTS = 60

/** How runs end, in the order in which a chart stacks them. */
export const outcomes = ["completed", "open", "cancelled", "dead_lettered"] as const
/** How a run ended; `open` has not. */
export type Outcome = typeof outcomes[number]

/** The outcome of a run. */
export const outcomeOf = ({ status }: Run): Outcome =>
  status === "completed" || status === "cancelled" || status === "dead_lettered" ? status : "open"

/** A quantile of numbers in order; undefined of none. */
export const quantile = (sorted: ReadonlyArray<number>, share: number): number | undefined =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]

/** A sample of runs over time: each list has an item for each point. */
export interface Charted {
  /** Where each point begins, in milliseconds since 1970. */
  readonly at: ReadonlyArray<number>
  readonly counts: Readonly<Record<Outcome, ReadonlyArray<number>>>
  /** Of the runs by schedule that began, in milliseconds; null where there were none. */
  readonly p50: ReadonlyArray<number | null>
  readonly p95: ReadonlyArray<number | null>
  readonly totals: Readonly<Record<Outcome, number>>
  readonly lateness: { readonly p50: number | undefined; readonly p95: number | undefined }
}

const ordered = (values: ReadonlyArray<number>): ReadonlyArray<number> => values.toSorted((a, b) => a - b)

/** The figures of runs whose slots are in the milliseconds before `now`. */
export const chart = (runs: ReadonlyArray<Run>, now: number, span: number): Charted => {
  const step = span / POINTS
  const points = Array.from({ length: POINTS }, (_, index) => ({
    at: now - span + index * step,
    counts: { completed: 0, open: 0, cancelled: 0, dead_lettered: 0 },
    late: [] as Array<number>,
  }))
  for (const run of runs) {
    const point = points[Math.min(POINTS - 1, Math.floor((millisOf(run.scheduled_time) - (now - span)) / step))]
    if (point === undefined) continue
    point.counts[outcomeOf(run)]++
    const late = latenessOf(run)
    if (run.origin === "schedule" && late !== undefined) point.late.push(Math.max(0, late))
  }
  const of = (name: Outcome) => points.map(({ counts }) => counts[name])
  const total = (name: Outcome) => points.reduce((sum, { counts }) => sum + counts[name], 0)
  const all = ordered(points.flatMap(({ late }) => late))
  return {
    at: points.map(({ at }) => at),
    counts: {
      completed: of("completed"),
      open: of("open"),
      cancelled: of("cancelled"),
      dead_lettered: of("dead_lettered"),
    },
    p50: points.map(({ late }) => quantile(ordered(late), 0.5) ?? null),
    p95: points.map(({ late }) => quantile(ordered(late), 0.95) ?? null),
    totals: {
      completed: total("completed"),
      open: total("open"),
      cancelled: total("cancelled"),
      dead_lettered: total("dead_lettered"),
    },
    lateness: { p50: quantile(all, 0.5), p95: quantile(all, 0.95) },
  }
}
