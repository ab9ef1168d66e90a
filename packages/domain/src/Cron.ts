/**
 * Parses cron expressions of five fields. Effect's `Cron.parse` reads each field (names, ranges, lists, steps, 0 and 7 as
 * Sunday); each field is parsed alone, so that an error can name it. Its evaluator is not used: see the scheduler's
 * Calendar.
 */
import { Cron, Result } from "effect"
import { bits, type DayPattern, everyDay, everyMonth, everyWeekday, nextDay } from "./DayPattern.ts"

/** A parsed expression. */
export interface CronFields {
  /** The expression with single spaces between its fields. */
  readonly text: string
  /** Minutes of the day at which it fires, ascending. */
  readonly times: ReadonlyArray<number>
  /** The hour field begins with `*`: it fires by elapsed time, so in a repeated hour twice and in a skipped hour never. */
  readonly elapsed: boolean
  readonly pattern: DayPattern
}

const how = "*, numbers, ranges 1-5, lists 1,3 and steps */2"
const fields = [
  { name: "minute", takes: `0 to 59 as ${how}`, all: range(0, 59), of: "minutes", names: [] },
  { name: "hour", takes: `0 to 23 as ${how}`, all: range(0, 23), of: "hours", names: [] },
  { name: "day-of-month", takes: `1 to 31 as ${how}`, all: range(1, 31), of: "days", names: [] },
  {
    name: "month",
    takes: `1 to 12 or jan to dec as ${how}`,
    all: range(1, 12),
    of: "months",
    names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
  {
    name: "day-of-week",
    takes: `0 to 7 or sun to sat as ${how}`,
    all: range(0, 6),
    of: "weekdays",
    names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
  },
] as const

type Field = typeof fields[number]

function range(from: number, to: number): ReadonlyArray<number> {
  return Array.from({ length: to - from + 1 }, (_, nth) => from + nth)
}

const maxLength = 1000

/**
 * A field in which each range that ends before it begins is written out: `fri-mon` and `5-1` are 5,6,0,1, `22-2` is
 * 22,23,0,1,2, `nov-feb` and `11-2` are 11,12,1,2. POSIX does not say what such a range means, and cronie refuses it; Quartz
 * reads it so, and so do people. By name or by number it is the same.
 */
const unwrapped = (text: string, { all, names, of }: Field): string => {
  const first = all[0]!
  const valueOf = (word: string) => {
    const named = (names as ReadonlyArray<string>).indexOf(word.toLowerCase())
    const value = named >= 0 ? named + first : /^\d{1,2}$/.test(word) ? Number(word) : NaN
    return of === "weekdays" && value === 7 ? 0 : value
  }
  return text.split(",").map((part) => {
    const [, from = "", to = "", step = "1"] = /^(\w+)-(\w+)(?:\/(\d{1,2}))?$/.exec(part) ?? []
    const [begin, end] = [valueOf(from), valueOf(to)]
    const within = [begin, end].every((value) => value >= first && value < first + all.length)
    // 5-7 and sun-7 end in a Sunday that is no beginning of a week
    const wraps = begin > end ? to !== "7" : from === "7"
    if (!wraps || !within || Number(step) < 1) return part
    const last = begin > end ? end + all.length : end
    const wrapped: Array<number> = []
    for (let value = begin; value <= last; value += Number(step)) {
      wrapped.push((value - first) % all.length + first)
    }
    return wrapped.join()
  }).join()
}

/** The values of one field, ascending; fails with what the field takes. */
const readField = (text: string, nth: number): Result.Result<ReadonlyArray<number>, string> => {
  const field = fields[nth]!
  const plain = unwrapped(text, field)
  const expression = fields.map((_, other) => other === nth ? plain : "*").join(" ")
  return Cron.parse(expression).pipe(
    Result.map((cron) => cron[field.of].size === 0 ? field.all : [...cron[field.of]].sort((a, b) => a - b)),
    Result.mapError(() => `the ${field.name} field takes ${field.takes}, each range and step within them`),
  )
}

/**
 * Parses an expression; fails with a sentence that names the field. As in Vixie cron, a field that begins with `*`
 * (also as a step) is unrestricted: when both day fields are restricted either matches, otherwise both must.
 */
export const parseCron = (expression: string): Result.Result<CronFields, string> => {
  const texts = expression.trim().split(/\s+/)
  if (expression.length > maxLength || texts.length !== fields.length) {
    return Result.fail("must have five fields: minute, hour, day-of-month, month, day-of-week, such as 0 9 * * 1-5")
  }
  return Result.all(texts.map(readField)).pipe(
    Result.map(([minutes, hours, days, months, weekdays]) => ({
      text: texts.join(" "),
      times: hours!.flatMap((hour) => minutes!.map((minute) => hour * 60 + minute)),
      elapsed: texts[1]!.startsWith("*"),
      pattern: {
        months: months!.length === 12 ? everyMonth : bits(months!),
        days: days!.length === 31 ? everyDay : bits(days!),
        weekdays: weekdays!.length === 7 ? everyWeekday : bits(weekdays!),
        match: texts[2]!.startsWith("*") || texts[4]!.startsWith("*") ? "both" : "either",
        clamp: false,
      },
    })),
  )
}

/** A rule must fire within this many days: 8 years (domain.md), so that one for leap days is valid across 2100. */
export const horizonDays = 8 * 365 + 2

/** What is wrong with an expression on the day `today` (days since 1970-01-01), as a sentence; undefined if it is valid. */
export const cronFault = (expression: string, today: number): string | undefined => {
  const parsed = parseCron(expression)
  if (Result.isFailure(parsed)) return parsed.failure
  return nextDay(parsed.success.pattern, today, today + horizonDays) === undefined
    ? "fires on no day of the next 8 years: its day-of-month, month and day-of-week never meet"
    : undefined
}
