/** Which decisions still count: pure. */
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import type { Approval } from "@stint/domain/deliverables/Reviews"
import { millisOf } from "../../../format/Time.ts"

/** An approval as it is read. */
export type Decided = typeof Approval.json.Type

/** The approvals of the revision that is shown which nobody took back and that are not too old, the first one first. */
export const signaturesOf = (
  { revision = 1 }: Deliverable,
  decisions: ReadonlyArray<Decided>,
  now: number,
): ReadonlyArray<Decided> =>
  decisions.filter((one) =>
    one.decision === "approved" && one.withdrawn_at === null && one.revision === revision &&
    (one.expires_at === null || millisOf(one.expires_at) > now)
  ).toReversed()
