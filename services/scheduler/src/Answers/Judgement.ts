/** Pure: what every verdict is made with, and the phrases that they share. */
import type { Verdict } from "@stint/domain/scheduler/Answers"
import { DateTime } from "effect"
import type { Facts } from "./Facts.ts"
import type { Pause } from "./Pauses.ts"
import type { Naming, Times } from "./Words.ts"

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

/** The facts, and how their reader reads them. */
export interface Setting {
  readonly facts: Facts
  readonly times: Times
  readonly naming: Naming
  readonly kept: Kept
}

/** How late a start, or how old a due slot, may be before it is told why. ms */
export const LATE = 60_000

/** Epoch ms of an instant. */
export const ms = DateTime.toEpochMillis

/** A judgement. */
export const judged = (verdict: Verdict, sentence: string, because: ReadonlyArray<string> = []): Judgement => ({
  verdict,
  sentence,
  because,
})

/** A text with a capital at its beginning. */
export const capital = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

/** The instant that brief times stand beside. */
export const anchor = ({ at, slot }: Facts): number => slot ?? at

/** What the answer is about: `the slot of Tue 2026-11-24 09:00 Europe/Berlin`, or the run that a person asked for. */
export const nameOf = ({ facts, times }: Setting): string => {
  const origin = facts.run?.run.origin ?? "schedule"
  return `the ${origin === "schedule" ? "slot" : `${origin} run`} of ${times.full(anchor(facts))}`
}

/** The same at the beginning of a sentence. */
export const subjectOf = (setting: Setting): string => capital(nameOf(setting))

/** A pause: what, by whom, why, since when, and to when: `all of the scheduler is paused by olga (deploy) since ..`. */
export const pauseWords = (
  { paused_at, paused_by, reason, resumed_at, resumed_by, scope }: Pause,
  times: Times,
  naming: Naming,
): string => {
  const what = scope.hired_instance_id !== undefined
    ? `the hired agent ${scope.hired_instance_id}`
    : scope.customer_id !== undefined
    ? `the customer ${scope.customer_id}`
    : "all of the scheduler"
  const why = reason === null ? "" : ` (${reason})`
  if (resumed_at === null) return `${what} is paused by ${naming(paused_by)}${why} since ${times.full(paused_at)}`
  const end = `${times.full(resumed_at)}${resumed_by === null ? "" : `, when ${naming(resumed_by)} resumed it`}`
  return `${what} was paused by ${naming(paused_by)}${why} from ${times.full(paused_at)} to ${end}`
}

/** The pauses of the slot that last. */
export const lastingPauses = ({ pauses }: Facts): ReadonlyArray<Pause> =>
  pauses.filter((pause) => pause.resumed_at === null)

/** What is paused now, of what touches the slot. */
export const pausedNow = ({ facts, naming, times }: Setting): string =>
  lastingPauses(facts).map((pause) => pauseWords(pause, times, naming)).join("; and ")

/** The recorded words of a run, without an operator's name where that may not be told. A subject has no space in it. */
export const reasonFor = (reason: string, naming: Naming): string =>
  reason.replace(/^cancelled by (\S+?)(?=: |$)/, (_, who: string) => `cancelled by ${naming(who)}`)
