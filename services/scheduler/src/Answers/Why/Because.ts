/** Pure: the reasons that stand before a verdict's own, each from a recorded fact. */
import type { Verdict } from "@stint/domain/scheduler/Answers"
import { noteOf } from "../../Calendar/Local.ts"
import { attemptsOf } from "../../Runs/Row.ts"
import type { Facts } from "../Facts.ts"
import { ruleOfVersion } from "../../Timeline.ts"
import { lasting, type Times } from "../Words.ts"
import { capital, ruleInWords } from "../../Timeline/Words.ts"
import { anchor, LATE, pauseWords, type Setting } from "./Judgement.ts"

/** The rule that named the slot, the effect of a clock change and of the spread, and how the rule was changed since. */
const ruleReasons = ({ run, segment, segments, slot, starts_at }: Facts, times: Times): ReadonlyArray<string> => {
  const origin = run?.run.origin ?? "schedule"
  if (segment === undefined || slot === null || (origin !== "schedule" && origin !== "backfill")) return []
  const rule = ruleOfVersion(segment.row)
  if (rule === undefined) return []
  const words = ruleInWords(rule)
  const changed = segments.slice(segments.indexOf(segment) + 1).flatMap(({ from, row }) => {
    const later = row.deleted ? undefined : ruleOfVersion(row)
    return later === undefined || ruleInWords(later) === words ? [] : [{ from, words: ruleInWords(later) }]
  })[0]
  const note = noteOf(rule, slot)
  return [
    changed === undefined
      ? `The rule is ${words}.`
      : `At that time the rule was ${words}; it was changed to ${changed.words} at ${times.full(changed.from)}.`,
    ...(note === undefined ? [] : [`${capital(note)}.`]),
    ...(starts_at !== null && starts_at > slot
      ? [`Its spread starts it ${lasting(starts_at - slot)} after its slot, at ${times.brief(starts_at, slot)}.`]
      : []),
  ]
}

/** Who asked for a run that the schedule did not make. */
const originReason = ({ facts: { run }, naming }: Setting): ReadonlyArray<string> => {
  if (run === null || run.run.origin === "schedule") return []
  const who = run.asked_by === null ? "a person" : naming(run.asked_by)
  const what = { manual: "asked for it", trigger: "triggered it", backfill: "backfilled it" }[run.run.origin]
  const paused = run.forced ? ", also while paused" : ""
  const skipped = run.skipped_for === null ? "" : `, since it had been skipped: ${run.skipped_for}`
  return [`It is no run of the schedule: ${who} ${what}${paused}${skipped}.`]
}

/** Every failed attempt. */
const attemptReasons = ({ facts, times }: Setting): ReadonlyArray<string> =>
  (facts.run?.run.failed_attempts ?? []).map(({ attempt, ended_at, error_details, started_at }) => {
    const begun = times.brief(started_at, anchor(facts))
    const ended = times.brief(ended_at, anchor(facts))
    return `Attempt ${attempt} began at ${begun} and ended at ${ended}: ${error_details.type}: ${error_details.message}.`
  })

/** Why the first attempt of a slot began late. */
const latenessReason = ({ pauses, run, slot, starts_at }: Facts): ReadonlyArray<string> => {
  const begun = run === null ? undefined : attemptsOf(run.run)[0]?.started_at
  if (run === null || begun === undefined || slot === null || run.run.origin !== "schedule") return []
  const due = starts_at ?? slot
  if (begun - due <= LATE) return []
  const late = `It began ${lasting(begun - due)} after it was due`
  if (run.made_at !== null && run.made_at - due <= LATE) {
    return [`${late}: its run was made in time, and waited for an earlier run, for room, or for deliverables.`]
  }
  return [
    pauses.length > 0
      ? `${late}: it fell due in a pause, and was caught up after it.`
      : `${late}: the scheduler was down when it fell due, or received the goal late, and caught it up.`,
  ]
}

/** Verdicts whose sentence names the lasting pauses itself. */
const namesPauses = new Set<Verdict>(["waiting", "retrying", "paused", "will_not_run"])

/** The reasons before the verdict's own, in the order in which they happened. */
export const reasonsBefore = (setting: Setting, verdict: Verdict): ReadonlyArray<string> => {
  const { facts, naming, times } = setting
  return facts.slot === null ? [] : [
    ...ruleReasons(facts, times),
    ...originReason(setting),
    ...facts.pauses.filter((pause) => pause.resumed_at !== null || !namesPauses.has(verdict))
      .map((pause) => `${capital(pauseWords(pause, times, naming))}.`),
    ...attemptReasons(setting),
    ...latenessReason(facts),
  ]
}
