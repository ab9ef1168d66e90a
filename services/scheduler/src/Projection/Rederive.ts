/**
 * Pure: when a goal falls due next, derived again. The stored instant may be one that this program does not name: it was
 * derived with other tz data, or by another version. How far the slots of a goal are decided is what is known, the next slot
 * follows from it (domain.md, "Rules: when it runs").
 */
import type { GoalRow } from "../Model.ts"
import { nextOn, ruleOfVersion, type Segment } from "../Timeline.ts"

/** How far a goal is decided and when it falls due next, as it follows now. */
export interface Derived
  extends Pick<GoalRow, "goal_instance_id" | "next_slot" | "due_at" | "decided_until" | "replan_until"> {
  /** Whether it falls due at another instant than was stored. */
  readonly moved: boolean
}

/** How far the clock that decides may be ahead. ms */
const CLOCKS_APART = 60_000

/** The row of a goal alone, as the version that always held. */
const always = (goal: GoalRow, timezone: string): ReadonlyArray<Segment> => [{
  row: { ...goal, timezone, valid_from: 0, runs: true, reason: null, deleted: false },
  from: -Infinity,
  to: Infinity,
}]

/** What is to be stored of a goal whose slots are decided until an instant; nothing where it is stored already. */
export const rederived = (
  goal: GoalRow,
  timezone: string,
  decided_until: number,
  versions: ReadonlyArray<Segment>,
  now: number,
): ReadonlyArray<Derived> => {
  // what can't be evaluated stays as it is: when it falls due, that is recorded
  if (ruleOfVersion({ ...goal, timezone }) === undefined) return []
  const next = nextOn(versions.length === 0 ? always(goal, timezone) : versions, decided_until)
  const moved = next.next_slot !== goal.next_slot || next.due_at !== goal.due_at
  if (!moved && goal.decided_until !== null) return []
  return [{
    goal_instance_id: goal.goal_instance_id,
    ...next,
    decided_until,
    // some of the slots since then may have been decided by a version that did not say so
    replan_until: moved ? Math.max(now + CLOCKS_APART, goal.replan_until ?? 0) : goal.replan_until,
    moved,
  }]
}
