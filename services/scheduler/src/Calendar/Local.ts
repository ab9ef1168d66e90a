/** The local time of an instant, and the effect of a clock change on a slot in words for a person. */
import { dayMs } from "@stint/domain/DayPattern"
import type { Rule } from "@stint/domain/Schedule"
import { localAfter, type Plan, planOf } from "./Plan.ts"
import { type Stretch, stretchAt } from "./Zone.ts"

const two = (value: number) => String(value).padStart(2, "0")

const offsetText = (offset: number): string => {
  const seconds = Math.abs(offset) / 1000
  const rest = seconds % 60 === 0 ? "" : `:${two(seconds % 60)}`
  return `${offset < 0 ? "-" : "+"}${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}${rest}`
}

/**
 * The local time of an instant (epoch ms) in a zone with its offset, as `2026-03-29T03:30:00+02:00`. Throws a RangeError
 * for a zone that this runtime does not know.
 */
export const localOf = (zone: string, instant: number): string => {
  const { offset } = stretchAt(zone, instant)
  return `${new Date(instant + offset).toISOString().slice(0, 19)}${offsetText(offset)}`
}

/** A local time (ms since 1970-01-01T00:00 local) as `02:30`; with its day when that is not the day of `beside`. */
const wall = (local: number, beside: number): string => {
  const text = new Date(local).toISOString()
  const sameDay = Math.floor(local / dayMs) === Math.floor(beside / dayMs)
  return sameDay ? text.slice(11, 16) : `${text.slice(0, 10)} ${text.slice(11, 16)}`
}

const names = (plan: Plan, local: number): boolean => localAfter(plan, local - 1, local) === local

/** The clock change that begins a stretch, in words. */
const change = ({ before, from, offset }: Stretch): string =>
  `clocks go ${offset > before ? "forward" : "back"} from ${wall(from + before, from + before)} to ${
    wall(from + offset, from + before)
  }`

/** Whether the local time of an instant comes for the second time, because the clocks went back. */
const isRepeat = ({ before, from, offset }: Stretch, instant: number) => instant + offset < from + before

/** The effect of a clock change on a slot (epoch ms): it was moved, or its local time comes twice. Undefined: none. */
export const noteOf = (rule: Rule, slot: number): string | undefined => {
  if (rule.frequency === "on_demand") return undefined
  const plan = planOf(rule)
  const here = stretchAt(rule.timezone, slot)
  const local = slot + here.offset
  const left = slot + here.before
  if (!plan.elapsed && here.offset > here.before && left < here.from + here.offset && names(plan, left)) {
    const to = names(plan, local) ? `falls together with ${wall(local, left)}` : `moves to ${wall(local, left)}`
    return `${wall(left, local)} does not exist on this day in ${rule.timezone}: ${change(here)}, so it ${to}`
  }
  if (plan.elapsed && here.before > here.offset && isRepeat(here, slot)) {
    return `the second ${wall(local, local)} of two: ${change(here)}, and this rule fires at both`
  }
  const next = stretchAt(rule.timezone, here.to)
  const isShownAgain = next.from === here.to && next.before > next.offset && local >= next.from + next.offset
  if (!isShownAgain) return undefined
  return `the first ${wall(local, local)} of two: ${change(next)}, and ${
    plan.elapsed ? "this rule fires at both" : "it counts once, at the first"
  }`
}

/**
 * The slot with the same local time as an instant (epoch ms), one pass before: the clocks went back in between, and the
 * second pass does not count. Undefined when there is none.
 */
export const firstPassOf = (rule: Rule, instant: number): number | undefined => {
  if (rule.frequency === "on_demand") return undefined
  const plan = planOf(rule)
  if (plan.elapsed) return undefined
  const here = stretchAt(rule.timezone, instant)
  const minute = Math.floor(instant / 60_000) * 60_000
  if (here.before <= here.offset || !isRepeat(here, instant) || !names(plan, minute + here.offset)) return undefined
  return minute - (here.before - here.offset)
}
