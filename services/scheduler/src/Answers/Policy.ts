/**
 * Pure: facts to a verdict and its sentences. What was recorded goes before what is computed: a run, then a range that
 * was missed, then an execution that outlived its run; only where nothing is recorded does the rule that held speak.
 */
import type { Verdict } from "@stint/domain/Answers"
import { DateTime } from "effect"
import { firstPassOf, noteOf } from "../Calendar/Local.ts"
import { classify } from "../Engine/Classify.ts"
import type { Facts, RunFacts } from "./Facts.ts"
import { attemptsOf, lateness, pauseWords, ruleHistory, whoseRun } from "./Because.ts"
import { ruleOfRow, zoneOf } from "./Segments.ts"
import { lasting, type Naming, ruleInWords, type Times, timesOf } from "./Words.ts"

/** A verdict, the answer in one sentence, and what led to it. */
export interface Judgement {
  readonly verdict: Verdict
  readonly sentence: string
  readonly because: ReadonlyArray<string>
}

/** For how many days a run is kept after its end, and what a goal did after it changed (Retention). */
export interface Kept {
  readonly runs: number
  readonly history: number
}

interface Setting {
  readonly facts: Facts
  readonly times: Times
  readonly naming: Naming
  readonly kept: Kept
}

const DAY = 86_400_000
/** How late a start may be before it is told why. ms */
const LATE = 60_000

const skipped = /^(overlap|missed): /

const ms = DateTime.toEpochMillis

/** Every pause that lasts now. */
const lastingPauses = ({ now, pauses }: Facts) =>
  pauses.filter((pause) => pause.resumed_at === null && pause.paused_at <= now)

/** `all of the scheduler is paused, by olga since 09:00 (deploy)` of the pauses that last. */
const pausedNow = ({ facts, naming, times }: Setting): string =>
  lastingPauses(facts).map((pause) => pauseWords(pause, times, naming, "is")).join("; and ")

/** The words of a cancelled run, without an operator's name where it may not be told. */
export const reasonFor = (facts: Facts, naming: Naming): string => {
  const reason = facts.run?.run.reason ?? "no reason was recorded"
  const cancel = facts.lines.find((line) =>
    line.action === "run_cancel" && line.action_metadata.scheduled_run_id === facts.run?.run.scheduled_run_id
  )
  if (cancel === undefined || !reason.startsWith(`cancelled by ${cancel.operator}`)) return reason
  return `cancelled by ${naming(cancel.operator)}${reason.slice(`cancelled by ${cancel.operator}`.length)}`
}

/** The slot in words: `the slot of Tue 2026-11-24 09:00 Europe/Berlin`, or the run of a person. */
const nameOf = ({ facts, times }: Setting): string =>
  facts.run === null || facts.run.run.origin === "schedule"
    ? `the slot of ${times.full(facts.slot ?? facts.at)}`
    : `the ${facts.run.run.origin} run of ${times.full(facts.slot ?? facts.at)}`

const judged = (verdict: Verdict, sentence: string, because: ReadonlyArray<string> = []): Judgement => ({
  verdict,
  sentence,
  because,
})

