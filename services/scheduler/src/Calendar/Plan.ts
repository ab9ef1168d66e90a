/** A rule prepared for evaluation: its days and minutes, without its zone. */
import { parseCron } from "@stint/domain/Cron"
import { bits, daily, dayMs, type DayPattern, nextDay } from "@stint/domain/DayPattern"
import { type Rule, weekdays } from "@stint/domain/Schedule"
import { Result } from "effect"

/** The local times that a rule names. */
export interface Plan {
  readonly pattern: DayPattern
  /** Minutes of the day, ascending, at least one. */
  readonly times: ReadonlyArray<number>
  /** It follows elapsed time, not local time: cron with `*` in its hour field. */
  readonly elapsed: boolean
}

const minuteMs = 60_000
const maxPlans = 4096
const plans = new Map<string, Plan>()

const minuteOf = (at: string): number => Number(at.slice(0, 2)) * 60 + Number(at.slice(3))

const make = (rule: Exclude<Rule, { frequency: "on_demand" }>): Plan => {
  switch (rule.frequency) {
    case "daily":
      return { pattern: daily, times: [minuteOf(rule.at)], elapsed: false }
    case "weekly": {
      const days = bits([(weekdays.indexOf(rule.weekday) + 1) % 7])
      return { pattern: { ...daily, weekdays: days }, times: [minuteOf(rule.at)], elapsed: false }
    }
    case "monthly": {
      const pattern = { ...daily, days: bits([rule.day_of_month]), clamp: true }
      return { pattern, times: [minuteOf(rule.at)], elapsed: false }
    }
    case "cron":
      return Result.getOrThrow(parseCron(rule.cron))
  }
}

/** Identifies the local times of a rule, whatever its zone. */
export const keyOf = (rule: Exclude<Rule, { frequency: "on_demand" }>): string => {
  switch (rule.frequency) {
    case "daily":
      return rule.at
    case "weekly":
      return rule.at + rule.weekday
    case "monthly":
      return `${rule.at}/${rule.day_of_month}`
    case "cron":
      return `cron ${rule.cron}`
  }
}

/** The plan of a rule; rules with the same local times share one. */
export const planOf = (rule: Exclude<Rule, { frequency: "on_demand" }>): Plan => {
  const key = keyOf(rule)
  const known = plans.get(key)
  if (known !== undefined) return known
  if (plans.size >= maxPlans) plans.clear()
  const plan = make(rule)
  plans.set(key, plan)
  return plan
}

/** The first time later than `minute`, or undefined. */
const timeAfter = (times: ReadonlyArray<number>, minute: number): number | undefined => {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! > minute) high = middle
    else low = middle + 1
  }
  return times[low]
}

/**
 * The first local time of the plan later than `local`, or undefined when there is none up to `until`. Local times are
 * ms since 1970-01-01T00:00 local, whatever the zone.
 */
export const localAfter = (plan: Plan, local: number, until: number): number | undefined => {
  const today = Math.floor(local / dayMs)
  const last = Math.floor(until / dayMs)
  const time = timeAfter(plan.times, Math.floor((local - today * dayMs) / minuteMs))
  const day = nextDay(plan.pattern, time === undefined ? today + 1 : today, last)
  if (day === undefined) return undefined
  return day * dayMs + (day === today ? time! : plan.times[0]!) * minuteMs
}
