/** Where executions are kept: the intent before the first byte leaves, who holds it, and what came of it. */
import type { ExecutionSettings } from "@stint/domain/Definition/HireSettings"
import type { ReviewStatus } from "@stint/domain/deliverables/Approvals"
import type { ApprovalId, DeliverableId } from "@stint/domain/Ids"
import { Context, type DateTime, type Effect, type Option, type Scope } from "effect"
import type { ExecutionRow } from "./Row.ts"

/** How long a claim holds, in seconds: longer than any attempt may take. Then its holder counts as dead. */
export const LEASE_SECONDS = 15

/** What is to be executed where, if the deliverable still is as it was judged. */
export interface Intent {
  /** Its delivery id, unless it has one from an earlier request. */
  readonly delivery_id: string
  readonly deliverable_id: DeliverableId
  readonly review_status: ReviewStatus
  readonly approval_id: ApprovalId | null
  readonly target: ExecutionSettings
  readonly body: string
  readonly content_sha256: string
  /** The request, by the id that its Idempotency-Key derives. */
  readonly requested_by: string
}

/** A claim: whose number is not the last one has lost the execution, and what it writes changes nothing. */
export type Claim = Pick<ExecutionRow, "delivery_id" | "deliverable_id" | "fence">

/** Executions. The storage's own clock judges what is due and which lease is over. */
export class ExecutionsRepo extends Context.Service<ExecutionsRepo, {
  /**
   * Commits the intent and claims it for its first attempt. None when there is nothing to do: the deliverable has changed
   * or was deleted, executed or sent on its way by another.
   */
  arm(intent: Intent): Effect.Effect<Option.Option<ExecutionRow>>
  /** Claims what is due, the longest due first, and counts an attempt. */
  claim(limit: number): Effect.Effect<ReadonlyArray<ExecutionRow>>
  /** It was delivered: the deliverable is executed. This and the next two: whether the claim still held. */
  delivered(claim: Claim, at: DateTime.Utc): Effect.Effect<boolean>
  /** It failed, and is tried again after the delay, in milliseconds. */
  retry(claim: Claim, error: string, delay: number): Effect.Effect<boolean>
  /** It failed, and no attempt can help until it is asked for again. */
  stop(claim: Claim, error: string): Effect.Effect<boolean>
  /** How long until the next one falls due, in milliseconds (0: now); undefined when none is on its way. */
  readonly nextDue: Effect.Effect<number | undefined>
  /** Begins to listen for new intents and retries, of any replica; the effect that comes back succeeds with the next. */
  readonly listen: Effect.Effect<Effect.Effect<void>, never, Scope.Scope>
}>()("deliverables/ExecutionsRepo") {}
