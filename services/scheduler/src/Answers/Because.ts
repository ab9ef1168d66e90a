/** Pure: the sentences that lead to a verdict on a slot, each from a fact that was recorded. */
import type { Verdict } from "@stint/domain/scheduler/Answers"
import { noteOf } from "../Calendar/Local.ts"
import type { Facts } from "./Facts.ts"
import { anchor, capital, LATE, ms, pauseWords, type Setting } from "./Judgement.ts"
import { ruleOfRow } from "./Segments.ts"
import { lasting, type Naming, ruleInWords, type Times } from "./Words.ts"

/** Which rule named the slot, what a clock change and the spread did to it, and that it is another rule now. */
const ruleWords = ({ run, segment, segments, slot, starts_at }: Facts, times: Times): ReadonlyArray<string> => {
  const origin = run?.run.origin ?? "schedule"
  if (segment === undefined || slot === null || (origin !== "schedule" && origin !== "backfill")) return []
  const rule = ruleOfRow(segment.row)
  if (rule === undefined) return []
  const words = ruleInWords(rule)
  const changed = segments.slice(segments.indexOf(segment) + 1).flatMap(({ from, row }) => {
    const later = row.deleted ? undefined : ruleOfRow(row)
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
const whoseRun = ({ run }: Facts, naming: Naming): ReadonlyArray<string> => {
  if (run === null || run.run.origin === "schedule") return []
  const who = run.asked_by === null ? "a person" : naming(run.asked_by)
  const what = { manual: "asked for it", trigger: "triggered it", backfill: "backfilled it" }[run.run.origin]
  const paused = run.forced ? ", also while paused" : ""
  const skipped = run.skipped_for === null ? "" : `, since it had been skipped: ${run.skipped_for}`
  return [`It is no run of the schedule: ${who} ${what}${paused}${skipped}.`]
}

/** Every attempt that did not end well. */
const attempts = (facts: Facts, times: Times): ReadonlyArray<string> =>
  (facts.run?.run.attempts ?? []).flatMap(({ attempt, ended_at, error_details, started_at }) => {
    if (error_details === null) return []
    const begun = times.brief(ms(started_at), anchor(facts))
    const ended = ended_at === null ? "" : ` and ended at ${times.brief(ms(ended_at), anchor(facts))}`
    return [`Attempt ${attempt} began at ${begun}${ended}: ${error_details.type}: ${error_details.message}.`]
  })

/** Why the first attempt of a slot began late. */
const lateness = ({ pauses, run, slot, starts_at }: Facts): ReadonlyArray<string> => {
  const begun = run?.run.attempts[0]?.started_at
  if (run === null || begun === undefined || slot === null || run.run.origin !== "schedule") return []
  const due = starts_at ?? slot
  if (ms(begun) - due <= LATE) return []
  const late = `It began ${lasting(ms(begun) - due)} after it was due`
  if (run.made_at === null || run.made_at - due > LATE) {
    return [
      pauses.length > 0
        ? `${late}: it fell due in a pause, and was caught up after it.`
        : `${late}: the scheduler did not work when it fell due, or heard of the goal late, and caught it up.`,
    ]
  }
  return [`${late}: it was taken up in time, and waited for its turn, for room, or for deliverables to answer.`]
}

/** Verdicts whose sentence tells of the pauses that last. */
const tellsOfPauses = new Set<Verdict>(["waiting", "retrying", "paused", "will_not_run"])

/** What is to be said of a slot before the verdict's own sentences, in the order in which it happened. */
export const leadingTo = ({ facts, naming, times }: Setting, verdict: Verdict): ReadonlyArray<string> =>
  facts.slot === null ? [] : [
    ...ruleWords(facts, times),
    ...whoseRun(facts, naming),
    ...facts.pauses.filter((pause) => pause.resumed_at !== null || !tellsOfPauses.has(verdict))
      .map((pause) => `${capital(pauseWords(pause, times, naming))}.`),
    ...attempts(facts, times),
    ...lateness(facts),
  ]
