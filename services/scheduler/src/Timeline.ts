/**
 * Pure: which version of a goal held when, and which slots its rules named. A slot belongs to the version that held at its
 * instant: an edit decides over the slots after it, whenever it is read, and over none before. All instants are epoch ms.
 */
import { type Rule, ruleOf, type ScheduleSettings } from "@stint/domain/Schedule"
import { between, nextAfter, previousBefore } from "./Calendar.ts"
import { spreadOf } from "./Calendar/Spread.ts"
import { stretchAt } from "./Calendar/Zone.ts"
import type { GoalRow, GoalVersion } from "./Model.ts"

/** The fields of a goal that make its rule. */
export type Ruled = Pick<GoalVersion, "frequency" | "schedule" | "default_at" | "timezone">

/** A version of a goal and the slots that it governs: those after `from`, up to `to`. */
export interface Segment {
  readonly row: GoalVersion
  readonly from: number
  readonly to: number
}

/** When a goal falls due next: the slot, and the start that its spread makes of it; null for never. */
export interface Next {
  readonly next_slot: number | null
  readonly due_at: number | null
}

const never: Next = { next_slot: null, due_at: null }

const settingsOf = (goal: Pick<GoalRow, "schedule">) => goal.schedule as ScheduleSettings

/** The rule of a projected goal in its hire's zone. Throws for a cron goal without an expression. */
export const ruleOfGoal = (goal: Pick<GoalRow, "frequency" | "schedule" | "default_at">, timezone: string): Rule =>
  ruleOf({
    frequency: goal.frequency,
    schedule: settingsOf(goal),
    defaultTimezone: timezone,
    ...(goal.default_at === null ? {} : { defaultAt: goal.default_at }),
  })

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

/** The same for what decides: what was before the first version that is known followed it as well. */
export const timelineOf = (rows: ReadonlyArray<GoalVersion>): ReadonlyArray<Segment> =>
  segmentsOf(rows).map((segment, nth) => nth === 0 ? { ...segment, from: -Infinity } : segment)

/** Why a version that can't be read made no runs. */
const UNREAD = "what held of the goal then can't be read; the scheduler's log says why"

/** What stands for a version that can't be read: nothing is known of it, so it makes no runs. */
export const unreadVersion = (
  known: Pick<GoalVersion, "goal_instance_id" | "hired_instance_id" | "customer_id" | "valid_from">,
): GoalVersion => ({
  ...known,
  frequency: "on_demand",
  schedule: {},
  default_at: null,
  timezone: "UTC",
  runs: false,
  reason: UNREAD,
  deleted: false,
})

/** Whether it stands for a version that can't be read. */
export const isUnread = ({ reason }: Pick<GoalVersion, "reason">): boolean => reason === UNREAD

/** The segment that governs an instant; undefined before the first. */
export const segmentAt = (segments: ReadonlyArray<Segment>, instant: number): Segment | undefined =>
  segments.find((one) => instant > one.from && instant <= one.to)

/** A segment that makes runs, with its rule and its spread. */
export interface Running extends Segment {
  readonly rule: Rule
  readonly spread: number
}

/** The segments that make runs of slots after an instant. */
export const runningAfter = (segments: ReadonlyArray<Segment>, after: number): ReadonlyArray<Running> =>
  segments.flatMap((segment) => {
    if (!segment.row.runs || segment.to <= after) return []
    const rule = ruleOfVersion(segment.row)
    return rule === undefined
      ? []
      : [{ ...segment, rule, spread: spreadOfVersion(segment.row.goal_instance_id, segment.row) }]
  })

/** The first slot of a segment after an instant; undefined when it has none. */
export const firstIn = ({ from, rule, to }: Running, after: number): number | undefined => {
  const slot = nextAfter(rule, Math.max(after, from))
  return slot === undefined || slot > to ? undefined : slot
}

/** The earlier of both slots and of both starts: with several spreads, a later slot may start first. */
const earlier = (a: Next, slot: number, starts: number): Next => ({
  next_slot: Math.min(a.next_slot ?? Infinity, slot),
  due_at: Math.min(a.due_at ?? Infinity, starts),
})

/** When a goal falls due next, given until when its slots are decided. */
export const nextOn = (segments: ReadonlyArray<Segment>, decided_until: number): Next =>
  runningAfter(segments, decided_until).reduce((next, segment) => {
    const slot = firstIn(segment, decided_until)
    return slot === undefined ? next : earlier(next, slot, slot + segment.spread)
  }, never)

/** The earliest of undecided slots, each with its start. */
export const nextOfSlots = (slots: Iterable<{ readonly slot: number; readonly starts: number }>): Next => {
  let next = never
  for (const { slot, starts } of slots) next = earlier(next, slot, starts)
  return next
}

/** The last slot in (after, until] that was to run; undefined when there is none. */
export const lastOn = (segments: ReadonlyArray<Segment>, after: number, until: number): number | undefined => {
  for (const { from, rule, to } of runningAfter(segments, after).toReversed()) {
    if (from >= until) continue
    const slot = previousBefore(rule, Math.min(until, to) + 1)
    if (slot !== undefined && slot > Math.max(from, after)) return slot
  }
  return undefined
}

/** Whether the version that held at an instant named it and made a run of it. */
export const isNamed = (segments: ReadonlyArray<Segment>, slot: number): boolean => {
  const segment = segmentAt(segments, slot)
  if (segment === undefined || !segment.row.runs) return false
  const rule = ruleOfVersion(segment.row)
  return rule !== undefined && between(rule, slot - 1, slot, 1).length > 0
}

/** What of a version its slots hang on. `missed` and `overlap` are not among it: they are judged as a slot is decided. */
const slotsOf = (version: GoalVersion): string =>
  version.runs
    ? JSON.stringify([
      ruleOfVersion(version) ?? [version.frequency, version.schedule, version.default_at, version.timezone],
      settingsOf(version).spread_seconds ?? 0,
    ])
    : ""

/** Whether two versions make runs of the same slots, started at the same instants. */
export const haveSameSlots = (a: GoalVersion, b: GoalVersion): boolean => slotsOf(a) === slotsOf(b)

/** Until when a goal's slots are decided; `otherwise` for one that has none to come and does not know. */
export const decidedUntil = (
  { decided_until, next_slot }: Pick<GoalRow, "decided_until" | "next_slot">,
  otherwise: number,
): number => decided_until ?? (next_slot === null ? otherwise : next_slot - 1)

/** Whether a goal was edited after a slot that is not decided: its slots follow its versions, and not its row alone. */
export const isReplanned = (
  { decided_until, replan_until }: Pick<GoalRow, "decided_until" | "replan_until">,
): boolean => replan_until !== null && (decided_until === null || decided_until < replan_until)
