/** Pure: the verdict over a run, or over an execution that outlived its run: what was recorded of a slot. */
import { MAX_ATTEMPTS } from "@stint/edge/Schedules"
import { classify } from "../Engine/Classify.ts"
import { SkipCode } from "@stint/domain/scheduler/Runs"
import { Schema } from "effect"
import type { OldExecution, ReachedLimit, RunFacts } from "./Facts.ts"
import {
  anchor,
  judged,
  type Judgement,
  lastingPauses,
  LATE,
  ms,
  nameOf,
  pausedNow,
  reasonFor,
  type Setting,
  subjectOf,
} from "./Judgement.ts"
import { lasting } from "./Words.ts"

/** A start that is ahead by less is as good as now. ms */
const SOON = 1_000

/** The limits that are reached: `the customer acme has as many runs under way as its limit of 3 allows`. */
const limitWords = (limits: ReadonlyArray<ReachedLimit>): string =>
  limits.map(({ kind, max_running, subject }) =>
    `the ${kind === "customer" ? "customer" : "agent type"} ${subject} has as many runs under way as its limit of ` +
    `${max_running} allows`
  ).join("; and ")

const waiting = (setting: Setting, { claimable_at, forced }: RunFacts): Judgement => {
  const { facts, times } = setting
  const { ahead, now } = facts
  const subject = subjectOf(setting)
  const held = !forced && lastingPauses(facts).length > 0
  if (claimable_at === null) {
    const more = ahead !== null && ahead.count > 1 ? ` and ${ahead.count - 1} more` : ""
    const behind = ahead === null
      ? "behind the run before it"
      : `behind the run of ${times.full(ahead.slot)} (${ahead.scheduled_run_id})${more}`
    return judged("waiting", `${subject} waits ${behind}, since the runs of this goal take turns.`, [
      ...(held ? [`No run starts meanwhile: ${pausedNow(setting)}.`] : []),
    ])
  }
  const starts = Math.max(claimable_at, anchor(facts))
  if (starts > now + SOON) {
    return held
      ? judged("will_not_run", `As things stand ${nameOf(setting)} will not run: ${pausedNow(setting)}.`)
      : judged("will_run", `${subject} will run at ${times.brief(starts, anchor(facts))}.`)
  }
  if (held) return judged("waiting", `${subject} is due and waits for a resume: ${pausedNow(setting)}.`)
  if (facts.limits.length > 0) {
    return judged("waiting", `${subject} is due and waits for room: ${limitWords(facts.limits)}.`)
  }
  // since when a replica could have taken it: not while it was paused
  const since = Math.max(claimable_at, ...facts.pauses.flatMap(({ resumed_at }) => resumed_at ?? []))
  return judged("waiting", `${subject} is due now and starts as soon as a replica takes it.`, [
    ...(now - since > LATE
      ? [
        `No replica has taken it for ${
          lasting(now - since)
        }: none has room, none works, or deliverables does not answer ` +
        "them; the scheduler's /readyz tells which.",
      ]
      : []),
  ])
}

const running = (setting: Setting, { claimable_at, run }: RunFacts): Judgement => {
  const { facts, times } = setting
  const begun = run.attempts.at(-1)?.started_at
  const since = begun === undefined ? "" : ` since ${times.brief(ms(begun), anchor(facts))}`
  return judged(
    "running",
    `${subjectOf(setting)} has been running${since}, attempt ${run.attempt} of ${MAX_ATTEMPTS}.`,
    [
      ...(claimable_at !== null && claimable_at <= facts.now
        ? [`Its holder's lease ended at ${times.brief(claimable_at, anchor(facts))}: another takes it over.`]
        : []),
    ],
  )
}

const retrying = (setting: Setting, { claimable_at, forced, run }: RunFacts): Judgement => {
  const { facts, times } = setting
  const error = run.attempts.at(-1)?.error_details
  const why = error === null || error === undefined ? "" : ` with ${error.type}`
  const until = claimable_at === null || claimable_at <= facts.now
    ? "its next is due now"
    : `it waits until ${times.brief(claimable_at, anchor(facts))} for its next`
  return judged(
    "retrying",
    `${subjectOf(setting)} is retrying: attempt ${run.attempt} of ${MAX_ATTEMPTS} failed${why}, and ${until}.`,
    [
      ...(!forced && lastingPauses(facts).length > 0
        ? [`Until a resume no attempt begins: ${pausedNow(setting)}.`]
        : []),
      ...(facts.limits.length > 0 ? [`Its next attempt needs room: ${limitWords(facts.limits)}.`] : []),
    ],
  )
}