const ofLiveRun = (setting: Setting, of: RunFacts): Judgement => {
  const { facts, times } = setting
  const { claimable_at, run } = of
  const name = nameOf(setting)
  const slot = facts.slot ?? facts.at
  const begun = run.attempts.at(-1)?.started_at
  const held = lastingPauses(facts).length > 0 && !of.forced
  if (run.status === "running") {
    const since = begun === undefined ? "" : ` since ${times.brief(ms(begun), slot)}`
    const lost = claimable_at !== null && claimable_at <= facts.now
      ? [`Its holder's lease ended at ${times.brief(claimable_at, slot)}: it is taken over, as its next attempt.`]
      : []
    return judged("running", `It runs${since}, attempt ${run.attempt} of 5: ${name}.`, lost)
  }
  if (run.status === "retrying") {
    const error = run.attempts.at(-1)?.error_details
    const why = error === null || error === undefined ? "" : ` after ${error.type}`
    const until = claimable_at === null || claimable_at <= facts.now
      ? "and its next attempt is due now"
      : `and waits until ${times.brief(claimable_at, slot)} for its next`
    return judged(
      "retrying",
      `It is retrying: attempt ${run.attempt} of 5 failed${why}, ${until}: ${name}.`,
      held ? [`Until it is resumed no attempt begins: ${pausedNow(setting)}.`] : [],
    )
  }
  if (claimable_at === null) {
    const behind = facts.ahead === null
      ? "behind the run of its goal before it"
      : `behind the run of ${times.full(facts.ahead.slot)} (${facts.ahead.scheduled_run_id})${
        facts.ahead.count > 1 ? `, and ${facts.ahead.count - 1} more` : ""
      }`
    return judged("waiting", `It waits ${behind}, since runs of this goal take turns: ${name}.`, [
      ...(held ? [`No run starts meanwhile: ${pausedNow(setting)}.`] : []),
    ])
  }
  const starts = Math.max(claimable_at, slot)
  if (starts > facts.now + LATE / 60) {
    return held
      ? judged("will_not_run", `As things stand it will not run: ${pausedNow(setting)}; ${name} waits for the resume.`)
      : judged("will_run", `It will run at ${times.full(starts)}: ${name}.`)
  }
  if (held) return judged("waiting", `It is due and waits for a resume: ${pausedNow(setting)}; ${name}.`)
  return judged("waiting", `It is due now and starts as soon as a replica takes it: ${name}.`, [
    ...(facts.now - claimable_at > LATE
      ? [`It has been due for ${lasting(facts.now - claimable_at)}: no replica has room for it, or none works.`]
      : []),
  ])
}

const ofRun = (setting: Setting, of: RunFacts): Judgement => {
  const { facts, naming, times } = setting
  const { run } = of
  const name = nameOf(setting)
  const slot = facts.slot ?? facts.at
  switch (run.status) {
    case "completed": {
      const last = run.attempts.at(-1)
      const done = last?.ended_at ?? null
      const when = last === undefined || done === null
        ? ""
        : `, from ${times.brief(ms(last.started_at), slot)} to ${times.brief(ms(done), slot)}`
      const tries = run.attempt > 1 ? ` on its attempt ${run.attempt}` : ""
      return judged("ran", `It ran${tries}${when}: ${name}.`, [
        ...(run.deliverable_id === null ? [] : [`It made ${run.deliverable_id}.`]),
      ])
    }
    case "cancelled": {
      const reason = reasonFor(facts, naming)
      if (skipped.test(reason)) {
        const rival = facts.rival === null ? [] : [
          reason.startsWith("overlap")
            ? `The run that was open was that of ${times.full(facts.rival.slot)} (${facts.rival.scheduled_run_id}).`
            : `What ran instead was the slot of ${times.full(facts.rival.slot)} (${facts.rival.scheduled_run_id}).`,
        ]
        return judged("skipped", `It was skipped, ${reason}: ${name}.`, rival)
      }
      const when = of.closed_at === null ? "" : ` at ${times.brief(of.closed_at, slot)}`
      return judged("cancelled", `It was cancelled${when}, ${reason}: ${name}.`)
    }
    case "dead_lettered": {
      const error = run.reason?.replace(/^dead-lettered: /, "") ?? "no error was recorded"
      return judged(
        "dead_lettered",
        `It failed for good after ${run.attempt} of 5 attempts and was dead-lettered, ${error}: ${name}.`,
        letterWords(setting),
      )
    }
    default:
      return ofLiveRun(setting, of)
  }
}

const letterWords = ({ facts: { letter, lines, slot, at }, naming, times }: Setting): ReadonlyArray<string> => {
  if (letter === null) return ["Its dead letter was closed over 7 days ago and is removed."]
  const closed = letter.closed_at === null ? "" : ` at ${times.brief(letter.closed_at, slot ?? at)}`
  const discard = lines.find((line) =>
    line.action === "dlq_discard" &&
    (line.action_metadata.dlq_ids as ReadonlyArray<unknown> | undefined)?.includes(letter.dlq_id)
  )
  switch (letter.state) {
    case "open":
      return [`${letter.dlq_id} is open until ${times.full(letter.expires_at)}: an operator can retry it until then.`]
    case "discarded":
      return [
        `${letter.dlq_id} was discarded${closed}${discard === undefined ? "" : ` by ${naming(discard.operator)}`}${
          discard?.reason === undefined || discard.reason === null ? "" : `: ${discard.reason}`
        }.`,
      ]
    case "expired":
      return [`${letter.dlq_id} expired${closed}: nobody took care of it within 7 days.`]
    case "resolved":
      return [`${letter.dlq_id} was resolved${closed}.`]
  }
}

