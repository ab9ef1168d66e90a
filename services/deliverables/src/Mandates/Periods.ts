/** The period of an instant, in which a mandate's uses are counted. */
import type { Per } from "@stint/domain/deliverables/Mandates"
import { isTimezone } from "@stint/domain/Formats"
import type { JsonObject } from "@stint/domain/Protocol"

/** A period: its first day, and the first instant of the next one in epoch milliseconds. */
export interface Period {
  readonly first: string
  readonly endsAt: number
}

/** The zone of a hire's config, in which its goals run too; UTC where it has none. */
export const zoneOf = ({ timezone }: JsonObject): string =>
  typeof timezone === "string" && isTimezone(timezone) ? timezone : "UTC"

/** The day, the week from Monday or the month of an instant, by the calendar of a zone. */
export const periodOf = (per: Per, zone: string, millis: number): Period => {
  const day = Temporal.Instant.fromEpochMilliseconds(millis).toZonedDateTimeISO(zone).toPlainDate()
  const first = per === "day" ? day : per === "week" ? day.subtract({ days: day.dayOfWeek - 1 }) : day.with({ day: 1 })
  const next = first.add(per === "day" ? { days: 1 } : per === "week" ? { days: 7 } : { months: 1 })
  // the first instant of that day, which is not midnight where the clock is set forward at it
  return { first: first.toString(), endsAt: next.toZonedDateTime({ timeZone: zone }).epochMilliseconds }
}
