/** Pure: the sentences that lead to a verdict, each from a fact that was recorded. */
import { DateTime } from "effect"
import { noteOf } from "../Calendar/Local.ts"
import type { Facts } from "./Facts.ts"
import type { Pause } from "./Pauses.ts"
import { ruleOfRow } from "./Segments.ts"
import { lasting, type Naming, ruleInWords, type Times } from "./Words.ts"

const ms = DateTime.toEpochMillis

const capital = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

/** How late a start may be before it is worth a sentence, in ms. */
const LATE = 60_000

/** A pause: what, by whom, since when, why, and to when. */
export const pauseWords = (
  { paused_at, paused_by, reason, resumed_at, resumed_by, scope }: Pause,
  times: Times,
  naming: Naming,
  verb: "is" | "was",
  begin = false,
): string => {
  const what = scope.hired_instance_id !== undefined
    ? `the hired agent ${scope.hired_instance_id}`
    : scope.customer_id !== undefined
    ? `the customer ${scope.customer_id}`
    : "all of the scheduler"
  const why = reason === null ? "" : ` (${reason})`
  const end = resumed_at === null
    ? ""
    : ` to ${times.full(resumed_at)}${resumed_by === null ? "" : `, when ${naming(resumed_by)} resumed it`}`
  const since = resumed_at === null ? "since" : "from"
  return `${begin ? capital(what) : what} ${verb} paused by ${naming(paused_by)}${why} ${since} ${
    times.full(paused_at)
  }${end}`
}

/** Which rule named the slot, what a clock change and the spread did to it, and that it is another rule now. */
export const ruleHistory = (facts: Facts, times: Times): ReadonlyArray<string> => {
  const { run, segment, segments, slot, starts_at } = facts
  if (segment === undefined || slot === null || (run !== null && run.run.origin !== "schedule")) return []
  const rule = ruleOfRow(segment.row)
  if (rule === undefined) return []
  const next = segments[segments.indexOf(segment) + 1]
  const changed = next === undefined || next.row.deleted ? undefined : ruleOfRow(next.row)
  const words = ruleInWords(rule)
  const now = changed === undefined || ruleInWords(changed) === words
    ? `The rule is ${words}.`
    : `At that time the rule was ${words}; it was changed to ${ruleInWords(changed)} at ${times.full(next!.from)}.`
  const note = noteOf(rule, slot)
  return [
    now,
    ...(note === undefined ? [] : [`${capital(note)}.`]),
    ...(starts_at !== null && starts_at > slot
      ? [`Its spread starts it ${lasting(starts_at - slot)} after its slot, at ${times.brief(starts_at, slot)}.`]
      : []),
  ]
}

/** Who asked for a run that the schedule did not make. */
export const whoseRun = ({ run }: Facts, naming: Naming, times: Times): ReadonlyArray<string> => {
  if (run === null || run.run.origin === "schedule") return []
  const { origin, scheduled_time } = run.run
  const who = run.asked_by === null ? "a person" : naming(run.asked_by)
  const what = origin === "manual" ? "asked for it" : origin === "trigger" ? "triggered it" : "backfilled it"
  return [
    `It is no run of the schedule: ${who} ${what}, for ${times.full(ms(scheduled_time))}${
      run.forced ? ", also while paused" : ""
    }.`,
  ]
}

/** Every attempt that did not end well. */
export const attemptsOf = ({ at, run, slot }: Facts, times: Times): ReadonlyArray<string> =>
  (run?.run.attempts ?? []).flatMap(({ attempt, ended_at, error_details, started_at }) => {
    if (error_details === null) return []
    const ended = ended_at === null ? "" : ` and ended at ${times.brief(ms(ended_at), slot ?? at)}`
    return [
      `Attempt ${attempt} began at ${
        times.brief(ms(started_at), slot ?? at)
      }${ended}: ${error_details.type}: ${error_details.message}.`,
    ]
  })

/** That the first attempt began late. */
export const lateness = ({ run, slot, starts_at }: Facts): ReadonlyArray<string> => {
  const begun = run?.run.attempts[0]?.started_at
  if (begun === undefined || slot === null || run!.run.origin !== "schedule") return []
  const late = ms(begun) - (starts_at ?? slot)
  return late > LATE ? [`It began ${lasting(late)} after it was due: its slot was missed and caught up.`] : []
}