const ofOldExecution = (setting: Setting, old: NonNullable<Facts["old"]>): Judgement => {
  const { facts, kept, times } = setting
  const slot = facts.slot ?? facts.at
  const name = `the slot of ${times.full(slot)}`
  const because = [`Its run was removed, ${kept.runs} days after its end; this is of its execution, kept longer.`]
  if (old.status !== "failed") {
    const made = old.deliverable_id === null ? [] : [`It made ${old.deliverable_id}.`]
    const done = old.completed_at === null ? "" : ` to ${times.brief(old.completed_at, slot)}`
    return judged("ran", `It ran, from ${times.brief(old.started_at, slot)}${done}: ${name}.`, [...made, ...because])
  }
  const error = old.error === null ? "no error was recorded" : `${old.error.type}: ${old.error.message}`
  const cancelled = old.error !== null &&
    (old.error.type === "CANCELLED" || classify({ status: 409, code: old.error.type }) === "gone")
  return cancelled
    ? judged("cancelled", `It was cancelled, ${error}: ${name}.`, because)
    : judged("dead_lettered", `It failed for good and was dead-lettered, ${error}: ${name}.`, because)
}

/** `the goal was switched off since Mon 2026-11-23 10:00 Europe/Berlin`. */
const rest = ({ facts, times }: Setting): string => {
  const { segment, segments } = facts
  if (segment === undefined) return "it is not known"
  let since = segment
  for (const earlier of segments.slice(0, segments.indexOf(segment)).toReversed()) {
    if (earlier.row.runs || earlier.row.reason !== segment.row.reason) break
    since = earlier
  }
  const until = segment.to === Infinity ? "" : ` (until ${times.full(segment.to)})`
  return `${segment.row.reason ?? "it ran"}, since ${times.full(since.from)}${segment.row.deleted ? "" : until}`
}

const notKnown = (setting: Setting, why: string): Judgement =>
  judged("not_known", `It is not known what became of ${nameOf(setting)}: ${why}.`)

/** A slot that some rule named, and of which there is no record. */
const ofUnrecorded = (setting: Setting, slot: number): Judgement => {
  const { facts, kept, times } = setting
  const { now, segment, undecided } = facts
  const name = nameOf(setting)
  const starts = facts.starts_at ?? slot
  if (segment === undefined) return notKnown(setting, "the goal was not known here then")
  if (!segment.row.runs) {
    return slot > now
      ? judged("will_not_run", `As things stand it will not run: ${rest(setting)}; ${name}.`)
      : judged("not_due", `It was not due: ${rest(setting)}; ${name} would have been.`)
  }
  const held = lastingPauses(facts).length > 0
  if (starts > now) {
    if (!held) return judged("will_run", `It will run at ${times.full(starts)}: ${name}.`)
    return judged("will_not_run", `As things stand it will not run: ${pausedNow(setting)}; ${name}.`, [
      "Once it is resumed before then, it runs on time.",
    ])
  }
  if (segment.to === Infinity && undecided !== null && undecided <= slot) {
    if (held) {
      return judged("paused", `It fell due while paused and is not decided yet: ${pausedNow(setting)}; ${name}.`, [
        missedWords(segment.row.schedule.missed),
      ])
    }
    return judged("waiting", `It is due now and is taken up as soon as a replica looks: ${name}.`, [
      ...(now - starts > LATE
        ? [`It has been due for ${lasting(now - starts)}: no replica works, or all are behind.`]
        : []),
    ])
  }
  if (slot < now - kept.runs * DAY) {
    return notKnown(setting, `runs are kept for ${kept.runs} days after their end`)
  }
  if (segment.to !== Infinity) {
    const next = facts.segments[facts.segments.indexOf(segment) + 1]?.row
    const change = next === undefined ? "the goal was changed" : next.runs ? "the goal was changed" : `${next.reason}`
    return judged(
      "cancelled",
      `It was dropped before it had begun, by a change at ${times.full(segment.to)}: ${name}.`,
      [
        `${change}: what had not begun by then is dropped.`,
      ],
    )
  }
  return notKnown(setting, "the rule names it, and nothing is recorded of it")
}

