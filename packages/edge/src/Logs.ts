/** The log of a service: one line a record, whatever a message holds. */
import { Cause, Formatter, Logger, References } from "effect"
import { printable } from "./Printable.ts"

const twoDigits = (n: number) => String(n).padStart(2, "0")

const timeOf = (date: Date) =>
  `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}:${twoDigits(date.getSeconds())}.${
    String(date.getMilliseconds()).padStart(3, "0")
  }`

const shown = (value: unknown) => typeof value === "string" ? value : Formatter.format(value)

/** A record as a line: time, level, fiber, messages, cause, and annotations as name=value. */
const line = Logger.make<unknown, string>(({ cause, date, fiber, logLevel, message }) => {
  const parts = (Array.isArray(message) ? message : [message]).map(shown)
  if (cause.reasons.length > 0) parts.push(Cause.pretty(cause))
  for (const [name, value] of Object.entries(fiber.getRef(References.CurrentLogAnnotations))) {
    parts.push(`${name}=${shown(value)}`)
  }
  return printable(`[${timeOf(date)}] ${logLevel.toUpperCase()} (#${fiber.id}): ${parts.join(" ")}`)
})

/** The only logger of a service. */
export const layer = Logger.layer([Logger.withConsoleLog(line)])
