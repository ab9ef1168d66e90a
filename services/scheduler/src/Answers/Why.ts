/**
 * Pure: why a goal ran, or did not run, at an instant. What was recorded decides first: a run, then a missed range, then an
 * execution whose run was removed. Only where nothing was recorded does the rule that held decide.
 */
import type { Facts } from "./Facts.ts"
import type { DroppedRange, MissedRange } from "./Row.ts"
import { zoneOf } from "../Timeline.ts"
import { reasonsBefore } from "./Why/Because.ts"
import { judged, type Judgement, type Setting, subjectOf } from "./Why/Judgement.ts"
import { whyNoSlot, whyNotRecorded } from "./Why/NoRun.ts"
import { whyOldExecution, whyRun } from "./Why/Run.ts"
import { timesOf } from "./Words.ts"
import type { Naming } from "../Names.ts"

const whyMissed = (setting: Setting, { from, reason, reason_code, recorded_at, to }: MissedRange): Judgement => {
  const { times } = setting
  const range = from === to
    ? `the slot of ${times.full(from)}`
    : `the slots from ${times.full(from)} to ${times.full(to)}`
  const why = reason_code === "too_old" ? "noticed over 24 h late, it is not run any more" : reason
  return judged("missed", `${subjectOf(setting)} was missed: ${why}.`, [
    `Recorded at ${times.full(recorded_at)} for ${range}: ${reason}.`,
  ])
}

const whyDropped = (setting: Setting, { from, reason, recorded_at, to }: DroppedRange): Judgement => {
  const { times } = setting
  return judged("cancelled", `${subjectOf(setting)} was dropped before it had begun: ${reason}.`, [
    from === to
      ? `Recorded at ${times.full(recorded_at)}.`
      : `Recorded at ${times.full(recorded_at)} for the slots from ${times.full(from)} to ${times.full(to)}.`,
  ])
}

const verdictOf = (setting: Setting): Judgement => {
  const { facts } = setting
  if (facts.run !== null) return whyRun(setting, facts.run)
  if (facts.missed !== null && facts.slot !== null) return whyMissed(setting, facts.missed)
  if (facts.dropped !== null && facts.slot !== null) return whyDropped(setting, facts.dropped)
  if (facts.old !== null) return whyOldExecution(setting, facts.old)
  return facts.slot === null ? whyNoSlot(setting) : whyNotRecorded(setting, facts.slot)
}

/** A sentence with one full stop: recorded words may end with their own. */
const withFullStop = (text: string) => text.replace(/[.\s]*$/, ".")

/** The verdict, its sentence and the reasons. Total: every combination of facts has one. */
export const why = (facts: Facts, naming: Naming): Judgement => {
  const { row } = facts.segment ?? facts.segments[0] ?? {}
  const setting = { facts, naming, times: timesOf(row === undefined ? "UTC" : zoneOf(row)) }
  const { because, sentence, verdict } = verdictOf(setting)
  return {
    verdict,
    sentence: withFullStop(sentence),
    because: [...reasonsBefore(setting, verdict), ...because].map(withFullStop),
  }
}
