/**
 * When a goal fires: the calendar of domain.md, "Rules: when it runs", as pure functions of a rule and an instant.
 *
 * - A local time that a clock change leaves out moves on by the gap; one that comes twice counts once, at the first.
 * - Cron with an hour field that begins with `*` (a step too, as in Vixie cron) follows elapsed time: every match
 *   fires, both times in a repeated hour, never in a missing one.
 * - Slots that fall on one instant are one.
 *
 * Why not a library. Effect's Cron (4.1.0, measured): `onDstOverlap: "both"` fires a repeated hour twice, but a missing
 * local time always moves on, so hourly `15 * * * *` in Australia/Lord_Howe fires at 02:45 on the day on which 02:15
 * does not exist; and after a gap it passes over slots, so `10,35 2 * * *` there loses 02:35. `next` costs 66 to 196 us
 * with a zone, and 206 ms for an expression that never fires. Its parser is right and used (`@stint/domain/Cron`).
 * Temporal resolves a local time as wanted ("compatible"), but has no rules, and a question costs 1.3 us.
 *
 * Cached are the clock changes of a zone, the masks of a rule, and the latest slots of a rule in a zone. With the first two
 * a slot costs 0.4 to 1.6 us, a new zone 0.3 to 2 ms; goals that share rule and zone share the slot.
 */
import { horizonDays } from "@stint/domain/Cron"
import { dayMs } from "@stint/domain/DayPattern"
import type { Rule } from "@stint/domain/Schedule"
import { memoised } from "./Calendar/Memo.ts"
import { keyOf, localAfter, type Plan, planOf } from "./Calendar/Plan.ts"
import { maxJumpMs, type Stretch, stretchAt } from "./Calendar/Zone.ts"

/** The first slot in [from, stretch.to) whose local time the rule names. */
const shown = (plan: Plan, stretch: Stretch, from: number, until: number): number | undefined => {
  const { before, offset } = stretch
  // after a fold the clock shows the same local times again; only rules of elapsed time count them twice
  const repeated = before > offset && !plan.elapsed ? stretch.from + before : -Infinity
  const local = localAfter(plan, Math.max(from + offset, repeated) - 1, until + offset)
  return local === undefined ? undefined : local - offset
}

/** The first slot in [from, stretch.to) whose local time is in the gap that began the stretch, moved on by that gap. */
const moved = (plan: Plan, stretch: Stretch, from: number, until: number): number | undefined => {
  const { before, offset } = stretch
  const gapEnd = stretch.from + offset
  if (plan.elapsed || Math.max(from, stretch.from) + before >= gapEnd) return undefined
  const local = localAfter(plan, Math.max(from, stretch.from) + before - 1, until + offset)
  return local === undefined || local >= gapEnd ? undefined : local - before
}

type Timed = Exclude<Rule, { frequency: "on_demand" }>

const evaluate = (rule: Timed, instant: number): number | undefined => {
  const plan = planOf(rule)
  const until = instant + horizonDays * dayMs
  let from = Math.floor(instant) + 1
  while (from <= until) {
    const stretch = stretchAt(rule.timezone, from)
    const plain = shown(plan, stretch, from, until)
    const late = moved(plan, stretch, from, until)
    const slot = Math.min(plain ?? Infinity, late ?? Infinity)
    if (slot < stretch.to) return slot
    // skip stretches in which the rule names no day; starting earlier covers the local times that a fold repeats
    const start = from + stretch.offset - maxJumpMs
    const ahead = localAfter(plan, start, until + maxJumpMs) ?? Infinity
    from = Math.max(stretch.to, ahead - stretch.offset - maxJumpMs)
  }
  return undefined
}

const nextOf = memoised((rule: Timed) => `${keyOf(rule)} ${rule.timezone}`, evaluate)

/**
 * The first slot strictly after an instant; both epoch ms. Undefined for on_demand and when 8 years hold none.
 * Throws a RangeError for a zone that this runtime does not know.
 */
export const nextAfter = (rule: Rule, instant: number): number | undefined =>
  rule.frequency === "on_demand" ? undefined : nextOf(rule, instant)

/** How far back to search, nearest first: frequent rules need no clock changes of years ago. ms */
const lookBacks = [1, 35, 400, horizonDays].map((days) => days * dayMs)

/**
 * The last slot strictly before an instant; both epoch ms. Undefined for on_demand and when the 8 years before it hold
 * none. Throws as `nextAfter` does. It costs some 40 evaluations (bisection), and does not use the engine's cache.
 */
export const previousBefore = (rule: Rule, instant: number): number | undefined => {
  if (rule.frequency === "on_demand") return undefined
  const isBefore = (slot: number | undefined): slot is number => slot !== undefined && slot < instant
  for (const back of lookBacks) {
    const first = evaluate(rule, instant - back - 1)
    if (!isBefore(first)) continue
    // `low` is a slot; none lies between `high` and the instant
    let low = first
    let high = Math.ceil(instant) - 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const slot = evaluate(rule, middle)
      if (isBefore(slot)) low = slot
      else high = middle
    }
    return low
  }
  return undefined
}

/** The slots in (from, to], oldest first, at most `limit` of them; all epoch ms. */
export const between = (rule: Rule, from: number, to: number, limit: number): Array<number> => {
  const slots: Array<number> = []
  let slot = nextAfter(rule, from)
  while (slot !== undefined && slot <= to && slots.length < limit) {
    slots.push(slot)
    slot = nextAfter(rule, slot)
  }
  return slots
}

/** The first and the last of some slots, epoch ms. */
export interface SlotSpan {
  readonly from: number
  readonly to: number
}

/** The first and the last slot in (from, to], whatever lies between; undefined when there is none. Some 40 evaluations. */
export const spanBetween = (rule: Rule, from: number, to: number): SlotSpan | undefined => {
  const first = nextAfter(rule, from)
  if (first === undefined || first > to) return undefined
  return { from: first, to: previousBefore(rule, to + 1) ?? first }
}

/** Slots as a range. */
export interface SlotRange extends SlotSpan {
  readonly count: number
}

/** The slots in (from, to] as a range, without keeping each; undefined when there is none. */
export const rangeBetween = (rule: Rule, from: number, to: number): SlotRange | undefined => {
  const first = nextAfter(rule, from)
  if (first === undefined || first > to) return undefined
  let last = first
  let count = 1
  for (let slot = nextAfter(rule, first); slot !== undefined && slot <= to; slot = nextAfter(rule, slot)) {
    last = slot
    count++
  }
  return { from: first, to: last, count }
}
