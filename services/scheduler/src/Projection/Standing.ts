/** Pure: what becomes of a goal's slots when a version begins (domain.md, "Rules: hires and goals"). Instants are epoch ms. */
import type { DropCode } from "@stint/domain/scheduler/ReasonCodes"
import type { GoalRow, GoalVersion } from "../Model.ts"
import {
  decidedUntil,
  haveSameSlots,
  isNamed,
  lastOn,
  type Next,
  nextOn,
  type Segment,
  timelineOf,
} from "../Timeline.ts"
import { ruleWords } from "../Timeline/Words.ts"
import type { Begun } from "./History.ts"

/** Slots that were to run and were dropped before they were decided. */
export interface Dropped {
  readonly goal_instance_id: string
  readonly from_slot: number
  readonly to_slot: number
  readonly reason_code: DropCode
  readonly reason: string
}

/** How far the slots of a goal are decided, and which is next. */
export type Standing = Next & Pick<GoalRow, "decided_until" | "replan_until">

/** What a version changes. */
export interface Revision {
  readonly standing: Standing
  readonly dropped: ReadonlyArray<Dropped>
  /** Where it begins to make other slots than before; undefined when it makes the same. */
  readonly since?: number
}

/** How far the clock that decides may be ahead of the one that reads an edit. ms */
const CLOCKS_APART = 60_000

const never: Next = { next_slot: null, due_at: null }

/** Why a version stopped the schedule. */
const stopCode = ({ version }: Begun, enabled: boolean): DropCode =>
  version.deleted ? "goal_deleted" : enabled ? "hire_not_runnable" : "goal_disabled"

/** What stops drops what was due and is not decided: in a pause, in its spread, or not looked at yet. */
const stopped = (old: GoalRow, begun: Begun, segments: ReadonlyArray<Segment>, enabled: boolean): Revision => {
  const { goal_instance_id, reason, valid_from } = begun.version
  const after = decidedUntil(old, valid_from)
  const { next_slot } = nextOn(segments, after)
  const last = next_slot === null || next_slot > valid_from ? undefined : lastOn(segments, after, valid_from)
  return {
    standing: { ...never, decided_until: Math.max(after, valid_from), replan_until: null },
    dropped: next_slot === null || last === undefined ? [] : [{
      goal_instance_id,
      from_slot: next_slot,
      to_slot: last,
      reason_code: stopCode(begun, enabled),
      reason: reason ?? "",
    }],
  }
}

/** An edit keeps what was due before it, by the version that held then; the slot that was to come next is dropped if it is none any more. */
const edited = (old: GoalRow, { before, earlier, version }: Begun, now: number): Revision => {
  const { goal_instance_id, valid_from } = version
  const segments = timelineOf([...earlier, version])
  const after = before?.runs === true ? Math.min(decidedUntil(old, valid_from), valid_from) : valid_from
  const planned = before?.runs === true ? nextOn(timelineOf(earlier), Math.max(valid_from, after)).next_slot : null
  const words = before === undefined ? "" : `from ${ruleWords(before)} to ${ruleWords(version)}`
  return {
    standing: {
      ...nextOn(segments, after),
      decided_until: after,
      replan_until: Math.max(now + CLOCKS_APART, valid_from),
    },
    dropped: planned === null || isNamed(segments, planned) ? [] : [{
      goal_instance_id,
      from_slot: planned,
      to_slot: planned,
      reason_code: "schedule_changed",
      reason: `its schedule was changed ${words}`,
    }],
    since: valid_from,
  }
}

/** What a version of a known goal changes; `now` bounds the slots that may have been decided before it was read. */
export const revisionOf = (old: GoalRow, begun: Begun, enabled: boolean, now: number): Revision => {
  const { before, earlier, version } = begun
  const { decided_until, due_at, next_slot, replan_until } = old
  if (before !== undefined && haveSameSlots(before, version)) {
    return { standing: { decided_until, due_at, next_slot, replan_until }, dropped: [] }
  }
  return version.runs ? edited(old, begun, now) : stopped(old, begun, timelineOf(earlier), enabled)
}

/** Where a goal begins that was not known: with the slots after the instant at which it was written. */
export const beginning = (versions: ReadonlyArray<GoalVersion>, written: number): Standing => ({
  ...nextOn(timelineOf(versions), written),
  decided_until: written,
  replan_until: null,
})
