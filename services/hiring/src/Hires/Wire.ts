/** A hire as its readers get it, with its subscription's state. */
import { Hire } from "@stint/domain/hiring/Hires"
import { retentionEnd } from "../Engagements/Policy.ts"
import type { Hired } from "../Engagements/Row.ts"

/** Leaves out what only the rules read. */
export const hireOnWire = ({ hire, subscription }: Hired): Hire => {
  const { deactivated_at: _, timezone: __, version: ___, ...shown } = hire
  return Hire.make({
    ...shown,
    subscription_status: subscription.status,
    subscription_ended_at: subscription.ended_at,
    retention_expires_at: retentionEnd(subscription),
  })
}
