/** Pure: the month in which a call counts, and why a budget does not allow one (domain.md, "Makers"). */
import type { Budget } from "@stint/domain/Definition/HireSettings"
import { OverBudget } from "@stint/domain/deliverables/Makings"
import { isTimezone } from "@stint/domain/Formats"
import { amountText } from "@stint/domain/Money"
import type { JsonObject } from "@stint/domain/Protocol"

const formats = new Map<string, Intl.DateTimeFormat>()

const formatOf = (timeZone: string): Intl.DateTimeFormat => {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat("en-US", { timeZone, calendar: "gregory", year: "numeric", month: "2-digit" })
  formats.set(timeZone, made)
  return made
}

/** The month (YYYY-MM) of an instant in the zone of a hire's config, in which its goals run too; UTC where it has none. */
export const monthOf = ({ timezone }: JsonObject, millis: number): string => {
  const zone = typeof timezone === "string" && isTimezone(timezone) ? timezone : "UTC"
  const parts = Object.fromEntries(formatOf(zone).formatToParts(millis).map(({ type, value }) => [type, value]))
  return `${parts.year}-${parts.month}`
}

/** Why a call may not be sent, with the limits that there are. */
export const overBudget = ({ cost, tokens }: Budget): OverBudget => {
  const limits = [
    ...(cost === null ? [] : [`${amountText(cost)} a month`]),
    ...(tokens === null ? [] : [`${tokens} tokens a run`]),
  ]
  return new OverBudget({ detail: `One more call could pass the hire's budget of ${limits.join(" and ")}` })
}
