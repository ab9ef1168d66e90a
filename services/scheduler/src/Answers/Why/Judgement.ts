/** Pure: a verdict and what it is made from, and the phrases that verdicts share. */
import type { Verdict } from "@stint/domain/scheduler/Answers"
import type { Naming } from "../../Names.ts"
import type { Facts } from "../Facts.ts"
import type { Pause } from "../Pauses.ts"
import { type Times } from "../Words.ts"
import { capital } from "../../Timeline/Words.ts"

/** A verdict, the answer in one sentence, and the reasons for it. */
export interface Judgement {
  readonly verdict: Verdict
  readonly sentence: string
  readonly because: ReadonlyArray<string>
}

/** The facts, and how instants and people are named to the reader. */
export interface Setting {
  readonly facts: Facts
  readonly times: Times
  readonly naming: Naming
}

/** A start that is later than this, or a due slot that waits for longer, is explained. ms */
export const LATE = 60_000

export const judged = (verdict: Verdict, sentence: string, because: ReadonlyArray<string> = []): Judgement => ({
  verdict,
  sentence,
  because,
})

/** The instant beside which brief times omit their day. */
export const anchor = ({ at, slot }: Facts): number => slot ?? at

/** What the answer is about: `the slot of Tue 2026-11-24 09:00 Europe/Berlin`, or `the manual run of ..`. */
export const nameOf = ({ facts, times }: Setting): string => {
  const origin = facts.run?.run.origin ?? "schedule"
  return `the ${origin === "schedule" ? "slot" : `${origin} run`} of ${times.full(anchor(facts))}`
}

/** The same at the beginning of a sentence. */
export const subjectOf = (setting: Setting): string => capital(nameOf(setting))

/** A pause: what, by whom, why, since when, and until when: `the scheduler is paused by olga (deploy) since ..`. */
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

/** The pauses of the slot that are not resumed. */
export const lastingPauses = ({ pauses }: Facts): ReadonlyArray<Pause> =>
  pauses.filter((pause) => pause.resumed_at === null)

/** The lasting pauses, in words. */
export const pausedNow = ({ facts, naming, times }: Setting): string =>
  lastingPauses(facts).map((pause) => pauseWords(pause, times, naming)).join("; and ")
