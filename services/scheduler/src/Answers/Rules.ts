/** Pure: which slots the rules of a goal's versions named, run or not. All instants are epoch ms. */
import { between, nextAfter, previousBefore } from "../Calendar.ts"
import { stretchAt } from "../Calendar/Zone.ts"
import { ruleOfVersion, type Segment, spreadOfVersion } from "../Timeline.ts"

/** A zone, or UTC in place of one that this runtime does not know: so every instant can be formatted. */
export const knownZone = (zone: string): string => {
  try {
    stretchAt(zone, 0)
    return zone
  } catch {
    return "UTC"
  }
}

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
