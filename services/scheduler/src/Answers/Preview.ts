/** Pure: when a rule fires next. */
import type { Fire } from "@stint/domain/Answers"
import type { Rule } from "@stint/domain/Schedule"
import { DateTime } from "effect"
import { between } from "../Calendar.ts"
import { localOf, noteOf } from "../Calendar/Local.ts"

/** The last instant that can be told: the wire's years have four digits. Epoch ms. */
export const LAST_INSTANT = Date.parse("9999-12-31T23:59:59.999Z")

/**
 * The next fires of a rule that start at `from` or later, the earliest first; at most `count`. `spread` (ms) moves the
 * starts. All instants epoch ms.
 */
export const firesOf = (rule: Rule, spread: number, from: number, count: number): ReadonlyArray<Fire> => {
  if (rule.frequency === "on_demand") return []
  return between(rule, from - spread - 1, LAST_INSTANT - spread, count).map((slot) => {
    const note = noteOf(rule, slot)
    return {
      scheduled_time: DateTime.makeUnsafe(slot),
      starts_at: DateTime.makeUnsafe(slot + spread),
      local: localOf(rule.timezone, slot),
      ...(note === undefined ? {} : { note }),
    }
  })
}
