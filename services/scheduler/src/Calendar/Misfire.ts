/** Misfires: what to do with slots that are noticed late, because the scheduler was down or paused (domain.md). */
import type { Missed } from "@stint/domain/Schedule"
import type { MissedCode, SkipCode } from "@stint/domain/scheduler/ReasonCodes"
import type { SlotSpan } from "../Calendar.ts"

/** A slot noticed within this of its instant is on time. ms */
export const defaultGraceMs = 60_000

/** Missed slots older than this are recorded, not run. ms */
export const defaultHorizonMs = 24 * 3_600_000

/** Why a slot does not run: the code that decides, and the words for people. */
export interface Skip {
  readonly code: SkipCode
  readonly reason: string
}

const superseded: Skip = { code: "missed_superseded", reason: "missed: a later slot runs instead" }
const skipped: Skip = { code: "missed_skipped", reason: "missed: the goal skips missed slots" }

/** Slots that are recorded as one range and never run. */
export interface MissedRange {
  readonly from: number
  readonly to: number
  readonly code: MissedCode
  readonly reason: string
}

/** What to do with the due slots of one goal. */
export interface Decision {
  /** Slots to run, oldest first. */
  readonly run: ReadonlyArray<number>
  readonly skipped: ReadonlyArray<Skip & { readonly slot: number }>
  /** Slots that are too old, as one entry. */
  readonly range?: MissedRange
}

const joined = (older: SlotSpan | undefined, slots: ReadonlyArray<number>): SlotSpan | undefined =>
  slots.length === 0 ? older : { from: older?.from ?? slots[0]!, to: slots[slots.length - 1]! }

/**
 * Decides over the due slots of one goal (epoch ms, oldest first, all at or before `now`). One within `graceMs` of its
 * instant always runs. Of the missed ones `each` runs every one, `latest` the last unless a slot on time runs instead,
 * `skip` none; those older than `horizonMs` are one range under every policy. `older` is such a range that the caller
 * has found already (with `spanBetween`), so that a long absence need not be held slot by slot. `startOf`: when a slot
 * starts, if not at its instant; lateness counts from there.
 */
export const decide = (due: {
  readonly slots: ReadonlyArray<number>
  readonly older?: SlotSpan | undefined
  readonly now: number
  readonly missed: Missed
  readonly graceMs?: number | undefined
  readonly horizonMs?: number | undefined
  readonly startOf?: (slot: number) => number
}): Decision => {
  const { graceMs = defaultGraceMs, horizonMs = defaultHorizonMs, missed, now, startOf = (slot) => slot } = due
  // nearly always there is one, on time
  if (
    due.slots.length === 1 && due.older === undefined && startOf(due.slots[0]!) >= now - Math.min(graceMs, horizonMs)
  ) {
    return { run: due.slots, skipped: [] }
  }
  const old = due.slots.filter((slot) => startOf(slot) < now - horizonMs)
  const late = due.slots.filter((slot) => startOf(slot) >= now - horizonMs && startOf(slot) < now - graceMs)
  const onTime = due.slots.filter((slot) => startOf(slot) >= now - horizonMs && startOf(slot) >= now - graceMs)
  const caughtUp = missed === "each" ? late : missed === "latest" && onTime.length === 0 ? late.slice(-1) : []
  const skip = missed === "latest" ? superseded : skipped
  const range = joined(due.older, old)
  return {
    run: [...caughtUp, ...onTime],
    skipped: late.slice(0, late.length - caughtUp.length).map((slot) => ({ slot, ...skip })),
    ...(range === undefined ? {} : { range: { ...range, code: "too_old" as const, reason: "older than 24 h" } }),
  }
}
