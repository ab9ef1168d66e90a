/** Pure: which rule held when, and which slots it named, over the rows of a goal's history. All instants epoch ms. */
import { type Rule, ruleOf, type ScheduleSettings } from "@stint/domain/Schedule"
import { between, nextAfter, previousBefore } from "../Calendar.ts"
import { spreadOf } from "../Calendar/Spread.ts"
import { stretchAt } from "../Calendar/Zone.ts"
import type { HistoryRow } from "../Projection/History.ts"

/** What of a goal makes its rule. */
export type Ruled = Pick<HistoryRow, "frequency" | "schedule" | "default_at" | "timezone">

/** A row and the instants that it governs: slots after `from`, up to `to`. */
export interface Segment {
  readonly row: HistoryRow
  readonly from: number
  readonly to: number
}

/** A zone, or UTC for one that this runtime does not know, so that times can be told in any case. */
export const tellable = (zone: string): string => {
  try {
    stretchAt(zone, 0)
    return zone
  } catch {
    return "UTC"
  }
}

/** The zone of a goal's rule: its own, or its hire's. */
export const zoneOf = ({ schedule, timezone }: Ruled): string =>
  typeof schedule.timezone === "string" ? schedule.timezone : timezone

/** The rule; undefined when it can't be evaluated here: a zone that this runtime does not know, a rule that is none. */
export const ruleOfRow = (row: Ruled): Rule | undefined => {
  try {
    const rule = ruleOf({
      frequency: row.frequency,
      schedule: row.schedule as ScheduleSettings,
      defaultTimezone: row.timezone,
      ...(row.default_at === null ? {} : { defaultAt: row.default_at }),
    })
    if (rule.frequency !== "on_demand") stretchAt(rule.timezone, 0)
    return rule
  } catch {
    return undefined
  }
}

/** By how much a goal's spread moves its starts, in ms. */
export const spreadOfRow = (goal: string, { schedule }: Pick<Ruled, "schedule">): number =>
  typeof schedule.spread_seconds === "number" ? spreadOf(goal, schedule.spread_seconds) : 0

/** Rows, the oldest first, as segments; the last one has no end. */
export const segmentsOf = (rows: ReadonlyArray<HistoryRow>): ReadonlyArray<Segment> =>
  rows.map((row, nth) => ({ row, from: row.valid_from, to: rows[nth + 1]?.valid_from ?? Infinity }))

/** The segment that governs an instant; undefined before the first. */
export const segmentAt = (segments: ReadonlyArray<Segment>, instant: number): Segment | undefined =>
  segments.find((one) => instant > one.from && instant <= one.to)

/** A slot that a rule names, also one that did not run because the goal was off. */
export interface NamedSlot {
  readonly slot: number
  readonly segment: Segment
}

/** The first slot in [from, to) that some rule names; with `spread`, the first whose start is in it. */
export const slotIn = (
  segments: ReadonlyArray<Segment>,
  from: number,
  to: number,
  spread = false,
): NamedSlot | undefined => {
  for (const segment of segments) {
    const rule = segment.row.deleted ? undefined : ruleOfRow(segment.row)
    if (rule === undefined) continue
    const moved = spread ? spreadOfRow(segment.row.goal_instance_id, segment.row) : 0
    const [slot] = between(rule, Math.max(from - moved - 1, segment.from), Math.min(to - moved - 1, segment.to), 1)
    if (slot !== undefined) return { slot, segment }
  }
  return undefined
}

/** The slot before an instant that was to run, by the rules that held; null when none is known. */
export const previousSlot = (segments: ReadonlyArray<Segment>, instant: number): number | null => {
  for (const { from, row, to } of segments.toReversed()) {
    const rule = row.runs ? ruleOfRow(row) : undefined
    if (rule === undefined || from >= instant) continue
    const slot = previousBefore(rule, Math.min(instant, to + 1))
    if (slot !== undefined && slot > from) return slot
  }
  return null
}

/** The slot after an instant that was, or is, to run; null when there is none. */
export const nextSlot = (segments: ReadonlyArray<Segment>, instant: number): number | null => {
  for (const { from, row, to } of segments) {
    const rule = row.runs ? ruleOfRow(row) : undefined
    if (rule === undefined || to <= instant) continue
    const slot = nextAfter(rule, Math.max(instant, from))
    if (slot !== undefined && slot <= to) return slot
  }
  return null
}
