/** Pure: decides over the slots of one goal that have fallen due (domain.md, "Rules: when it runs"). */
import type { Overlap, ScheduleSettings } from "@stint/domain/Schedule"
import { between, nextAfter, spanBetween } from "../Calendar.ts"
import {
  decide,
  type Decision,
  defaultGraceMs,
  defaultHorizonMs,
  type MissedRange,
  type Skip,
} from "../Calendar/Misfire.ts"
import { spreadOf } from "../Calendar/Spread.ts"
import type { GoalRow, NewRun } from "../Model.ts"
import { type Next, ruleOfGoal } from "../Timeline.ts"

/** A decision on one slot. */
export interface SlotPlan {
  /** The nominal instant, epoch ms. */
  readonly slot: number
  /** The slot moved by the goal's spread: when it should start, epoch ms. */
  readonly due_at: number
  /** claimable: it may start; waits: for the runs of its goal before it; skipped: never, for the reason in `skip`. */
  readonly outcome: "claimable" | "waits" | "skipped"
  readonly serial: boolean
  readonly caught_up: boolean
  readonly skip?: Skip
}

/** What is decided for a goal. */
export interface DuePlan {
  readonly slots: ReadonlyArray<SlotPlan>
  /** Slots that are never run, recorded as ranges. */
  readonly ranges: ReadonlyArray<MissedRange>
  readonly next: Next
  /** Every slot up to it is decided now, epoch ms. */
  readonly decided_until: number
}

/** The open serial runs of a goal: all, and those that wait for their turn (caught-up ones do not count). */
export interface Open {
  readonly serial: number
  readonly waiting: number
}

/** Whether a slot that is to run may start, as `overlap` has it. */
export interface Turn {
  readonly outcome: SlotPlan["outcome"]
  readonly serial: boolean
  readonly skip?: Skip
}

const anyTurn: Turn = { outcome: "claimable", serial: false }
const firstTurn: Turn = { outcome: "claimable", serial: true }
const laterTurn: Turn = { outcome: "waits", serial: true }
const skippedTurn = (skip: Skip): Turn => ({ outcome: "skipped", serial: false, skip })
const openRun = skippedTurn({ code: "overlap_open", reason: "overlap: a run of this goal is open" })
const waitingRun = skippedTurn({ code: "overlap_waiting", reason: "overlap: a run of this goal waits already" })

/** Overlap, judged when a slot falls due: slots that are caught up wait for their turn, whatever waits already. */
export const turnOf = (overlap: Overlap, { serial, waiting }: Open, caught_up: boolean): Turn => {
  if (overlap === "parallel") return anyTurn
  if (serial === 0) return firstTurn
  if (caught_up) return laterTurn
  return overlap === "skip" ? openRun : waiting > 0 ? waitingRun : laterTurn
}

/** The run of a slot that was decided over at an instant (epoch ms). */
export const runOfSlot = (
  goal: Pick<GoalRow, "goal_instance_id" | "hired_instance_id" | "customer_id">,
  { caught_up, due_at, outcome, serial, skip, slot }: SlotPlan,
  scheduled_run_id: NewRun["scheduled_run_id"],
  now: number,
): NewRun => ({
  scheduled_run_id,
  goal_instance_id: goal.goal_instance_id,
  hired_instance_id: goal.hired_instance_id,
  customer_id: goal.customer_id,
  slot,
  origin: "schedule",
  request_id: null,
  run_metadata: {},
  ...(skip === undefined
    ? { queue: { serial, caught_up, forced: false, due_at, claimable_at: outcome === "waits" ? null : now } }
    : { cancelled: { code: skip.code, words: skip.reason } }),
})

/** What a goal does with what it missed, and while a run of it is open: as it stands when a slot is decided. */
const settingsOf = (goal: Pick<GoalRow, "schedule">) => goal.schedule as ScheduleSettings

/** The plans of the slots that a decision skips and runs, in its order. Slots start when `startOf` says; all epoch ms. */
export const slotPlans = (
  { run, skipped }: Decision,
  overlap: Overlap,
  open: Open,
  startOf: (slot: number) => number,
  now: number,
): ReadonlyArray<SlotPlan> => {
  let { serial, waiting } = open
  const slots: Array<SlotPlan> = skipped.map(({ code, reason, slot }) => ({
    slot,
    due_at: startOf(slot),
    outcome: "skipped",
    serial: false,
    caught_up: false,
    skip: { code, reason },
  }))
  for (const slot of run) {
    const caught_up = startOf(slot) < now - defaultGraceMs
    const turn = turnOf(overlap, { serial, waiting }, caught_up)
    slots.push({ slot, due_at: startOf(slot), caught_up, ...turn })
    if (!turn.serial) continue
    if (serial > 0 && !caught_up) waiting++
    serial++
  }
  return slots
}

/** How many slots of one goal are decided at once; a day of a minute's cron fits. */
export const AT_ONCE = 2000

/** Decides over every slot of a goal from `next_slot` on that has fallen due by `now`; the goal's row alone says what they are. */
export const planDue = (goal: GoalRow, timezone: string, open: Open, now: number): DuePlan => {
  const { missed = "each", overlap = "queue", spread_seconds = 0 } = settingsOf(goal)
  const first = goal.next_slot
  if (first === null) return { slots: [], ranges: [], next: { next_slot: null, due_at: null }, decided_until: now }
  const rule = ruleOfGoal(goal, timezone)
  // lateness counts from the start that the spread makes of a slot, not from the slot
  const spread = spreadOf(goal.goal_instance_id, spread_seconds)
  const until = now - spread
  const horizon = until - defaultHorizonMs
  const older = first < horizon ? spanBetween(rule, first - 1, horizon - 1) : undefined
  const due = between(rule, Math.max(first, horizon) - 1, until, AT_ONCE)
  const startOf = (slot: number) => slot + spread
  const decision = decide({ slots: due, older, now, missed, startOf })
  const decided_until = Math.max(goal.decided_until ?? -Infinity, due.length < AT_ONCE ? until : due.at(-1)!)
  const slot = nextAfter(rule, decided_until)
  return {
    slots: slotPlans(decision, overlap, open, startOf, now),
    ranges: decision.range === undefined ? [] : [decision.range],
    next: slot === undefined ? { next_slot: null, due_at: null } : { next_slot: slot, due_at: startOf(slot) },
    decided_until,
  }
}
