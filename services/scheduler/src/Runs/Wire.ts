/** Pure: a run as its reader sees it, without the names that are not for a customer. */
import { Run } from "@stint/domain/scheduler/Runs"
import { BUDGET } from "@stint/domain/scheduler/ReasonCodes"
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
  const { cancel_reason: _, cancelled_by: __, ended_at: ___, failed_attempts, making, started_at: ____, ...rest } = row
  const isOverBudget = row.reason_code === "hire_not_runnable" && failed_attempts.at(-1)?.error_details.type === BUDGET
  return Run.make({
    ...rest,
    reason: reasonFor(row, naming),
    reason_code: isOverBudget ? BUDGET : row.reason_code,
    ...(making === null ? {} : { making }),
    scheduled_time: DateTime.makeUnsafe(row.scheduled_time),
    next_attempt_at: when(row.next_attempt_at),
    attempts: attemptsOf(row).map((attempt) => ({
      ...attempt,
      started_at: DateTime.makeUnsafe(attempt.started_at),
      ended_at: when(attempt.ended_at),
    })),
  })
}
