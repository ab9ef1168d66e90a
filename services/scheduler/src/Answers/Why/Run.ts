/** Pure: the verdict over a run, or over an execution whose run was removed. */
import { RETENTION } from "@stint/domain/Retention"
import { GoneCode, SkipCode } from "@stint/domain/scheduler/ReasonCodes"
import { MAX_ATTEMPTS } from "@stint/edge/Schedules"
import { Schema } from "effect"
import { attemptsOf } from "../../Runs/Row.ts"
import { cancelledBy } from "../../Runs/Wire.ts"
import type { RunFacts } from "../Facts.ts"
import type { OldExecution, ReachedLimit } from "../Row.ts"
import { lasting } from "../Words.ts"
import {
  anchor,
  judged,
  type Judgement,
  lastingPauses,
  LATE,
  nameOf,
  pausedNow,
  type Setting,
  subjectOf,
} from "./Judgement.ts"

/** A start that is less than this ahead is due now. ms */
const SOON = 1_000

const isSkip = Schema.is(SkipCode)
const isGone = Schema.is(GoneCode)

/** The reached limits: `the customer acme has as many runs under way as its limit of 3 allows`. */
const limitWords = (limits: ReadonlyArray<ReachedLimit>): string =>
  limits.map(({ kind, max_running, subject }) =>
    `the ${kind === "customer" ? "customer" : "agent type"} ${subject} has as many runs under way as its limit of ` +
    `${max_running} allows`
  ).join("; and ")

const behind = (setting: Setting, held: boolean): Judgement => {
  const { facts: { ahead }, times } = setting
  const more = ahead !== null && ahead.count > 1 ? ` and ${ahead.count - 1} more` : ""
  const which = ahead === null
    ? "behind the run before it"
    : `behind the run of ${times.full(ahead.slot)} (${ahead.scheduled_run_id})${more}`
  return judged("waiting", `${subjectOf(setting)} waits ${which}, since the runs of this goal take turns.`, [
    ...(held ? [`No run starts meanwhile: ${pausedNow(setting)}.`] : []),
  ])
}

const waiting = (setting: Setting, { claimable_at, forced }: RunFacts): Judgement => {
  const { facts, times } = setting
  const { limits, now, pauses } = facts
  const subject = subjectOf(setting)
  const held = !forced && lastingPauses(facts).length > 0
  if (claimable_at === null) return behind(setting, held)
  const starts = Math.max(claimable_at, anchor(facts))
  if (starts > now + SOON) {
    return held
      ? judged("will_not_run", `As things stand ${nameOf(setting)} will not run: ${pausedNow(setting)}.`)
      : judged("will_run", `${subject} will run at ${times.brief(starts, anchor(facts))}.`)
  }
  if (held) return judged("waiting", `${subject} is due and waits for a resume: ${pausedNow(setting)}.`)
  if (limits.length > 0) return judged("waiting", `${subject} is due and waits for room: ${limitWords(limits)}.`)
  // no replica could have claimed it while it was paused
  const since = Math.max(claimable_at, ...pauses.flatMap(({ resumed_at }) => resumed_at ?? []))
  return judged("waiting", `${subject} is due now and starts as soon as a replica claims it.`, [
    ...(now - since > LATE
      ? [
        `No replica has claimed it for ${
          lasting(now - since)
        }: none has room, none is running, or deliverables does not ` +
        "answer; the scheduler's /readyz says which.",
      ]
      : []),
  ])
}

const running = (setting: Setting, { claimable_at, run }: RunFacts): Judgement => {
  const { facts, times } = setting
  const begun = attemptsOf(run).at(-1)?.started_at
  const since = begun === undefined ? "" : ` since ${times.brief(begun, anchor(facts))}`
  return judged(
    "running",
    `${subjectOf(setting)} has been running${since}, attempt ${run.attempt} of ${MAX_ATTEMPTS}.`,
    [
      ...(claimable_at !== null && claimable_at <= facts.now
        ? [`The lease of its replica ended at ${times.brief(claimable_at, anchor(facts))}: another takes it over.`]
        : []),
    ],
  )
}

