/**
 * Pure: facts to a verdict and its sentences. What was recorded goes before what is computed: a run, then a range that
 * was missed, then an execution that outlived its run; only where nothing is recorded does the rule that held speak.
 */
import { leadingTo } from "./Because.ts"
import type { Facts } from "./Facts.ts"
import { judged, type Judgement, type Kept, type Setting, subjectOf } from "./Judgement.ts"
import { ofNoSlot, ofUnrecorded } from "./OfRule.ts"
import { ofOldExecution, ofRun } from "./OfRun.ts"
import { zoneOf } from "./Segments.ts"
import { type Naming, timesOf } from "./Words.ts"

const ofMissed = (
  setting: Setting,
  { from, reason, reason_code, recorded_at, to }: NonNullable<Facts["missed"]>,
): Judgement => {
  const { times } = setting
  const range = from === to ? times.full(from) : `those from ${times.full(from)} to ${times.full(to)}`
  const why = reason_code === "too_old" ? "noticed over 24 h late, it is not run any more" : reason
  return judged("missed", `${subjectOf(setting)} was missed: ${why}.`, [
    `Recorded at ${times.full(recorded_at)} of ${range}: ${reason}.`,
  ])
}

const verdictOf = (setting: Setting): Judgement => {
  const { facts } = setting
  if (facts.run !== null) return ofRun(setting, facts.run)
  if (facts.missed !== null) return ofMissed(setting, facts.missed)
  if (facts.old !== null) return ofOldExecution(setting, facts.old)
  return facts.slot === null ? ofNoSlot(setting) : ofUnrecorded(setting, facts.slot)
}

/** A sentence with one full stop: recorded words may bring their own. */
const whole = (text: string) => text.replace(/[.\s]*$/, ".")

/** The answer. Total: every combination of facts has one. */
export const judge = (facts: Facts, naming: Naming, kept: Kept): Judgement => {
  const zone = facts.segment ?? facts.segments[0]
  const setting = { facts, naming, kept, times: timesOf(zone === undefined ? "UTC" : zoneOf(zone.row)) }
  const { because, sentence, verdict } = verdictOf(setting)
  const [said, ...led] = [sentence, ...leadingTo(setting, verdict), ...because].map(whole)
  return { verdict, sentence: said!, because: led }
}
