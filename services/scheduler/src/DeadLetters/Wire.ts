/** Pure: dead letters as they are sent. */
import { DeadLetter, type DeadLetterCause } from "@stint/domain/scheduler/DeadLetters"
import { DateTime } from "effect"
import type { CauseRow, DeadLetterRow } from "./Row.ts"

/** A dead letter on the wire. */
export const toDeadLetter = (
  { closed_at, expires_at, first_failed_at, last_failed_at, ...row }: DeadLetterRow,
): DeadLetter =>
  DeadLetter.make({
    ...row,
    first_failed_at: DateTime.makeUnsafe(first_failed_at),
    last_failed_at: DateTime.makeUnsafe(last_failed_at),
    expires_at: DateTime.makeUnsafe(expires_at),
    closed_at: closed_at === null ? null : DateTime.makeUnsafe(closed_at),
  })

/** A cause on the wire. */
export const toCause = ({ first_failed_at, last_failed_at, ...row }: CauseRow): DeadLetterCause => ({
  ...row,
  first_failed_at: DateTime.makeUnsafe(first_failed_at),
  last_failed_at: DateTime.makeUnsafe(last_failed_at),
})