const retrying = (setting: Setting, { claimable_at, forced, run }: RunFacts): Judgement => {
  const { facts, times } = setting
  const error = run.failed_attempts.at(-1)?.error_details
  const withError = error === undefined ? "" : ` with ${error.type}`
  const next = claimable_at === null || claimable_at <= facts.now
    ? "is due now"
    : `begins at ${times.brief(claimable_at, anchor(facts))} at the earliest`
  return judged(
    "retrying",
    `${
      subjectOf(setting)
    } is retrying: attempt ${run.attempt} of ${MAX_ATTEMPTS} failed${withError}, and the next ${next}.`,
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
  const last = attemptsOf(run).at(-1)
  const when = last === undefined || last.ended_at === null
    ? ""
    : `, from ${times.brief(last.started_at, anchor(facts))} to ${times.brief(last.ended_at, anchor(facts))}`
  const tries = run.attempt > 1 ? ` on its attempt ${run.attempt}` : ""
  return judged("ran", `${subjectOf(setting)} ran${tries}${when}.`, [
    ...(facts.deadLetter === null
      ? []
      : [`It had been dead-lettered before; an operator retried ${facts.deadLetter.dlq_id}.`]),
    ...(run.deliverable_id === null ? [] : [`It made ${run.deliverable_id}.`]),
  ])
}

const skipped = (setting: Setting, { run }: RunFacts): Judgement => {
  const { facts: { rival }, times } = setting
  const which = run.reason_code === "missed_superseded"
    ? "What ran instead is the slot of"
    : "The run that was open is that of"
  return judged(
    "skipped",
    `${subjectOf(setting)} was skipped: ${run.reason ?? "no reason was recorded"}.`,
    rival === null ? [] : [`${which} ${times.full(rival.slot)} (${rival.scheduled_run_id}).`],
  )
}

const cancelled = (setting: Setting, facts: RunFacts): Judgement => {
  if (isSkip(facts.run.reason_code)) return skipped(setting, facts)
  const { naming, times } = setting
  const { cancel_reason, cancelled_by, reason } = facts.run
  const when = facts.closed_at === null ? "" : ` at ${times.brief(facts.closed_at, anchor(setting.facts))}`
  const by = cancelled_by === null
    ? `: ${reason ?? "no reason was recorded"}`
    : ` by ${naming(cancelled_by)}${cancel_reason === null ? "" : `: ${cancel_reason}`}`
  return judged("cancelled", `${subjectOf(setting)} was cancelled${when}${by}.`)
}

const deadLetterWords = ({ facts, naming, times }: Setting): string => {
  const { deadLetter, discard } = facts
  if (deadLetter === null) return `Its dead letter was closed over ${RETENTION.deadLetters} days ago and is removed.`
  const closed = deadLetter.closed_at === null ? "" : ` at ${times.brief(deadLetter.closed_at, anchor(facts))}`
  switch (deadLetter.state) {
    case "open":
      return `${deadLetter.dlq_id} is open until ${
        times.full(deadLetter.expires_at)
      }: until then an operator can retry it.`
    case "discarded": {
      const by = discard === null ? "" : ` by ${naming(discard.by)}`
      return `${deadLetter.dlq_id} was discarded${closed}${by}${discard?.reason ? `: ${discard.reason}` : ""}.`
    }
    case "expired":
      return `${deadLetter.dlq_id} expired${closed}: nobody retried or discarded it within ${RETENTION.deadLetters} days.`
    case "resolved":
      return `${deadLetter.dlq_id} was resolved${closed}: another of its runs completed.`
  }
}

const deadLettered = (setting: Setting, { run }: RunFacts): Judgement => {
  const last = run.failed_attempts.at(-1)?.error_details
  const error = last === undefined
    ? setting.facts.deadLetter?.error ?? "no error was recorded"
    : `${last.type}: ${last.message}`
  const tries = run.attempt === 1 ? "at its first attempt" : `after ${run.attempt} attempts`
  return judged("dead_lettered", `${subjectOf(setting)} failed for good ${tries} and was dead-lettered: ${error}.`, [
    deadLetterWords(setting),
  ])
}

/** The verdict over a run. */
export const whyRun = (setting: Setting, facts: RunFacts): Judgement => {
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

/** The verdict over an execution whose run is no longer kept. */
export const whyOldExecution = (setting: Setting, old: OldExecution): Judgement => {
  const { facts, naming, times } = setting
  const subject = subjectOf(setting)
  const because = [`Its run was removed ${RETENTION.runs} days after its end; this is what its execution says.`]
  if (old.status !== "failed") {
    const ended = old.completed_at === null ? "" : ` to ${times.brief(old.completed_at, anchor(facts))}`
    const made = old.deliverable_id === null ? [] : [`It made ${old.deliverable_id}.`]
    const sentence = `${subject} ran, from ${times.brief(old.started_at, anchor(facts))}${ended}.`
    return judged("ran", sentence, [...made, ...because])
  }
  const { error } = old
  const words = error === null
    ? "no error was recorded"
    : `${error.type}: ${
      error.cancelled_by === undefined
        ? error.message
        : cancelledBy(error.cancelled_by, error.cancel_reason ?? null, naming)
    }`
  return error !== null && (error.type === "CANCELLED" || isGone(error.type))
    ? judged("cancelled", `${subject} was cancelled: ${words}.`, because)
    : judged("dead_lettered", `${subject} failed for good and was dead-lettered: ${words}.`, because)
}
