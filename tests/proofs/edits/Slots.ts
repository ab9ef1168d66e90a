/** The proof's own calendar: the slots of a schedule, by Temporal alone. Nothing of the scheduler's is in it. */

/** A schedule as a customer sends it; `cron` is one of a few shapes that this calendar knows. */
export interface Plan {
  readonly frequency: "daily" | "weekly" | "monthly" | "cron" | "on_demand"
  readonly at: string
  /** Of a cron: minutes each nth, or one minute of each hour, or one minute of one hour. */
  readonly cron: { readonly every: number } | { readonly minute: number } | {
    readonly minute: number
    readonly hour: number
  }
  readonly weekday: number
  readonly day: number
}

const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

export const cronText = (cron: Plan["cron"]): string =>
  "every" in cron
    ? `*/${cron.every} * * * *`
    : "hour" in cron
    ? `${cron.minute} ${cron.hour} * * *`
    : `${cron.minute} * * * *`

/** What of a plan a goal's settings say. */
export const settingsOf = ({ at, cron, day, frequency, weekday }: Plan) => {
  switch (frequency) {
    case "daily":
      return { at }
    case "weekly":
      return { at, weekday: weekdays[weekday - 1]! }
    case "monthly":
      return { at, day_of_month: day }
    case "cron":
      return { cron: cronText(cron) }
    case "on_demand":
      return {}
  }
}

const MINUTE = 60_000

/** Local days from one before `from` to one after `to`. */
function* daysOf(zone: string, from: number, to: number): Generator<Temporal.PlainDate> {
  const first = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(zone).toPlainDate().subtract({
    days: 1,
  })
  const last = Temporal.Instant.fromEpochMilliseconds(to).toZonedDateTimeISO(zone).toPlainDate().add({ days: 1 })
  for (let day = first; Temporal.PlainDate.compare(day, last) <= 0; day = day.add({ days: 1 })) yield day
}

/** Whether a plan of one time of day fires on a day. */
const hasDay = ({ day, frequency, weekday }: Plan, date: Temporal.PlainDate): boolean =>
  frequency === "weekly"
    ? date.dayOfWeek === weekday
    : frequency === "monthly"
    ? date.day === Math.min(day, date.daysInMonth)
    : true

/** The slots in (from, to] of a plan in a zone, oldest first; epoch ms. */
export const slotsOf = (plan: Plan, zone: string, from: number, to: number): ReadonlyArray<number> => {
  const slots = new Set<number>()
  const { cron, frequency } = plan
  if (frequency === "on_demand") return []
  if (frequency === "cron" && !("hour" in cron)) {
    // elapsed time: every instant at which the clock shows such a minute
    for (let at = (Math.floor(from / MINUTE) + 1) * MINUTE; at <= to; at += MINUTE) {
      const { minute } = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
      if ("every" in cron ? minute % cron.every === 0 : minute === cron.minute) slots.add(at)
    }
    return [...slots]
  }
  const time = frequency === "cron" && "hour" in cron
    ? new Temporal.PlainTime(cron.hour, cron.minute)
    : Temporal.PlainTime.from(plan.at)
  for (const date of daysOf(zone, from, to)) {
    if (!hasDay(plan, date)) continue
    // "compatible": a time that is left out moves on by the gap, one that comes twice is the first
    const at = date.toPlainDateTime(time).toZonedDateTime(zone, { disambiguation: "compatible" }).epochMilliseconds
    if (at > from && at <= to) slots.add(at)
  }
  return [...slots].sort((a, b) => a - b)
}
