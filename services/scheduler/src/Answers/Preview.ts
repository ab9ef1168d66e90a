/** Pure: when a rule fires next, and why it does not fire. */
import { defaults, type Values } from "@stint/domain/Bounds"
import type { Fire, RulePreview } from "@stint/domain/scheduler/Answers"
import type { Rule } from "@stint/domain/Schedule"
import { DateTime } from "effect"
import { between } from "../Calendar.ts"
import { localOf, noteOf } from "../Calendar/Local.ts"
import { type Ruled, ruleOfVersion, type Segment, spreadOfVersion, zoneOf } from "../Timeline.ts"
import { ruleInWords } from "../Timeline/Words.ts"

/** The last instant that can be sent: years have four digits. Epoch ms. */
export const LAST_INSTANT = Date.parse("9999-12-31T23:59:59.999Z")

/** The longest year, in ms. */
const YEAR = 366 * 86_400_000

/** How many fires a preview has, unless it says. */
const DEFAULT_COUNT = 10

/** Which fires: those that start in [from, to], epoch ms, the earliest first. */
export interface Span {
  readonly from: number
  readonly to?: number
  readonly count: number
}

/** A slot that is ahead, with its rule and when it starts. */
export interface Ahead {
  readonly slot: number
  readonly starts: number
  readonly rule: Exclude<Rule, { frequency: "on_demand" }>
}

/** A slot as it is sent. */
export const fireOf = ({ rule, slot, starts }: Ahead): Fire => {
  const note = noteOf(rule, slot)
  return {
    scheduled_time: DateTime.makeUnsafe(slot),
    starts_at: DateTime.makeUnsafe(starts),
    local: localOf(rule.timezone, slot),
    ...(note === undefined ? {} : { note }),
  }
}

/** The slots of a rule in (after, until], which start `spread` ms after their instants. */
const slotsOf = (
  rule: Rule,
  spread: number,
  after: number,
  until: number,
  { count, from, to = LAST_INSTANT }: Span,
): ReadonlyArray<Ahead> =>
  rule.frequency === "on_demand"
    ? []
    : between(rule, Math.max(from - spread - 1, after), Math.min(to - spread, until), count)
      .map((slot) => ({ rule, slot, starts: slot + spread }))

/**
 * The slots of a stored goal that are ahead: each by the version that held at its instant, back to the last time that the goal
 * was stopped, so that one which an edit left in its spread is among them, and one from before the edit that never was is not.
 */
export const slotsOn = (segments: ReadonlyArray<Segment>, span: Span): ReadonlyArray<Ahead> => {
  const last = segments.length - 1
  const since = segments.findLastIndex(({ row }, nth) => nth < last && !row.runs) + 1
  return segments.slice(since).flatMap(({ from, row, to }) => {
    const rule = row.deleted ? undefined : ruleOfVersion(row)
    return rule === undefined ? [] : slotsOf(rule, spreadOfVersion(row.goal_instance_id, row), from, to, span)
  }).sort((a, b) => a.starts - b.starts).slice(0, span.count)
}

/** The preview of a goal from `from` (default now) on: of a stored one with its versions, of a draft by its rule alone. */
export const previewOf = (
  ruled: Ruled,
  now: number,
  { count = DEFAULT_COUNT, from }: { readonly count?: number; readonly from?: DateTime.Utc },
  segments?: ReadonlyArray<Segment>,
  { horizon_years }: Pick<Values, "horizon_years"> = defaults,
): RulePreview => {
  const rule = ruleOfVersion(ruled)
  const timezone = zoneOf(ruled)
  const spread_seconds = typeof ruled.schedule.spread_seconds === "number" ? ruled.schedule.spread_seconds : 0
  if (rule === undefined) {
    const reason = `the rule can't be evaluated here: ${ruled.frequency} in ${timezone}`
    return { rule: null, rule_in_words: reason, timezone, spread_seconds, will_run: false, reason, items: [] }
  }
  const start = from === undefined ? now : DateTime.toEpochMillis(from)
  const span = { from: start, to: Math.min(start + horizon_years * YEAR, LAST_INSTANT), count }
  const ahead = segments === undefined ? slotsOf(rule, 0, -Infinity, Infinity, span) : slotsOn(segments, span)
  const items = ahead.map(fireOf)
  const reason = rule.frequency === "on_demand"
    ? "it has no schedule: it runs on demand, when a person asks"
    : items.length === 0
    ? "the rule fires at no instant of the next 8 years"
    : null
  return { rule, rule_in_words: ruleInWords(rule), timezone, spread_seconds, will_run: reason === null, reason, items }
}
