/** Checks of text: time zones and times of day. Without the calendar of Schedule.ts, which would come with every page. */
import { Schema } from "effect"

/** Whether Intl accepts it as the name of a zone or of a link to one. Numeric offsets are refused (domain.md). */
export const isTimezone = (zone: string): boolean => {
  if (!/^[A-Za-z]/.test(zone)) return false
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/** A time of day, 00:00 to 23:59. */
export const localTime = /^([01]\d|2[0-3]):[0-5]\d$/

/** A time of day HH:MM, 00:00 to 23:59. */
export const LocalTime = Schema.String.check(
  Schema.isPattern(localTime, { message: "must be a time of day HH:MM, 00:00 to 23:59" }),
).annotate({ examples: ["09:00"] })
export type LocalTime = typeof LocalTime.Type
