/** Pure decisions on subscriptions: periods by the calendar, and which state leads to which (domain.md, "States"). */
import type { Duration } from "@stint/domain/Subscriptions"
import { DateTime, Result } from "effect"
import type { SubscriptionRow } from "../Engagements/Rows.ts"

const months: Record<Duration, number> = { monthly: 1, quarterly: 3, yearly: 12 }

/** The period that starts now; a month ends on the same day of the next one, or on that one's last day. */
export const periodFrom = (start: DateTime.Utc, duration: Duration) => ({
  current_period_start: start,
  current_period_end: DateTime.add(start, { months: months[duration] }),
})

/** What a state's change comes to: the row to store, the same row when nothing changes, or why it can't be. */
export type Move = Result.Result<SubscriptionRow, string>

/** The payment came: the first one starts the period anew, a late one takes it up again. */
export const activate = (row: SubscriptionRow, now: DateTime.Utc): Move => {
  switch (row.status) {
    case "active":
      return Result.succeed(row)
    case "past_due":
      return Result.succeed({ ...row, status: "active" })
    case "pending_payment":
      return Result.succeed({ ...row, status: "active", ...periodFrom(now, row.duration) })
    case "canceled":
      return Result.fail("It is canceled, which is final: a new subscription is needed")
  }
}

/** The payment failed. */
export const pastDue = (row: SubscriptionRow): Move => {
  switch (row.status) {
    case "past_due":
      return Result.succeed(row)
    case "active":
      return Result.succeed({ ...row, status: "past_due" })
    case "pending_payment":
      return Result.fail("It is pending_payment: only an active subscription becomes past due")
    case "canceled":
      return Result.fail("It is canceled, which is final")
  }
}

/** The customer leaves: now, or when the period ends. One that was never paid has no period to wait for. */
export const cancel = (row: SubscriptionRow, atPeriodEnd: boolean, now: DateTime.Utc): Move => {
  if (row.status === "canceled") return Result.succeed(row)
  if (!atPeriodEnd || row.status === "pending_payment") {
    return Result.succeed({ ...row, status: "canceled", ended_at: now })
  }
  return Result.succeed(row.cancel_at_period_end ? row : { ...row, cancel_at_period_end: true })
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