const missedWords = (missed: unknown): string =>
  missed === "skip"
    ? "Its goal skips what it missed: if it is resumed over a minute after it was due, it is skipped."
    : missed === "latest"
    ? "Its goal runs the latest of what it missed: after the resume it runs unless a later slot fell due as well."
    : "Its goal runs each slot that it missed: after a resume within 24 h it runs, oldest first."

/** No slot at that instant. */
const ofNoSlot = (setting: Setting): Judgement => {
  const { facts, kept, times } = setting
  const { at, known_since, next_slot, now, previous_slot, segment } = facts
  if (segment === undefined) {
    return judged(
      "not_known",
      known_since === null
        ? "It is not known: nothing is recorded of what the goal was to do."
        : `It is not known: what the goal does is known here since ${times.full(known_since)}.`,
      known_since !== null && known_since < now - kept.history * DAY / 2
        ? [`What a goal did is kept for ${kept.history} days after it was changed.`]
        : [],
    )
  }
  const { row } = segment
  const rule = ruleOfRow(row)
  if (row.deleted) return judged("not_due", `It ${at > now ? "is" : "was"} not due: ${rest(setting)}.`)
  if (rule === undefined) {
    return judged("not_due", `It has no slot: the rule can't be evaluated here (${row.frequency} in ${zoneOf(row)}).`)
  }
  if (rule.frequency === "on_demand") {
    return judged(
      "not_due",
      "It has no slot: the goal runs on demand, when a person asks, and nobody asked for it then.",
    )
  }
  const first = firstPassOf(rule, at)
  const off = row.runs ? [] : [`Besides, ${rest(setting)}.`]
  if (first !== undefined) {
    return judged(
      "not_due",
      `It was not due: that local time came twice that day, and the rule (${
        ruleInWords(rule)
      }) counts it once, at the ` +
        `first, ${Math.round((at - first) / 3_600_000 * 100) / 100} h before.`,
      off,
    )
  }
  const around = [
    previous_slot === null ? "there is none before it" : `the one before is ${times.full(previous_slot)}`,
    next_slot === null ? "none comes after it" : `the next is ${times.full(next_slot)}`,
  ].join(", ")
  const note = next_slot === null ? undefined : noteOf(rule, next_slot)
  const earlier = previous_slot === null ? undefined : noteOf(rule, previous_slot)
  return judged("not_due", `No slot is due at ${times.full(at)}: the rule is ${ruleInWords(rule)}; ${around}.`, [
    ...(earlier === undefined ? [] : [`The one before: ${earlier}.`]),
    ...(note === undefined ? [] : [`The next: ${note}.`]),
    ...off,
  ])
}

const judgedBy = (setting: Setting): Judgement => {
  const { facts, times } = setting
  if (facts.run !== null) return ofRun(setting, facts.run)
  if (facts.missed !== null) {
    const { from, reason, recorded_at, to } = facts.missed
    const range = from === to ? times.full(from) : `${times.full(from)} to ${times.full(to)}`
    const old = reason === "older than 24 h"
    return judged(
      "missed",
      `It was missed, ${old ? "noticed over 24 h late" : reason}: ${nameOf(setting)}.`,
      [`Recorded at ${times.full(recorded_at)} for ${range}: ${reason}.`],
    )
  }
  if (facts.old !== null) return ofOldExecution(setting, facts.old)
  return facts.slot === null ? ofNoSlot(setting) : ofUnrecorded(setting, facts.slot)
}

/** The answer. Total: every combination of facts has one. */
export const judge = (facts: Facts, naming: Naming, kept: Kept): Judgement => {
  const times = timesOf(facts.segment === undefined ? "UTC" : zoneOf(facts.segment.row))
  const setting: Setting = { facts, times, naming, kept }
  const { because, sentence, verdict } = judgedBy(setting)
  return {
    verdict,
    sentence,
    because: [
      ...(facts.slot === null ? [] : [
        ...ruleHistory(facts, times),
        ...whoseRun(facts, naming, times),
        ...facts.pauses.filter((pause) => pause.resumed_at !== null || verdict === "ran")
          .map((pause) => `${pauseWords(pause, times, naming, "was", true)}.`),
        ...attemptsOf(facts, times),
        ...lateness(facts),
      ]),
      ...because,
    ],
  }
}
