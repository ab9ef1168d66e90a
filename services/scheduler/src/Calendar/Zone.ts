/**
 * The clock changes of a zone, from `Intl` alone: offsets are read once a zone and year on a grid of 5 days, and each change
 * is found by bisection. Measured: 0.2 to 0.5 ms a zone and year, then a search in memory. `Temporal` answers one
 * question in 1.3 to 2 us, which is more than a whole warm evaluation costs, and Node 20 has none.
 */
import { dayMs } from "@stint/domain/DayPattern"

/** A stretch of time under one offset from UTC, cut at the ends of UTC years. All in ms. */
export interface Stretch {
  /** The clock change that began it, or an instant at which nothing changed. */
  readonly from: number
  /** Where the next one begins (exclusive). */
  readonly to: number
  readonly offset: number
  /** The offset before `from`; the same as `offset` when nothing changed there. */
  readonly before: number
}

/** More than any clock change: the largest are of 24 hours (Kiritimati 1994, Apia 2011). */
export const maxJumpMs = 2 * dayMs

/** Two changes within it that undo each other would be missed; the closest are 7 days apart (Hebron 2040). */
const gridMs = 5 * dayMs
const maxZones = 1024
const maxYears = 128

const offsetsOf = (zone: string): (instant: number) => number => {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" })
  return (instant) => {
    const text = format.format(instant)
    const [hours = "0", minutes = "0", seconds = "0"] = text.slice(text.indexOf("GMT") + 4).split(":")
    const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
    return text.includes("GMT-") ? -size : size
  }
}

/** The first whole second in (low, high] with another offset than `low` has. */
const changeBetween = (offsetAt: (instant: number) => number, low: number, high: number): number => {
  const offset = offsetAt(low)
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000
    if (offsetAt(middle) === offset) low = middle
    else high = middle
  }
  return high
}

/** The stretches of a UTC year; the first may have begun shortly before it, so that its gap or fold is known. */
const stretchesOf = (zone: string, year: number): ReadonlyArray<Stretch> => {
  const offsetAt = offsetsOf(zone)
  const end = Date.UTC(year + 1, 0, 1)
  let at = Date.UTC(year, 0, 1) - maxJumpMs
  let offset = offsetAt(at)
  let open = { from: at, before: offset }
  const stretches: Array<Stretch> = []
  while (at < end) {
    const next = Math.min(at + gridMs, end)
    if (offsetAt(next) === offset) {
      at = next
      continue
    }
    at = changeBetween(offsetAt, at, next)
    stretches.push({ ...open, to: at, offset })
    open = { from: at, before: offset }
    offset = offsetAt(at)
  }
  // a change at the first instant of the next year belongs to that year
  if (open.from < end) stretches.push({ ...open, to: end, offset })
  return stretches
}

const zones = new Map<string, Map<number, ReadonlyArray<Stretch>>>()

const yearOf = (zone: string, year: number): ReadonlyArray<Stretch> => {
  let years = zones.get(zone)
  if (years === undefined) {
    if (zones.size >= maxZones) zones.clear()
    zones.set(zone, years = new Map())
  }
  let stretches = years.get(year)
  if (stretches === undefined) {
    if (years.size >= maxYears) years.clear()
    years.set(year, stretches = stretchesOf(zone, year))
  }
  return stretches
}

/** The stretch in which an instant (epoch ms) lies. Throws a RangeError for a zone that Intl does not know. */
export const stretchAt = (zone: string, instant: number): Stretch => {
  const stretches = yearOf(zone, new Date(instant).getUTCFullYear())
  let nth = 0
  while (stretches[nth]!.to <= instant) nth++
  return stretches[nth]!
}