const ran = (setting: Setting, { run }: RunFacts): Judgement => {
  const { facts, times } = setting
  const last = run.attempts.at(-1)
  const ended = last?.ended_at ?? null
  const when = last === undefined || ended === null
    ? ""
    : `, from ${times.brief(ms(last.started_at), anchor(facts))} to ${times.brief(ms(ended), anchor(facts))}`
  const tries = run.attempt > 1 ? ` on its attempt ${run.attempt}` : ""
  return judged("ran", `${subjectOf(setting)} ran${tries}${when}.`, [
    ...(facts.letter === null
      ? []
      : [`It had failed for good before; ${facts.letter.dlq_id} was retried by an operator.`]),
    ...(run.deliverable_id === null ? [] : [`It made ${run.deliverable_id}.`]),
  ])
}

const cancelled = (setting: Setting, { closed_at, run }: RunFacts): Judgement => {
  const { facts, naming, times } = setting
  const reason = run.reason === null ? "no reason was recorded" : reasonFor(run.reason, naming)
  if (!Schema.is(SkipCode)(run.reason_code)) {
    const when = closed_at === null ? "" : ` at ${times.brief(closed_at, anchor(facts))}`
    const by = reason.startsWith("cancelled by ") ? reason.slice("cancelled".length) : `: ${reason}`
    return judged("cancelled", `${subjectOf(setting)} was cancelled${when}${by}.`)
  }
  const rival = facts.rival === null ? undefined : `${times.full(facts.rival.slot)} (${facts.rival.scheduled_run_id})`
  const said = reason.startsWith("overlap") ? "The run that was open is that of" : "What ran instead is the slot of"
  return judged(
    "skipped",
    `${subjectOf(setting)} was skipped: ${reason}.`,
    rival === undefined ? [] : [`${said} ${rival}.`],
  )
}

const letterWords = ({ facts, naming, times }: Setting): string => {
  const { discard, letter } = facts
  if (letter === null) return "Its dead letter was closed over 7 days ago and is removed."
  const closed = letter.closed_at === null ? "" : ` at ${times.brief(letter.closed_at, anchor(facts))}`
  switch (letter.state) {
    case "open":
      return `${letter.dlq_id} is open until ${times.full(letter.expires_at)}: until then an operator can retry it.`
    case "discarded": {
      const by = discard === null ? "" : ` by ${naming(discard.by)}`
      return `${letter.dlq_id} was discarded${closed}${by}${discard?.reason ? `: ${discard.reason}` : ""}.`
    }
    case "expired":
      return `${letter.dlq_id} expired${closed}: nobody took care of it within 7 days.`
    case "resolved":
      return `${letter.dlq_id} was resolved${closed} by another run of it.`
  }
}

const deadLettered = (setting: Setting, { run }: RunFacts): Judgement => {
  const error = run.reason === null
    ? "no error was recorded"
    : reasonFor(run.reason, setting.naming).replace(/^dead-lettered: /, "")
  const tries = run.attempt === 1 ? "at its first attempt" : `after ${run.attempt} attempts`
  return judged("dead_lettered", `${subjectOf(setting)} failed for good ${tries} and was dead-lettered: ${error}.`, [
    letterWords(setting),
  ])
}

/** The verdict over a run. */
export const ofRun = (setting: Setting, facts: RunFacts): Judgement => {
  switch (facts.run.status) {
    case "pending":
      return waiting(setting, facts)
    case "running":
      return running(setting, facts)
    case "retrying":
      return retrying(setting, facts)
    case "completed":
      return ran(setting, facts)
    case "cancelled":
      return cancelled(setting, facts)
    case "dead_lettered":
      return deadLettered(setting, facts)
  }
}

/** The verdict over an execution whose run is not kept any more. */
export const ofOldExecution = (setting: Setting, old: OldExecution): Judgement => {
  const { facts, kept, times } = setting
  const subject = subjectOf(setting)
  const because = [`Its run was removed ${kept.runs} days after its end; this is what its execution says.`]
  if (old.status !== "failed") {
    const ended = old.completed_at === null ? "" : ` to ${times.brief(old.completed_at, anchor(facts))}`
    const made = old.deliverable_id === null ? [] : [`It made ${old.deliverable_id}.`]
    const sentence = `${subject} ran, from ${times.brief(old.started_at, anchor(facts))}${ended}.`
    return judged("ran", sentence, [...made, ...because])
  }
  const { error } = old
  const words = error === null ? "no error was recorded" : `${error.type}: ${reasonFor(error.message, setting.naming)}`
  const gone = error !== null && (error.type === "CANCELLED" || classify({ status: 409, code: error.type }) === "gone")
  return gone
    ? judged("cancelled", `${subject} was cancelled: ${words}.`, because)
    : judged("dead_lettered", `${subject} failed for good and was dead-lettered: ${words}.`, because)
}
