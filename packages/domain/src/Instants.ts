/** Instants as rows and texts have them. A page of a list has a hundred of them, and `Date.toISOString` takes a microsecond for each. */
import { DateTime, Effect, Schema, SchemaIssue, SchemaTransformation } from "effect"

const DAY_MS = 86_400_000

/** The last millisecond of the year 9999, since the epoch. */
export const LAST_INSTANT = 253_402_300_799_999

/** The dates of days since the epoch, up to the T: the instants of one process are of few days. */
const dates = new Map<number, string>()
const DATES = 1_000

const dateOf = (day: number): string => {
  const known = dates.get(day)
  if (known !== undefined) return known
  if (dates.size >= DATES) dates.clear()
  const text = new Date(day * DAY_MS).toISOString().slice(0, 11)
  dates.set(day, text)
  return text
}

const two = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, "0"))

const textOf = (millis: number): string => {
  const day = Math.floor(millis / DAY_MS)
  const seconds = Math.floor((millis - day * DAY_MS) / 1000)
  const minutes = Math.floor(seconds / 60)
  const rest = String(millis % 1000).padStart(3, "0")
  return `${dateOf(day)}${two[Math.floor(minutes / 60)]}:${two[minutes % 60]}:${two[seconds % 60]}.${rest}Z`
}

/**
 * The last instants and their texts, each in its place: the runs of one batch have most of theirs in common. A prime, so that whole
 * minutes and days have places of their own.
 */
const PLACES = 61
const instants = new Array<number>(PLACES).fill(-1)
const texts = new Array<string>(PLACES).fill("")

/** An instant (epoch milliseconds) as `Date.toISOString` has it. Throws for what is none. */
export const isoOf = (millis: number): string => {
  if (!Number.isInteger(millis) || millis < 0 || millis > LAST_INSTANT) return new Date(millis).toISOString()
  const place = millis % PLACES
  if (instants[place] !== millis) {
    instants[place] = millis
    texts[place] = textOf(millis)
  }
  return texts[place]!
}

/** Instants by their milliseconds: those of a row, and of rows that were written together, are often the same. They never change. */
const known = new Map<number, DateTime.Utc>()
const KNOWN = 1_000

/** The instant of so many epoch milliseconds. Throws for what is none. */
export const instantOf = (millis: number): DateTime.Utc => {
  const found = known.get(millis)
  if (found !== undefined) return found
  if (known.size >= KNOWN) known.clear()
  const made = DateTime.makeUnsafe(millis)
  known.set(millis, made)
  return made
}

/** A column of type `timestamptz`. One step of the codec does it all. */
export const InstantColumn = Schema.Date.pipe(
  Schema.decodeTo(
    Schema.DateTimeUtc,
    SchemaTransformation.transformEffect<DateTime.Utc, Date>({
      decode: (date, options) =>
        Number.isNaN(date.getTime())
          ? Effect.fail(new SchemaIssue.InvalidValue({ message: "must be an instant" }, date, options))
          : Effect.succeed(instantOf(date.getTime())),
      encode: (at) => Effect.succeed(new Date(at.epochMilliseconds)),
    }),
  ),
)
