/** Pure: which version of a goal held when, and which slots its rule named. All instants are epoch ms. */
import type { Rule } from "@stint/domain/Schedule"
import { between, nextAfter, previousBefore } from "../Calendar.ts"
import { spreadOf } from "../Calendar/Spread.ts"
import { stretchAt } from "../Calendar/Zone.ts"
import { ruleOfGoal } from "../Engine/Plan.ts"
import type { GoalVersion } from "../Projection/Row.ts"

/** The fields of a goal that make its rule. */
export type Ruled = Pick<GoalVersion, "frequency" | "schedule" | "default_at" | "timezone">

/** A version of a goal and the slots that it governs: those after `from`, up to `to`. */
export interface Segment {
  readonly row: GoalVersion
  readonly from: number
  readonly to: number
}

/** A zone, or UTC in place of one that this runtime does not know: so every instant can be formatted. */
export const knownZone = (zone: string): string => {
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

/** The rule; undefined when it can't be evaluated here: its zone is not known to this runtime, or its cron is invalid. */
export const ruleOfVersion = (version: Ruled): Rule | undefined => {
  try {
    const rule = ruleOfGoal(version, version.timezone)
    if (rule.frequency !== "on_demand") stretchAt(rule.timezone, 0)
    return rule
  } catch {
    return undefined
  }
}

/** The spread of a goal, in ms: how long after its slots it starts. */
export const spreadOfVersion = (goal: string, { schedule }: Pick<Ruled, "schedule">): number =>
  typeof schedule.spread_seconds === "number" ? spreadOf(goal, schedule.spread_seconds) : 0

/** Versions, the oldest first, as segments; the last one has no end. */
export const segmentsOf = (rows: ReadonlyArray<GoalVersion>): ReadonlyArray<Segment> =>
  rows.map((row, nth) => ({ row, from: row.valid_from, to: rows[nth + 1]?.valid_from ?? Infinity }))

/** The segment that governs an instant; undefined before the first. */
export const segmentAt = (segments: ReadonlyArray<Segment>, instant: number): Segment | undefined =>
  segments.find((one) => instant > one.from && instant <= one.to)

/** A slot that a rule names, also one that did not run because the goal was disabled. */
export interface NamedSlot {
  readonly slot: number
  readonly segment: Segment
}

/** The first slot in [from, to) that the rule of its segment names; with `spread`, the first whose start is in it. */
export const slotIn = (
  segments: ReadonlyArray<Segment>,
  from: number,
  to: number,
  spread = false,
): NamedSlot | undefined => {
  for (const segment of segments) {
    const rule = segment.row.deleted ? undefined : ruleOfVersion(segment.row)
    if (rule === undefined) continue
    const moved = spread ? spreadOfVersion(segment.row.goal_instance_id, segment.row) : 0
    const [slot] = between(rule, Math.max(from - moved - 1, segment.from), Math.min(to - moved - 1, segment.to), 1)
    if (slot !== undefined) return { slot, segment }
  }
  return undefined
}

/** The last slot before an instant that was to run, by the rules that held; null when none is known. */
export const previousSlot = (segments: ReadonlyArray<Segment>, instant: number): number | null => {
  for (const { from, row, to } of segments.toReversed()) {
    const rule = row.runs ? ruleOfVersion(row) : undefined
    if (rule === undefined || from >= instant) continue
    const slot = previousBefore(rule, Math.min(instant, to + 1))
    if (slot !== undefined && slot > from) return slot
  }
  return null
}

/** The first slot after an instant that was, or is, to run; null when there is none. */
export const nextSlot = (segments: ReadonlyArray<Segment>, instant: number): number | null => {
  for (const { from, row, to } of segments) {
    const rule = row.runs ? ruleOfVersion(row) : undefined
    if (rule === undefined || to <= instant) continue
    const slot = nextAfter(rule, Math.max(instant, from))
    if (slot !== undefined && slot <= to) return slot
  }
  return null
}
