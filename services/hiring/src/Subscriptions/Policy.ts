/** Pure decisions on subscriptions: periods by the calendar, and which state leads to which (domain.md, "States"). */
import type { Duration } from "@stint/domain/hiring/Subscriptions"
import { DateTime, Result } from "effect"
import type { SubscriptionRow } from "../Engagements/Rows.ts"

const months: Record<Duration, number> = { monthly: 1, quarterly: 3, yearly: 12 }

/** How long a subscription may be past due before it is canceled (domain.md, "States"). */
export const PAST_DUE_DAYS = 14

/** A stretch that is paid for, as a row has it. */
type Period = Pick<SubscriptionRow, "anchor_at" | "current_period_start" | "current_period_end">

/** The n-th period after the anchor; a month ends on the anchor's day of the next one, or on that one's last day. */
const nthPeriod = (anchor_at: DateTime.Utc, duration: Duration, n: number): Period => ({
  anchor_at,
  current_period_start: DateTime.add(anchor_at, { months: n * months[duration] }),
  current_period_end: DateTime.add(anchor_at, { months: (n + 1) * months[duration] }),
})

/** The period that starts now; all later ones are counted from it. */
export const periodFrom = (start: DateTime.Utc, duration: Duration): Period => nthPeriod(start, duration, 0)

/** The period of that anchor which `now` is in: 31 January, 28 February, 31 March. Before the anchor, the first. */
export const periodAt = (anchor_at: DateTime.Utc, duration: Duration, now: DateTime.Utc): Period => {
  const [from, to] = [DateTime.toPartsUtc(anchor_at), DateTime.toPartsUtc(now)]
  const passed = (to.year - from.year) * 12 + to.month - from.month
  const n = Math.max(0, Math.floor(passed / months[duration]))
  const period = nthPeriod(anchor_at, duration, n)
  // Within the month of its start, the day of its start may be still to come
  return n > 0 && DateTime.isGreaterThan(period.current_period_start, now)
    ? nthPeriod(anchor_at, duration, n - 1)
    : period
}

/** Whether the period that a subscription is in has ended; its next one begins at that instant. */
export const hasPeriodEnded = ({ current_period_end }: Period, now: DateTime.Utc): boolean =>
  DateTime.isLessThanOrEqualTo(current_period_end, now)

/** What a state's change comes to: the row to store, the same row when nothing changes, or why it can't be. */
export type Move = Result.Result<SubscriptionRow, string>

/** The payment came: the first one starts the period anew, a late one takes it up again, or the one that is now. */
export const activate = (row: SubscriptionRow, now: DateTime.Utc): Move => {
  switch (row.status) {
    case "active":
      return Result.succeed(row)
    case "past_due":
      return Result.succeed({
        ...row,
        status: "active",
        past_due_since: null,
        ...hasPeriodEnded(row, now) ? periodAt(row.anchor_at, row.duration, now) : {},
      })
    case "pending_payment":
      return Result.succeed({ ...row, status: "active", ...periodFrom(now, row.duration) })
    case "canceled":
      return Result.fail("It is canceled, which is final: a new subscription is needed")
  }
}

/** The payment failed. Its period stays: a past-due subscription has no next one until it is paid. */
export const pastDue = (row: SubscriptionRow, now: DateTime.Utc): Move => {
  switch (row.status) {
    case "past_due":
      return Result.succeed(row)
    case "active":
      return Result.succeed({ ...row, status: "past_due", past_due_since: now })
    case "pending_payment":
      return Result.fail("It is pending_payment: only an active subscription becomes past due")
    case "canceled":
      return Result.fail("It is canceled, which is final")
  }
}

/** The customer leaves: now, or when the period ends. One that was never paid has no period to wait for. */
export const cancel = (row: SubscriptionRow, atPeriodEnd: boolean, now: DateTime.Utc): Move => {
  if (row.status === "canceled") return Result.succeed(row)
  if (!atPeriodEnd || row.status === "pending_payment" || hasPeriodEnded(row, now)) {
    return Result.succeed(canceledAt(row, now))
  }
  return Result.succeed(row.cancel_at_period_end ? row : { ...row, cancel_at_period_end: true })
}

const canceledAt = (row: SubscriptionRow, at: DateTime.Utc): SubscriptionRow => ({
  ...row,
  status: "canceled",
  past_due_since: null,
  ended_at: at,
})

/** When time alone ends the subscription: with its period, or after 14 days past due; null when it does not. */
export const endsAt = (row: SubscriptionRow): DateTime.Utc | null => {
  if (row.status !== "active" && row.status !== "past_due") return null
  const periodEnd = row.cancel_at_period_end ? row.current_period_end : null
  const patience = row.past_due_since === null ? null : DateTime.add(row.past_due_since, { days: PAST_DUE_DAYS })
  if (periodEnd === null || patience === null) return periodEnd ?? patience
  return DateTime.min(periodEnd, patience)
}

/**
 * What time has made of a subscription by now: canceled at the instant it ended, or in the period that is now, however
 * many have passed. One that awaits its payment has no period that could pass: that starts when it is paid.
 */
export const passed = (row: SubscriptionRow, now: DateTime.Utc): SubscriptionRow => {
  const end = endsAt(row)
  if (end !== null && DateTime.isLessThanOrEqualTo(end, now)) return canceledAt(row, end)
  return row.status === "active" && hasPeriodEnded(row, now)
    ? { ...row, ...periodAt(row.anchor_at, row.duration, now) }
    : row
}

const hints = {
  active: "",
  pending_payment: "It is pending_payment: it has to be activated once its payment is there",
  past_due: "It is past_due: it has to be activated again once its payment is there",
  canceled: "It is canceled, which is final: a new subscription is needed",
}

/** Why nothing can be written under a subscription in this state, and what would help. */
export const notActive = ({ status }: Pick<SubscriptionRow, "status">): string | undefined =>
  status === "active" ? undefined : hints[status]
