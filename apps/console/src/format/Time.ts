/** Times as people read them: in the hire's zone, by Intl; the instant in UTC is on hover (ui/Instant.tsx). */
import { isTimezone } from "@stint/domain/Formats"
import type { DateTime } from "effect"

/** An instant: as the schemas decode it, or a date. */
export type Moment = DateTime.Utc | Date

/** Milliseconds since 1970. */
export const millisOf = (moment: Moment): number => moment instanceof Date ? moment.getTime() : moment.epochMilliseconds

/** The zone that goals of a config run in: its `timezone`, else UTC (domain.md). */
export const zoneOf = (config: Readonly<Record<string, unknown>> | undefined): string => {
  const zone = config?.timezone
  return typeof zone === "string" && isTimezone(zone) ? zone : "UTC"
}

/** The reader's own zone, for what belongs to no hire. */
export const ownZone: string = Intl.DateTimeFormat().resolvedOptions().timeZone

const formats = new Map<string, Intl.DateTimeFormat>()

/** A format of Intl, made once: making one costs 0.1 ms. The language is the reader's. */
const formatOf = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const key = JSON.stringify(options)
  const made = formats.get(key) ?? new Intl.DateTimeFormat(undefined, options)
  formats.set(key, made)
  return made
}

const styles = {
  /** Mon 30 Nov, 09:00 */
  full: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  /** 30 Nov 2026, 09:00:05 */
  exact: {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  },
  /** Mon 30 Nov */
  day: { weekday: "short", day: "numeric", month: "short" },
  /** Monday, 30 November 2026 */
  longDay: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  /** November 2026 */
  month: { month: "long", year: "numeric" },
  /** Mon */
  weekday: { weekday: "short" },
  /** 09:00 */
  time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>

/** How a time is written. */
export type TimeStyle = keyof typeof styles

/** A moment in a zone. */
export const timeIn = (moment: Moment, zone: string, style: TimeStyle = "full"): string =>
  formatOf({ ...styles[style], timeZone: zone }).format(millisOf(moment))

/**
 * The short name of a zone, where its clock shows another time than the reader's own at that moment, so that nobody takes the one
 * for the other; nothing where both show the same.
 */
export const zoneMark = (moment: Moment, zone: string, own: string = ownZone): string | undefined =>
  zone === own || timeIn(moment, zone, "exact") === timeIn(moment, own, "exact")
    ? undefined
    : formatOf({ timeZoneName: "short", timeZone: zone }).formatToParts(millisOf(moment))
      .find(({ type }) => type === "timeZoneName")?.value

/** A moment in UTC, to the second, as logs have it. */
export const utcOf = (moment: Moment): string =>
  `${new Date(millisOf(moment)).toISOString().slice(0, 19).replace("T", " ")} UTC`

/** A calendar day YYYY-MM-DD in a zone. */
export const dayIn = (moment: Moment, zone: string): string => {
  const parts = formatOf({ year: "numeric", month: "2-digit", day: "2-digit", timeZone: zone, calendar: "iso8601" })
    .formatToParts(millisOf(moment))
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ""
  return `${part("year")}-${part("month")}-${part("day")}`
}

/** The minutes since midnight on the wall clock of a zone. */
export const minutesIn = (moment: Moment, zone: string): number => {
  const [hours = 0, minutes = 0] = formatOf({ ...styles.time, timeZone: zone, numberingSystem: "latn" })
    .format(millisOf(moment)).split(":").map(Number)
  return hours * 60 + minutes
}

const units = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1_000]] as const

/** A length of time by its largest unit: 5 h, 50 min, 2 d. */
export const lengthOf = (ms: number): string => {
  const size = Math.abs(ms)
  const [name, unit] = units.find(([, unit]) => size >= unit) ?? units[3]
  return `${Math.floor(size / unit)} ${name}`
}

/** How far a moment is from now: `in 5 h`, `2 d ago`, `now` within five seconds. */
export const fromNow = (moment: Moment, now: number): string => {
  const ms = millisOf(moment) - now
  if (Math.abs(ms) < 5_000) return "now"
  return ms > 0 ? `in ${lengthOf(ms)}` : `${lengthOf(ms)} ago`
}

/**
 * The instant at which a day YYYY-MM-DD begins in a zone. Days begin at midnight; where a clock change leaves that out, at
 * the first minute that there is.
 */
export const dayStart = (day: string, zone: string): Date => {
  const midnight = Date.parse(`${day}T00:00:00Z`)
  // the offset at a guess, then at what that gives: offsets change at most once in between
  let guess = midnight
  for (let round = 0; round < 2; round++) {
    const shown = Date.parse(`${dayIn(new Date(guess), zone)}T00:00:00Z`) + minutesIn(new Date(guess), zone) * 60_000
    guess -= shown - midnight
  }
  return new Date(guess)
}

/** A day so many days later. */
export const addDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
