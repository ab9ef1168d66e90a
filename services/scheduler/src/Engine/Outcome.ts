/** What became of a claimed run; every one is written under the fence of its claim. */
import type { DeliverableId } from "@stint/domain/Ids"
import type { ErrorType } from "@stint/domain/scheduler/Runs"
import type { ClaimedRun } from "../Model.ts"

/** Why an attempt did not make a draft. */
export interface AttemptError {
  /** A stable name: a problem's code, or TRANSPORT, TIMEOUT, LEASE_LOST, UNKNOWN. */
  readonly type: string
  readonly message: string
}

/** Of an attempt whose holder was lost. */
export const LOST: AttemptError = {
  type: "LEASE_LOST",
  message: "its holder stopped before it could say what became of it",
}

/** Completed, tried again after a delay, dead-lettered, cancelled because its goal is gone, or handed back uncharged. */
export type Outcome =
  | { readonly _tag: "Completed"; readonly run: ClaimedRun; readonly deliverable_id: DeliverableId }
  | { readonly _tag: "Retry"; readonly run: ClaimedRun; readonly error: AttemptError; readonly delayMs: number }
  | { readonly _tag: "Dead"; readonly run: ClaimedRun; readonly error: AttemptError; readonly errorType: ErrorType }
  | { readonly _tag: "Gone"; readonly run: ClaimedRun; readonly error: AttemptError; readonly reason: string }
  | { readonly _tag: "HandBack"; readonly run: ClaimedRun; readonly delayMs: number }
