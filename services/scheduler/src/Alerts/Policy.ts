/** Pure: when an alert holds, and its message (domain.md, "Health"). */
import type { Schema } from "effect"
import { successRate } from "../Health/Policy.ts"
import type { Vitals } from "../Health/Row.ts"
import { scopeName } from "../Scopes.ts"
import type { AlertKind } from "./Row.ts"

/** A success rate of the last hour below this is alerted, until it is at least the other. */
const LEAST_SUCCESS = 0.90
const ENOUGH_SUCCESS = 0.92
/** More pending runs than this are alerted, until they are fewer than the other. */
const MOST_PENDING = 100
const FEW_PENDING = 80
/** This many open dead letters, or more, are alerted, until they are fewer than the other. */
const DEAD_LETTERS = 10
const FEW_DEAD_LETTERS = 8
/** This many failures in a row of one goal are alerted. */
export const IN_A_ROW = 3
/** At most so many failing goals are alerted at once: when all fail, the success rate is alerted anyway. */
export const MOST_GOALS = 50

/** A condition that holds now, with its figures. `subject` is a goal for failures, a scope for paused, else `all`. */
export interface Condition {
  readonly kind: AlertKind
  readonly subject: string
  readonly details: Record<string, Schema.Json>
  /** It keeps an alert that is open, and begins none: figures go back and forth around where one begins. */
  readonly keeps?: boolean
}

/**
 * The conditions that hold, pauses aside: their alerts begin and end in the transactions of pause and resume. `away`: a part is
 * away, or was a moment ago, so that runs wait for it; the alert of that part says so.
 */
export const conditionsOf = (
  vitals: Vitals,
  failing: ReadonlyArray<string>,
  away = false,
): ReadonlyArray<Condition> => {
  const { dead_letters, failed, succeeded, unpaused: pending } = vitals
  const success = successRate(vitals) ?? 1
  const all = (kind: AlertKind, begins: boolean, holds: boolean, details: Condition["details"]) =>
    holds ? [{ kind, subject: "all", details, keeps: !begins }] : []
  return [
    ...all("success_rate", success < LEAST_SUCCESS, success < ENOUGH_SUCCESS, {
      success_rate_1h: success,
      succeeded,
      failed,
      threshold: LEAST_SUCCESS,
    }),
    // what is paused on purpose waits on purpose
    ...all("pending", pending > MOST_PENDING && !away, pending >= FEW_PENDING, { pending, threshold: MOST_PENDING }),
    ...all("dead_letters", dead_letters >= DEAD_LETTERS, dead_letters >= FEW_DEAD_LETTERS, {
      dead_letters,
      threshold: DEAD_LETTERS,
    }),
    ...failing.map((goal): Condition => ({ kind: "failures", subject: goal, details: { in_a_row: IN_A_ROW } })),
  ]
}

/** Whether each condition that begins an alert has one that is open, and each open alert a condition that holds. */
export const isSettled = (
  conditions: ReadonlyArray<Condition>,
  open: ReadonlyArray<Pick<Condition, "subject"> & { readonly kind: string }>,
): boolean => {
  const nameOf = ({ kind, subject }: { readonly kind: string; readonly subject: string }) => `${kind} ${subject}`
  const stands = new Set(open.map(nameOf))
  const holds = new Set(conditions.map(nameOf))
  return conditions.every((condition) => condition.keeps === true || stands.has(nameOf(condition))) &&
    open.every((alert) => holds.has(nameOf(alert)))
}

/** The message of an alert: one sentence for a person. */
export const sentenceOf = ({ details, kind, subject }: Condition, phase: "begun" | "ended"): string => {
  const over = phase === "ended"
  switch (kind) {
    case "success_rate":
      return over
        ? `the success rate of the last hour is at least ${ENOUGH_SUCCESS} again, or no run finished`
        : `the success rate of the last hour is below ${LEAST_SUCCESS}: ${details.succeeded} runs completed, ${details.failed} attempts failed`
    case "pending":
      return over
        ? `fewer than ${FEW_PENDING} runs are pending again`
        : `${details.pending} runs are pending, more than ${MOST_PENDING}`
    case "dead_letters":
      return over
        ? `fewer than ${FEW_DEAD_LETTERS} dead letters are open again`
        : `${details.dead_letters} dead letters are open, ${DEAD_LETTERS} or more`
    case "failures":
      return over ? `${subject} no longer fails in a row` : `${subject} failed ${IN_A_ROW} times in a row`
    case "paused": {
      const why = typeof details.reason === "string" ? `: ${details.reason}` : ""
      return `${scopeName(subject)} was ${over ? "resumed" : "paused"} by ${details.operator}${why}`
    }
  }
}
