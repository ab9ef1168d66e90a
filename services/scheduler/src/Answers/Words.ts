/** Pure: how instants, lengths of time and rules are worded in an answer. */
import { localOf } from "../Calendar/Local.ts"
import { knownZone } from "./Rules.ts"

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const

/** Instants (epoch ms) as a person of a zone reads them. */
export interface Times {
  /** `Tue 2026-11-24 09:00 Europe/Berlin`; seconds and milliseconds only where they are not zero. */
  full(instant: number): string
  /** The time alone; with its day when that is not the day of `beside`. */
  brief(instant: number, beside: number): string
}

/** Times of a zone; of UTC when this runtime does not know the zone. */
export const timesOf = (zone: string): Times => {
  const known = knownZone(zone)
  const partsOf = (instant: number) => {
    const local = localOf(known, instant)
    const millis = ((instant % 1000) + 1000) % 1000
    const seconds = millis === 0 ? local.slice(17, 19) : `${local.slice(17, 19)}.${String(millis).padStart(3, "0")}`
    const day = local.slice(0, 10)
    return {
      day: `${days[new Date(`${day}T00:00:00Z`).getUTCDay()]} ${day}`,
      time: seconds === "00" ? local.slice(11, 16) : `${local.slice(11, 16)}:${seconds}`,
    }
  }
  return {
    full: (instant) => {
      const { day, time } = partsOf(instant)
      return `${day} ${time} ${known}`
    },
    brief: (instant, beside) => {
      const { day, time } = partsOf(instant)
      return day === partsOf(beside).day ? time : `${day} ${time}`
    },
  }
}

/** A length of time, in ms, in its two largest units. */
export const lasting = (millis: number): string => {
  const units = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1000]] as const
  if (millis < 1000) return `${Math.max(0, Math.round(millis))} ms`
  const first = units.findIndex(([, size]) => millis >= size)
  let left = millis
  return units.slice(first, first + 2).flatMap(([name, size]) => {
    const count = Math.floor(left / size)
    left -= count * size
    return count === 0 ? [] : [`${count} ${name}`]
  }).join(" ")
}
