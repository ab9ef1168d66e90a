/** Times on the wall clock of a zone, as an input of type datetime-local has them: YYYY-MM-DDTHH:MM:SS. */
import { dayIn, millisOf, type Moment } from "./Time.ts"

const clockIn = (moment: Moment, zone: string): string =>
  new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZone: zone,
  }).format(millisOf(moment))

/** A moment on the wall clock of a zone. */
export const localIn = (moment: Moment, zone: string): string => `${dayIn(moment, zone)}T${clockIn(moment, zone)}`

/**
 * The instant at which the wall clock of a zone shows a time. Of two such instants the first; where a clock change leaves the
 * time out, the instant that is as long after the change as the time is after the gap begins.
 */
export const instantIn = (local: string, zone: string): Date => {
  const wall = Date.parse(`${local.length === 16 ? `${local}:00` : local}Z`)
  const offsetAt = (instant: number) => Date.parse(`${localIn(new Date(instant), zone)}Z`) - instant
  // the offsets of the day before and after are all that there can be: clocks change at most once in between
  const offsets = [...new Set([-86_400_000, 86_400_000].map((around) => offsetAt(wall + around)))]
  const found = offsets.map((offset) => wall - offset).filter((instant) => offsetAt(instant) === wall - instant)
  return new Date(found.length > 0 ? Math.min(...found) : wall - offsets[0]!)
}
