/** When an alert holds, and how it is said (domain.md, "Health"). */
import type { Schema } from "effect"
import { successRate, type Vitals } from "../Health/Policy.ts"

/** What an alert is about. */
export type AlertKind = "success_rate" | "pending" | "failures" | "dead_letters" | "paused"

/** Below this share of the last hour's runs the success rate is alerted. */
const LEAST_SUCCESS = 0.90
/** More pending runs than this are alerted. */
const MOST_PENDING = 100
/** So many open dead letters are alerted. */
const DEAD_LETTERS = 10
/** So many failures of a goal in a row are alerted. */
export const IN_A_ROW = 3
/** How many goals are alerted at once at most: when all fail, the success rate says it better. */
export const MOST_GOALS = 50

/** What holds now, and the figures. `subject` is a goal for failures, a scope for paused, else `all`. */
export interface Condition {
  readonly kind: AlertKind
  readonly subject: string
  readonly details: Record<string, Schema.Json>
}

/** The conditions that hold. A pause is none of them: it begins and ends in the transaction of who pauses and resumes. */
export const conditionsOf = (vitals: Vitals, failing: ReadonlyArray<string>): ReadonlyArray<Condition> => {
  const { dead_letters, failed, pending, succeeded } = vitals
  const success = successRate(vitals)
  const all = (kind: AlertKind, details: Condition["details"]): Condition => ({ kind, subject: "all", details })
  return [
    ...(success !== undefined && success < LEAST_SUCCESS
      ? [all("success_rate", { success_rate_1h: success, succeeded, failed, threshold: LEAST_SUCCESS })]
      : []),
    ...(pending > MOST_PENDING ? [all("pending", { pending, threshold: MOST_PENDING })] : []),
    ...(dead_letters >= DEAD_LETTERS ? [all("dead_letters", { dead_letters, threshold: DEAD_LETTERS })] : []),
    ...failing.map((goal): Condition => ({ kind: "failures", subject: goal, details: { in_a_row: IN_A_ROW } })),
  ]
}

/** One sentence for a person: what began, or what is over. */
export const sentenceOf = ({ details, kind, subject }: Condition, phase: "begun" | "ended"): string => {
  const over = phase === "ended"
  switch (kind) {
    case "success_rate":
      return over
        ? `the success rate of the last hour is ${LEAST_SUCCESS} or better again, or nothing ran`
        : `the success rate of the last hour is below ${LEAST_SUCCESS}: ${details.succeeded} runs ended well, ${details.failed} did not`
    case "pending":
      return over
        ? `no more than ${MOST_PENDING} runs are pending again`
        : `${details.pending} runs are pending, more than ${MOST_PENDING}`
    case "dead_letters":
      return over
        ? `fewer than ${DEAD_LETTERS} dead letters are open again`
        : `${details.dead_letters} dead letters are open, ${DEAD_LETTERS} or more`
    case "failures":
      return over ? `${subject} no longer fails in a row` : `${subject} failed ${IN_A_ROW} times in a row`
    case "paused": {
      const what = subject === "global" ? "the scheduler" : subject.replace(":", " ")
      const why = typeof details.reason === "string" ? `: ${details.reason}` : ""
      return `${what} was ${over ? "resumed" : "paused"} by ${details.operator}${why}`
    }
  }
}
