/** What a claim ended with, as its holder reports it. */
import type { Making as MakingState } from "@stint/domain/Making"
import type { DeliverableId } from "@stint/domain/Ids"
import type { GoneCode } from "@stint/domain/scheduler/ReasonCodes"
import type { ErrorType } from "@stint/domain/scheduler/Runs"
import type { ClaimedRun } from "../Model.ts"

/** Why an attempt did not make a draft. */
export interface AttemptError {
  /** A stable name: a problem's code, or TRANSPORT, TIMEOUT, LEASE_LOST, UNANSWERED, UNREADABLE. */
  readonly type: string
  readonly message: string
}

/** Of an attempt whose lease ended before its holder reported an outcome. */
export const LOST: AttemptError = {
  type: "LEASE_LOST",
  message: "the lease ended before the attempt reported an outcome",
}

/** Its draft is made. */
export interface Completed {
  readonly _tag: "Completed"
  readonly run: ClaimedRun
  readonly deliverable_id: DeliverableId
}

/** It failed, and is tried again after a delay. */
export interface Retry {
  readonly _tag: "Retry"
  readonly run: ClaimedRun
  readonly error: AttemptError
  readonly delayMs: number
}

/** Nothing was sent: it may be claimed again after a delay, and the attempt is not charged. */
export interface Released {
  readonly _tag: "Released"
  readonly run: ClaimedRun
  readonly delayMs: number
}

/** Its draft is being made: it stays under way, and is asked for again after a delay. */
export interface Making {
  readonly _tag: "Making"
  readonly run: ClaimedRun
  readonly making: MakingState
  readonly delayMs: number
}

/** Its goal, hire or subscription is gone or may not run: it is cancelled. */
export interface Gone {
  readonly _tag: "Gone"
  readonly run: ClaimedRun
  readonly code: GoneCode
  readonly error: AttemptError
  /** The words for people. */
  readonly reason: string
}

/** It failed for good: it is dead-lettered. */
export interface Dead {
  readonly _tag: "Dead"
  readonly run: ClaimedRun
  readonly error: AttemptError
  readonly errorType: ErrorType
}

/** How an attempt ended. */
export type Outcome = Completed | Retry | Released | Making | Gone | Dead
