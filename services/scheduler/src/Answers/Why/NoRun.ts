/** Pure: the verdict where no run is recorded of a slot, or there is no slot: the version of the goal that held decides. */
import { RETENTION } from "@stint/domain/Retention"
import { firstPassOf, noteOf } from "../../Calendar/Local.ts"
import { isUnread, ruleOfVersion, zoneOf } from "../../Timeline.ts"
import { lasting } from "../Words.ts"
import { ruleInWords } from "../../Timeline/Words.ts"
import { judged, type Judgement, lastingPauses, LATE, nameOf, pausedNow, type Setting, subjectOf } from "./Judgement.ts"

const DAY = 86_400_000

/** Why the schedule made no runs then, since when and until when. */
const stopped = ({ facts: { segment, segments }, times }: Setting): string => {
  if (segment === undefined) return "it is not known"
  let since = segment
  for (const earlier of segments.slice(0, segments.indexOf(segment)).toReversed()) {
    if (earlier.row.reason !== segment.row.reason) break
    since = earlier
  }
  let until = segment
  for (const later of segments.slice(segments.indexOf(segment) + 1)) {
    if (later.row.reason !== segment.row.reason) break
    until = later
  }
  const end = until.to === Infinity ? "" : ` until ${times.full(until.to)}`
  return `${segment.row.reason ?? "the goal is on"}, since ${times.full(since.from)}${end}`
}

const notKnown = (setting: Setting, why: string): Judgement =>
  judged("not_known", `It is not known whether ${nameOf(setting)} ran: ${why}.`)

/** What the goal does with missed slots, once it is resumed. */
const missedWords = (missed: unknown): string =>
  missed === "skip"
    ? "This goal skips missed slots: resumed over a minute after the slot was due, it does not run."
    : missed === "latest"
    ? "Of missed slots this goal runs the latest: after a resume this one runs, unless a later slot is due by then."
    : "This goal runs every missed slot, one after the other: after a resume within 24 h this one runs."

/** The verdict over a slot that a rule named, and of which nothing is recorded. */
export const whyNotRecorded = (setting: Setting, slot: number): Judgement => {
  const { facts, times } = setting
  const { now, segment, segments, undecided } = facts
  const name = nameOf(setting)
  const subject = subjectOf(setting)
  const starts = facts.starts_at ?? slot
  if (segment === undefined) return notKnown(setting, "the goal was not known here then")
  if (!segment.row.runs) {
    return slot > now
      ? judged("will_not_run", `As things stand ${name} will not run: ${stopped(setting)}.`)
      : judged("not_due", `${subject} was not due: ${stopped(setting)}.`)
  }
  const held = lastingPauses(facts).length > 0
  if (starts > now) {
    if (held) {
      return judged("will_not_run", `As things stand ${name} will not run: ${pausedNow(setting)}.`, [
        "If it is resumed before then, it runs on time.",
      ])
    }
    return judged("will_run", `${subject} will run at ${times.brief(starts, slot)}.`, [
      ...(segment.row.schedule.overlap === "skip"
        ? ["If a run of this goal is still open then, it is skipped: its overlap is skip."]
        : []),
    ])
  }
  if (undecided !== null && undecided <= slot) {
    if (held) {
      return judged("paused", `${subject} fell due while paused and is not decided yet: ${pausedNow(setting)}.`, [
        // it is judged by the goal as it stands when it is resumed
        missedWords(segments.at(-1)?.row.schedule.missed),
      ])
    }
    return judged("waiting", `${subject} is due now; the next replica that looks makes its run.`, [
      ...(now - starts > LATE
        ? [`It has been due for ${lasting(now - starts)}: no replica is running, or all are behind.`]
        : []),
    ])
  }
  if (slot < now - RETENTION.runs * DAY) {
    return notKnown(setting, `runs are kept for ${RETENTION.runs} days after their end`)
  }
  const next = segments[segments.indexOf(segment) + 1]
  if (next !== undefined) {
    const what = next.row.reason ?? "the goal was changed"
    return judged(
      "cancelled",
      `${subject} was dropped before it had begun: ${what} at ${times.full(next.from)}.`,
      ["What it dropped was not recorded."],
    )
  }
  return notKnown(setting, "the rule names it, and nothing is recorded of it")
}

/** The verdict where there is no slot at the instant. */
export const whyNoSlot = (setting: Setting): Judgement => {
  const { facts, times } = setting
  const { at, known_since, next_slot, now, previous_slot, segment } = facts
  const is = at > now ? "is" : "was"
  if (segment === undefined) {
    const since = known_since === null
      ? "the goal was never known here"
      : `the goal has been known here since ${times.full(known_since)}`
    return judged("not_known", `It is not known whether anything was due: ${since}.`, [
      `The versions of a goal are kept for ${RETENTION.goalHistory} days after the next one.`,
    ])
  }
  const { row } = segment
  if (isUnread(row)) return judged("not_known", `It is not known whether anything was due: ${row.reason}.`)
  if (row.deleted) return judged("not_due", `Nothing ${is} due: ${stopped(setting)}.`)
  const rule = ruleOfVersion(row)
  if (rule === undefined) {
    const what = `${row.frequency} in ${zoneOf(row)}`
    return judged("not_due", `Nothing ${is} due: the rule (${what}) can't be evaluated here, so it has no slots.`)
  }
  const off = row.runs ? [] : [`Besides, ${stopped(setting)}.`]
  if (rule.frequency === "on_demand") {
    return judged("not_due", `Nothing ${is} due: the goal has no schedule, it runs on demand, when a person asks.`, off)
  }
  const first = firstPassOf(rule, at)
  if (first !== undefined) {
    return judged(
      "not_due",
      `Nothing ${is} due: the local time of ${times.full(at)} came twice, and the rule (${
        ruleInWords(rule)
      }) counts it ` +
        `once, at the first, ${lasting(at - first)} before.`,
      off,
    )
  }
  const around = [
    previous_slot === null ? "there is none before it" : `the one before is ${times.full(previous_slot)}`,
    next_slot === null ? "none comes after it" : `the next is ${times.full(next_slot)}`,
  ]
  const notes = [["The one before", previous_slot], ["The next", next_slot]] as const
  return judged(
    "not_due",
    `No slot ${is} due at ${times.full(at)}: the rule ${is} ${ruleInWords(rule)}; ${around.join(", ")}.`,
    [
      ...notes.flatMap(([which, slot]) => {
        const note = slot === null ? undefined : noteOf(rule, slot)
        return note === undefined ? [] : [`${which}: ${note}.`]
      }),
      ...off,
    ],
  )
}
