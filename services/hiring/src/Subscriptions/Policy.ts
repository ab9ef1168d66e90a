/** Pure decisions on subscriptions: periods by the calendar, and the moves between states (domain.md, "States"). */
import type { Duration } from "@stint/domain/hiring/Subscriptions"
import { DateTime, Result } from "effect"
import type { SubscriptionRow } from "../Engagements/Row.ts"

const months: Record<Duration, number> = { monthly: 1, quarterly: 3, yearly: 12 }

/** How long a subscription may be past due before it is canceled (domain.md, "States"). */
export const PAST_DUE_DAYS = 14

/** A paid period, as a row has it. */
type Period = Pick<SubscriptionRow, "anchor_at" | "current_period_start" | "current_period_end">

/** The n-th period after the anchor: months end on the anchor's day, or on the month's last day where it has no such day. */
const nthPeriod = (anchor_at: DateTime.Utc, duration: Duration, n: number): Period => ({
  anchor_at,
  current_period_start: DateTime.add(anchor_at, { months: n * months[duration] }),
  current_period_end: DateTime.add(anchor_at, { months: (n + 1) * months[duration] }),
})

/** The first period; all later ones are counted from its start. */
export const periodFrom = (start: DateTime.Utc, duration: Duration): Period => nthPeriod(start, duration, 0)

/** The period that contains `now` (from 31 January: 28 February, 31 March); before the anchor, the first one. */
export const periodAt = (anchor_at: DateTime.Utc, duration: Duration, now: DateTime.Utc): Period => {
  const [from, to] = [DateTime.toPartsUtc(anchor_at), DateTime.toPartsUtc(now)]
  const elapsed = (to.year - from.year) * 12 + to.month - from.month
  const n = Math.max(0, Math.floor(elapsed / months[duration]))
  const period = nthPeriod(anchor_at, duration, n)
  // In the month in which a period starts, its first day may still be ahead
  return n > 0 && DateTime.isGreaterThan(period.current_period_start, now)
    ? nthPeriod(anchor_at, duration, n - 1)
    : period
}

/** Whether the period has ended; the next one starts at that instant. */
const hasPeriodEnded = ({ current_period_end }: Period, now: DateTime.Utc): boolean =>
  DateTime.isLessThanOrEqualTo(current_period_end, now)

/** A move between states: the row to store (the same row when nothing changes), or why the state does not allow it. */
export type Move = Result.Result<SubscriptionRow, string>

/** Paid. The first payment restarts the period; a late one goes on with the period, or with the current one if it ended. */
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
      return Result.fail("The subscription is canceled, which is final: a new subscription is needed")
  }
}

/** The payment failed. The period stays: a past-due subscription gets no next one until it is paid. */
export const pastDue = (row: SubscriptionRow, now: DateTime.Utc): Move => {
  switch (row.status) {
    case "past_due":
      return Result.succeed(row)
    case "active":
      return Result.succeed({ ...row, status: "past_due", past_due_since: now })
    case "pending_payment":
      return Result.fail("The subscription is pending_payment: only an active one becomes past due")
    case "canceled":
      return Result.fail("The subscription is canceled, which is final")
  }
}

/** Cancels now or at the period's end; at once if the subscription was never paid or the period has ended. */
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

/** When the subscription ends without a request: with its period, or after 14 days past due. Null when it does not. */
export const endsAt = (row: SubscriptionRow): DateTime.Utc | null => {
  if (row.status !== "active" && row.status !== "past_due") return null
  const periodEnd = row.cancel_at_period_end ? row.current_period_end : null
  const unpaidEnd = row.past_due_since === null ? null : DateTime.add(row.past_due_since, { days: PAST_DUE_DAYS })
  if (periodEnd === null || unpaidEnd === null) return periodEnd ?? unpaidEnd
  return DateTime.min(periodEnd, unpaidEnd)
}

/**
 * The subscription as it is due by now: canceled at the instant at which it ended, or in the current period, however many
 * have passed. A pending_payment one stays as it is: its period restarts when it is paid.
 */
export const caughtUp = (row: SubscriptionRow, now: DateTime.Utc): SubscriptionRow => {
  const end = endsAt(row)
  if (end !== null && DateTime.isLessThanOrEqualTo(end, now)) return canceledAt(row, end)
  return row.status === "active" && hasPeriodEnded(row, now)
    ? { ...row, ...periodAt(row.anchor_at, row.duration, now) }
    : row
}
