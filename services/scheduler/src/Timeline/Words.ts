/** Pure: how a rule is worded. */
import type { Rule } from "@stint/domain/Schedule"
import { type Ruled, ruleOfVersion, zoneOf } from "../Timeline.ts"

/** A text that begins with a capital. */
export const capital = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

/** A rule in words, with its zone. */
export const ruleInWords = (rule: Rule): string => {
  switch (rule.frequency) {
    case "daily":
      return `daily at ${rule.at} ${rule.timezone}`
    case "weekly":
      return `every ${capital(rule.weekday)} at ${rule.at} ${rule.timezone}`
    case "monthly":
      return `monthly on day ${rule.day_of_month}${
        rule.day_of_month > 28 ? " (or the month's last)" : ""
      } at ${rule.at} ${rule.timezone}`
    case "cron":
      return `cron ${rule.cron} in ${rule.timezone}`
    case "on_demand":
      return "on demand, without a schedule"
  }
}

/** The rule of a version in words, also where it can't be evaluated. */
export const ruleWords = (version: Ruled): string => {
  const rule = ruleOfVersion(version)
  return rule === undefined ? `${version.frequency} in ${zoneOf(version)}` : ruleInWords(rule)
}
