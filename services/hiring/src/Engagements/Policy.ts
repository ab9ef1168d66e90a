/** Pure decisions on engagements: what a hire may do and who may see it (domain.md, "States" and "Ownership"). */
import { type Caller, canSee } from "@stint/domain/Caller"
import { RETENTION } from "@stint/domain/Retention"
import { HireDeactivated, HireGone, HireNotFound } from "@stint/domain/hiring/Hires"
import { SubscriptionNotActive } from "@stint/domain/hiring/Subscriptions"
import type { SubscriptionStatus } from "@stint/domain/hiring/SubscriptionStatus"
import { type FieldIssue, InvalidRequest } from "@stint/domain/Problem"
import { Data, DateTime, Result } from "effect"
import type { HireRow, HireState, SubscriptionState } from "./Row.ts"

/** How long a trial lasts (domain.md, "States"). */
export const TRIAL_DAYS = 7
/** A draft in another request has moved the hire to another definition than the one that was fetched: fetch it again. */
export class DefinitionMoved extends Data.TaggedError("DefinitionMoved") {}

type Inactive = Exclude<SubscriptionStatus, "active">

const reasons: Record<Inactive, string> = {
  pending_payment: "The subscription is not paid yet",
  past_due: "The subscription is past due",
  canceled: "The subscription is canceled",
}

/** Why a hire cannot run now, in words for its user; null when it can (domain.md, "States": runnable). */
export const notRunnable = (subscription: Pick<SubscriptionState, "status">, hire: HireState): string | null => {
  if (!hire.active) return "The hired agent is deactivated"
  if (subscription.status !== "active") return reasons[subscription.status]
  if (!hire.configured) return "The hired agent is not configured: see its missing fields"
  if (hire.finalized_at === null) return "The hired agent is not finalized"
  return null
}

const remedies: Record<Inactive, string> = {
  pending_payment: "The subscription is pending_payment: an operator activates it once it is paid",
  past_due: "The subscription is past_due: an operator activates it once it is paid",
  canceled: "The subscription is canceled, which is final: a new subscription is needed",
}

/** Writing under a subscription needs it to be active. */
export const writable = ({ status }: Pick<SubscriptionState, "status">): Result.Result<void, SubscriptionNotActive> =>
  status === "active"
    ? Result.void
    : Result.fail(new SubscriptionNotActive({ detail: remedies[status], subscription_status: status }))

/** Deactivation is final. */
export const notDeactivated = (hire: HireRow | undefined): Result.Result<void, HireDeactivated> =>
  hire === undefined || hire.active
    ? Result.void
    : Result.fail(new HireDeactivated({ detail: "Deactivation is final: a new subscription is needed to hire again" }))

/** Until when a hire can be read; null while its subscription has not ended. */
export const retentionEnd = ({ ended_at }: SubscriptionState): DateTime.Utc | null =>
  ended_at === null ? null : DateTime.add(ended_at, { days: RETENTION.endedHires })

/** Whether the hire's retention is over. */
export const isGone = (subscription: SubscriptionState, now: DateTime.Utc): boolean => {
  const end = retentionEnd(subscription)
  return end !== null && DateTime.isGreaterThanOrEqualTo(now, end)
}

/** The hire, if it exists for the caller and its retention is not over. `asked` is the id that the caller sent. */
export const visible = (
  caller: Caller,
  { hire, subscription }: { readonly hire: HireRow | undefined; readonly subscription: SubscriptionState },
  now: DateTime.Utc,
  asked: string,
): Result.Result<HireRow, HireNotFound | HireGone> => {
  if (hire === undefined || !canSee(caller, hire.customer_id)) return Result.fail(new HireNotFound({ detail: asked }))
  return isGone(subscription, now)
    ? Result.fail(new HireGone({ detail: `Its subscription ended more than ${RETENTION.endedHires} days ago` }))
    : Result.succeed(hire)
}

/** One 400 for all faults of a request. */
export const invalid = (errors: ReadonlyArray<FieldIssue>): InvalidRequest =>
  new InvalidRequest({ detail: `${errors.length} ${errors.length === 1 ? "fault" : "faults"}: see errors`, errors })
