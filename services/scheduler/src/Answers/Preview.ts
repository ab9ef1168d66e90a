/** Pure: when a rule fires next, and why it does not fire. */
import type { Fire, RulePreview } from "@stint/domain/scheduler/Answers"
import type { Rule } from "@stint/domain/Schedule"
import { DateTime } from "effect"
import { between } from "../Calendar.ts"
import { localOf, noteOf } from "../Calendar/Local.ts"
import { type Ruled, ruleOfVersion, zoneOf } from "../Timeline.ts"
import { ruleInWords } from "../Timeline/Words.ts"

/** The last instant that can be sent: years have four digits. Epoch ms. */
export const LAST_INSTANT = Date.parse("9999-12-31T23:59:59.999Z")

/** How many fires a preview has, unless it says. */
const DEFAULT_COUNT = 10

/**
 * The next fires of a rule that start at `from` (epoch ms) or later, the earliest first; at most `count`. They start
 * `spread` ms after their slots.
 */
const firesOf = (rule: Rule, spread: number, from: number, count: number): ReadonlyArray<Fire> => {
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

/** The preview of a goal, stored or not, with its spread (ms), from `from` (default now) on. */
export const previewOf = (
  ruled: Ruled,
  spread: number,
  now: number,
  { count = DEFAULT_COUNT, from }: { readonly count?: number; readonly from?: DateTime.Utc },
): RulePreview => {
  const rule = ruleOfVersion(ruled)
  const timezone = zoneOf(ruled)
  const spread_seconds = typeof ruled.schedule.spread_seconds === "number" ? ruled.schedule.spread_seconds : 0
  if (rule === undefined) {
    const reason = `the rule can't be evaluated here: ${ruled.frequency} in ${timezone}`
    return { rule: null, rule_in_words: reason, timezone, spread_seconds, will_run: false, reason, items: [] }
  }
  const items = firesOf(rule, spread, from === undefined ? now : DateTime.toEpochMillis(from), count)
  const reason = rule.frequency === "on_demand"
    ? "it has no schedule: it runs on demand, when a person asks"
    : items.length === 0
    ? "the rule fires at no instant of the next 8 years"
    : null
  return { rule, rule_in_words: ruleInWords(rule), timezone, spread_seconds, will_run: reason === null, reason, items }
}
