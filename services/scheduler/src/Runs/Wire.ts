/** Pure: a run as its reader sees it, without the names that are not for a customer. */
import { Run } from "@stint/domain/scheduler/Runs"
import { DateTime } from "effect"
import type { Naming } from "../Names.ts"
import { attemptsOf, type RunRow } from "./Row.ts"

const when = (millis: number | null) => millis === null ? null : DateTime.makeUnsafe(millis)

/** Who cancelled something and why, in words. */
export const cancelledBy = (who: string, reason: string | null, naming: Naming): string =>
  `cancelled by ${naming(who)}${reason === null ? "" : `: ${reason}`}`

/** The reason of a run for its reader. */
const reasonFor = (
  { cancel_reason, cancelled_by, reason }: Pick<RunRow, "reason" | "cancelled_by" | "cancel_reason">,
  naming: Naming,
): string | null => cancelled_by === null ? reason : cancelledBy(cancelled_by, cancel_reason, naming)

/** A run on the wire. */
export const toRun = (row: RunRow, naming: Naming): Run => {
  const { cancel_reason: _, cancelled_by: __, ended_at: ___, failed_attempts: ____, started_at: _____, ...rest } = row
  return Run.make({
    ...rest,
    reason: reasonFor(row, naming),
    scheduled_time: DateTime.makeUnsafe(row.scheduled_time),
    next_attempt_at: when(row.next_attempt_at),
    attempts: attemptsOf(row).map((attempt) => ({
      ...attempt,
      started_at: DateTime.makeUnsafe(attempt.started_at),
      ended_at: when(attempt.ended_at),
    })),
  })
}
