/**
 * Pure: decides over a goal that was edited after a slot that is not decided. Each of its slots follows the version that held
 * at its instant, and those that have a run already are left out. What to do with them (`missed`, `overlap`) says the goal as
 * it stands.
 */
import { between, spanBetween } from "../Calendar.ts"
import { decide, defaultHorizonMs, type MissedRange } from "../Calendar/Misfire.ts"
import type { ScheduleSettings } from "@stint/domain/Schedule"
import type { GoalRow } from "../Model.ts"
import { decidedUntil, firstIn, isUnread, nextOfSlots, runningAfter, type Segment } from "../Timeline.ts"
import { AT_ONCE, type DuePlan, type Open, planDue, slotPlans } from "./Plan.ts"

/** What an edited goal did, and which of its slots have a run. */
export interface Past {
  readonly segments: ReadonlyArray<Segment>
  readonly decided: ReadonlySet<number>
}

/** A slot and the start that the spread of its version makes of it, epoch ms. */
interface Starting {
  readonly slot: number
  readonly starts: number
}

/** The undecided slots after an instant: those that are due by `now`, those too old to run or not known any more, and the first ahead of each segment. */
const undecidedAfter = (after: number, { decided, segments }: Past, now: number) => {
  const due: Array<Starting> = []
  const ahead: Array<Starting> = []
  const old: Array<MissedRange> = []
  for (const segment of runningAfter(segments, after)) {
    const { rule, spread } = segment
    const from = Math.max(after, segment.from)
    const last = Math.min(now - spread, segment.to)
    const edge = Math.min(now - spread - defaultHorizonMs - 1, last)
    const older = spanBetween(rule, from, edge)
    if (older !== undefined) old.push({ ...older, code: "too_old", reason: "older than 24 h" })
    for (const slot of between(rule, Math.max(from, edge), last, AT_ONCE + decided.size)) {
      if (!decided.has(slot)) due.push({ slot, starts: slot + spread })
    }
    const next = firstIn(segment, Math.max(from, now - spread))
    if (next !== undefined) ahead.push({ slot: next, starts: next + spread })
  }
  for (const { from, row, to } of segments) {
    const [first, last] = [Math.max(after + 1, from + 1), Math.min(now, to)]
    if (isUnread(row) && first <= last) {
      old.push({ from: first, to: last, code: "schedule_invalid", reason: row.reason! })
    }
  }
  due.sort((a, b) => a.starts - b.starts || a.slot - b.slot)
  return { due, ahead, old }
}

/** Decides over every slot of an edited goal that has fallen due by `now`. */
export const planReplanned = (goal: GoalRow, past: Past, open: Open, now: number): DuePlan => {
  const { missed = "each", overlap = "queue" } = goal.schedule as ScheduleSettings
  const after = decidedUntil(goal, now)
  const { ahead, due, old } = undecidedAfter(after, past, now)
  const starts = new Map(due.map((one) => [one.slot, one.starts]))
  const startOf = (slot: number) => starts.get(slot)!
  const decision = decide({ slots: due.slice(0, AT_ONCE).map(({ slot }) => slot), now, missed, startOf })
  const left = [...due.slice(AT_ONCE), ...ahead]
  const next = nextOfSlots(left)
  return {
    slots: slotPlans(decision, overlap, open, startOf, now),
    ranges: old,
    next,
    // what starts later leaves a slot behind that is not decided
    decided_until: Math.max(
      after,
      Math.min(
        next.next_slot === null ? now : next.next_slot - 1,
        ...runningAfter(past.segments, now).map(({ spread }) => now - spread),
        now,
      ),
    ),
  }
}

/** Decides over a goal, edited (it has a `past`) or not; one that can't be evaluated (a zone that this runtime does not know) stops. */
export const planOrStop = (goal: GoalRow, timezone: string, open: Open, now: number, past?: Past): DuePlan => {
  try {
    return past === undefined ? planDue(goal, timezone, open, now) : planReplanned(goal, past, open, now)
  } catch (error) {
    const at = goal.next_slot ?? now
    const reason = `the schedule can't be evaluated: ${error instanceof Error ? error.message : error}`
    return {
      slots: [],
      ranges: [{ from: at, to: at, code: "schedule_invalid", reason }],
      next: { next_slot: null, due_at: null },
      decided_until: at,
    }
  }
}
