/** The days of the proleptic Gregorian calendar that a rule matches, as masks of months, days and weekdays. No time zone. */

/** A calendar day, as the number of days since 1970-01-01. */
export type EpochDay = number

/** The milliseconds of a day without a clock change. */
export const dayMs = 86_400_000

/** Days as bit masks: a month is searched in one step, so a leap day 8 years away costs a hundred steps. */
export interface DayPattern {
  /** Bits 1 to 12. */
  readonly months: number
  /** Bits 1 to 31. */
  readonly days: number
  /** Bits 0 (Sunday) to 6. */
  readonly weekdays: number
  /** `either`: the day of the month or the weekday matches (cron with both restricted). `both`: both do. */
  readonly match: "both" | "either"
  /** A month without the day matches on its last day (monthly goals; not cron). */
  readonly clamp: boolean
}

/** A mask with these bits set. */
export const bits = (values: Iterable<number>): number => {
  let mask = 0
  for (const value of values) mask |= 1 << value
  return mask
}

/** Every month, every day of the month, every weekday. */
export const everyMonth = 0x1ffe
export const everyDay = ~1
export const everyWeekday = 0x7f

/** Every day. */
export const daily: DayPattern = {
  months: everyMonth,
  days: everyDay,
  weekdays: everyWeekday,
  match: "both",
  clamp: false,
}

const lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const isLeap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
const lengthOf = (year: number, month: number) => month === 2 && isLeap(year) ? 29 : lengths[month - 1]!

/** The days 1, 8, 15, 22, 29 of a month: one weekday of it, shifted for the others. */
const weekly = bits([1, 8, 15, 22, 29])

const weekdayMask = (weekdays: number, firstWeekday: number): number => {
  let mask = 0
  for (let weekday = 0; weekday < 7; weekday++) {
    if (weekdays & (1 << weekday)) mask |= weekly << ((weekday - firstWeekday + 7) % 7)
  }
  return mask
}

const monthMask = (pattern: DayPattern, length: number, firstWeekday: number): number => {
  const exists = length === 31 ? everyDay : (1 << (length + 1)) - 2
  let days = pattern.days & exists
  if (pattern.clamp && (pattern.days & ~exists) !== 0) days |= 1 << length
  const weekdays = pattern.weekdays === everyWeekday ? everyDay : weekdayMask(pattern.weekdays, firstWeekday)
  return (pattern.match === "either" ? days | weekdays : days & weekdays) & exists
}

/** The first matching day in [from, until], or undefined. */
export const nextDay = (pattern: DayPattern, from: EpochDay, until: EpochDay): EpochDay | undefined => {
  const start = new Date(from * dayMs)
  let year = start.getUTCFullYear()
  let month = start.getUTCMonth() + 1
  let atLeast = start.getUTCDate()
  let first = from - atLeast + 1
  while (first <= until) {
    const length = lengthOf(year, month)
    if (pattern.months & (1 << month)) {
      const weekday = (((first + 4) % 7) + 7) % 7
      const left = monthMask(pattern, length, weekday) & (-1 << atLeast)
      if (left !== 0) {
        const day = first + 30 - Math.clz32(left & -left)
        return day <= until ? day : undefined
      }
    }
    first += length
    atLeast = 1
    if (month++ === 12) {
      month = 1
      year++
    }
  }
  return undefined
}
