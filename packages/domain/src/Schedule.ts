/** When a goal runs: `settings.schedule` as a customer sends it, and the rule that it makes (domain.md). */
import { Result, Schema } from "effect"
import { cronFault, parseCron } from "./Cron.ts"
import { dayMs } from "./DayPattern.ts"
import { isTimezone, LocalTime } from "./Formats.ts"

const known = new Map<string, boolean>()

/** A cache, since asking Intl costs 0.1 ms; bounded, since callers choose the names. */
const isKnownTimezone = (zone: string): boolean => {
  const seen = known.get(zone)
  if (seen !== undefined) return seen
  const answer = zone.length <= 64 && isTimezone(zone)
  if (known.size >= 1024) known.clear()
  known.set(zone, answer)
  return answer
}

/** A time zone: any name or link that the runtime's Intl accepts, kept as sent. Numeric offsets are refused. */
export const Timezone = Schema.String.annotate({ examples: ["Asia/Kolkata", "UTC"] }).check(
  Schema.makeFilter((zone: string) =>
    isKnownTimezone(zone) || "must be a time zone by name, such as Asia/Kolkata or UTC; an offset is none"
  ),
)
export type Timezone = typeof Timezone.Type

/** The weekdays, Monday first. */
export const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const
export const Weekday = Schema.Literals(weekdays)
export type Weekday = typeof Weekday.Type

/** A day of the month; in a shorter month the goal runs on the last day. */
export const DayOfMonth = Schema.Int.check(
  Schema.isBetween({ minimum: 1, maximum: 31 }, { message: "must be a day of the month, 1 to 31" }),
)

/** A cron expression of five fields that fires within 8 years of today. The only schema here that depends on the day. */
export const CronExpression = Schema.String.annotate({
  description:
    "Five fields: minute, hour, day-of-month, month, day-of-week; names too, 0 and 7 are Sunday. A range that " +
    "ends before it begins goes over the end of its field: fri-mon and 5-1 are 5,6,0,1, and 22-2 is 22,23,0,1,2. When both " +
    "day fields are restricted, either matches.",
  examples: ["0 9 * * 1-5"],
}).check(
  Schema.makeFilter((expression: string) => cronFault(expression, Math.floor(Date.now() / dayMs))),
)

/** Which slots run that were missed while the scheduler was down or paused. */
export const Missed = Schema.Literals(["each", "latest", "skip"])
export type Missed = typeof Missed.Type

/** What happens to a slot that falls due while a run of its goal is open. */
export const Overlap = Schema.Literals(["skip", "queue", "parallel"])
export type Overlap = typeof Overlap.Type

/** `settings.schedule` of a goal. Every key is optional; whoever decodes it refuses unknown ones. */
export const ScheduleSettings = Schema.Struct({
  at: Schema.optionalKey(LocalTime),
  weekday: Schema.optionalKey(Weekday),
  day_of_month: Schema.optionalKey(DayOfMonth),
  cron: Schema.optionalKey(CronExpression),
  timezone: Schema.optionalKey(Timezone),
  missed: Schema.optionalKey(Missed),
  overlap: Schema.optionalKey(Overlap),
  spread_seconds: Schema.optionalKey(
    Schema.Int.check(
      Schema.isBetween({ minimum: 0, maximum: 86_400 }, { message: "must be whole seconds, 0 to 86400" }),
    ),
  ),
}).annotate({ identifier: "ScheduleSettings" })
export type ScheduleSettings = typeof ScheduleSettings.Type

/** A stored expression: how often it fires was checked before it was stored. */
const StoredCron = Schema.String.check(
  Schema.makeFilter((expression: string) =>
    Result.match(parseCron(expression), {
      onFailure: (fault) => fault,
      onSuccess: () => true,
    })
  ),
)

/** When a goal fires, with all defaults filled in: what the scheduler stores (as this JSON) and evaluates. */
export const Rule = Schema.Union([
  Schema.Struct({ frequency: Schema.Literal("daily"), at: LocalTime, timezone: Timezone }),
  Schema.Struct({ frequency: Schema.Literal("weekly"), at: LocalTime, weekday: Weekday, timezone: Timezone }),
  Schema.Struct({ frequency: Schema.Literal("monthly"), at: LocalTime, day_of_month: DayOfMonth, timezone: Timezone }),
  Schema.Struct({ frequency: Schema.Literal("cron"), cron: StoredCron, timezone: Timezone }),
  Schema.Struct({ frequency: Schema.Literal("on_demand") }),
]).annotate({ identifier: "Rule" })
export type Rule = typeof Rule.Type

/**
 * The rule of a goal whose settings have no `settingsIssues`. `defaultTimezone` is the hire's config.timezone, UTC for a
 * type without that field; `defaultAt` is 09:00 unless the template has a time of its own (window_local_time). Throws for
 * a cron goal without an expression.
 */
export const ruleOf = (goal: {
  readonly frequency: Rule["frequency"]
  readonly schedule: ScheduleSettings | undefined
  readonly defaultTimezone: Timezone
  readonly defaultAt?: LocalTime | undefined
}): Rule => {
  const { at = goal.defaultAt ?? "09:00", timezone = goal.defaultTimezone, ...schedule } = goal.schedule ?? {}
  switch (goal.frequency) {
    case "daily":
      return { frequency: "daily", at, timezone }
    case "weekly":
      return { frequency: "weekly", at, weekday: schedule.weekday ?? "monday", timezone }
    case "monthly":
      return { frequency: "monthly", at, day_of_month: schedule.day_of_month ?? 1, timezone }
    case "cron":
      return { frequency: "cron", cron: Result.getOrThrow(parseCron(schedule.cron ?? "")).text, timezone }
    case "on_demand":
      return { frequency: "on_demand" }
  }
}
