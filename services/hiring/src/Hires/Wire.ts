/** A hire as its readers get it, with its subscription's state. */
import type { Values } from "@stint/domain/Bounds"
import { Hire } from "@stint/domain/hiring/Hires"
import { etagOf } from "@stint/edge/Preconditions"
import { retentionEnd } from "../Engagements/Policy.ts"
import type { Hired, HireRow } from "../Engagements/Row.ts"
import { missingShown } from "./Policy.ts"

/** The tag of a hire. Its subscription's state is shown with it, and a change of that writes the hire. */
export const hireTag = ({ updated_at, version }: Pick<HireRow, "version" | "updated_at">): string =>
  etagOf(version, updated_at)

/** Leaves out what only the rules read. */
export const hireOnWire = (bounds: Values) => ({ hire, subscription }: Hired): Hire => {
  const { deactivated_at: _, timezone: __, version: ___, ...shown } = hire
  return Hire.make({
    ...shown,
    ...missingShown(hire.missing, bounds),
    subscription_status: subscription.status,
    subscription_ended_at: subscription.ended_at,
    retention_expires_at: retentionEnd(subscription),
  })
}
