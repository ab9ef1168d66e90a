/** Pure: the outcome of a run by the answer of deliverables (domain.md, "Rules: when it fails"); by its code, never by words. */
import type { BatchAnswer } from "@stint/domain/deliverables/Drafts"
import type { AnyProblem } from "@stint/domain/Problem"
import { BUDGET, GoneCode } from "@stint/domain/scheduler/ReasonCodes"
import { MAX_ATTEMPTS } from "@stint/edge/Schedules"
import { Schema } from "effect"
import type { ClaimedRun } from "../Model.ts"
import type { AttemptError, Outcome } from "../Queue/Outcome.ts"

/** The goal, its hire or its subscription is gone or may not run. */
const isGone = Schema.is(GoneCode)
/** Statuses that pass. */
const TRANSIENT = new Set([408, 429, 500, 502, 503, 504])
/** Statuses that trying again does not change. */
const PERMANENT = new Set([400, 401, 403, 404, 409, 410, 413, 415, 422])

/** What deliverables answers while it can't do its part, because a service or a database that it needs is away. */
const UNAVAILABLE = "unavailable"
/** How long until a run is claimed again that was released for it, in milliseconds: within the 5 s of domain.md. */
const UNAVAILABLE_DELAY = 4_000

/** The maker was away for as long as a run waits for it. */
const MAKER_AWAY = "maker_away"
/** How long until a run is asked for again whose draft is being made, in milliseconds. */
const FIRST_LOOK = 1_000

/** Gone, TRANSIENT or PERMANENT; what is unknown is TRANSIENT. */
export const classify = (problem: Pick<AnyProblem, "status" | "code">): "gone" | "TRANSIENT" | "PERMANENT" => {
  if (isGone(problem.code)) return "gone"
  if (problem.code === "idempotency_in_flight" || TRANSIENT.has(problem.status)) return "TRANSIENT"
  return PERMANENT.has(problem.status) ? "PERMANENT" : "TRANSIENT"
}

/** A transient failure: again after a delay while attempts are left (`delayMs` undefined: none is), else dead. */
export const failed = (run: ClaimedRun, error: AttemptError, delayMs: number | undefined): Outcome =>
  delayMs === undefined || run.attempt >= MAX_ATTEMPTS
    ? { _tag: "Dead", run, error, errorType: "TRANSIENT" }
    : { _tag: "Retry", run, error, delayMs }

const draftOf = (answer: BatchAnswer | undefined) => answer?.deliverable_id ?? answer?.deliverable?.deliverable_id

/** Whether the answer tells of a draft: then no delay is needed for the outcome. */
export const isDrafted = (answer: BatchAnswer): boolean => draftOf(answer) !== undefined

/** The outcome of a run by the answer for its key. */
export const outcomeOf = (run: ClaimedRun, answer: BatchAnswer | undefined, delayMs: number | undefined): Outcome => {
  const deliverable_id = draftOf(answer)
  if (deliverable_id !== undefined) return { _tag: "Completed", run, deliverable_id }
  if (answer?.making !== undefined) return { _tag: "Making", run, making: answer.making, delayMs: FIRST_LOOK }
  const problem = answer?.problem
  if (problem === undefined) {
    return failed(run, { type: "UNANSWERED", message: "deliverables gave no answer for this run" }, delayMs)
  }
  const detail = problem.detail ?? problem.title
  const error = { type: problem.code, message: detail }
  if (isGone(problem.code)) {
    return { _tag: "Gone", run, code: problem.code, error, reason: `${problem.title}: ${detail}` }
  }
  if (problem.code === BUDGET) {
    return { _tag: "Gone", run, code: "hire_not_runnable", error, reason: `${problem.title}: ${detail}` }
  }
  if (problem.code === MAKER_AWAY) return { _tag: "Dead", run, error, errorType: "TRANSIENT" }
  // none of the run's own work was begun: the attempt is not charged
  if (problem.code === UNAVAILABLE) return { _tag: "Released", run, delayMs: UNAVAILABLE_DELAY }
  return classify(problem) === "PERMANENT"
    ? { _tag: "Dead", run, error, errorType: "PERMANENT" }
    : failed(run, error, delayMs)
}
