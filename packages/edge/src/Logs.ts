/** The log of a service: one line a record, whatever a message holds; text for a person, or JSON (`STINT_LOG=json`). */
import { Cause, Config, Context, Effect, type Fiber, Formatter, Layer, Logger, References, Tracer } from "effect"
import { printable } from "./Printable.ts"
import { RequestId, Trace } from "./RequestContext.ts"

const twoDigits = (n: number) => String(n).padStart(2, "0")

const timeOf = (date: Date) =>
  `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}:${twoDigits(date.getSeconds())}.${
    String(date.getMilliseconds()).padStart(3, "0")
  }`

const shown = (value: unknown) => typeof value === "string" ? value : Formatter.format(value)

const partsOf = (message: unknown) => (Array.isArray(message) ? message : [message]).map(shown)

/** What a record says, in one line. */
export const saidIn = (message: unknown): string => printable(partsOf(message).join(" "))

/** A record as a line: time, level, fiber, messages, cause, and annotations as name=value. */
const line = Logger.make<unknown, string>(({ cause, date, fiber, logLevel, message }) => {
  const parts = partsOf(message)
  if (cause.reasons.length > 0) parts.push(Cause.pretty(cause))
  for (const [name, value] of Object.entries(fiber.getRef(References.CurrentLogAnnotations))) {
    parts.push(`${name}=${shown(value)}`)
  }
  return printable(`[${timeOf(date)}] ${logLevel.toUpperCase()} (#${fiber.id}): ${parts.join(" ")}`)
})

/** Where the record belongs: the span that it was written in, else the trace of the request. */
const placeOf = (fiber: Fiber.Fiber<unknown, unknown>) => {
  const span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
  if (span !== undefined) return { trace_id: span.traceId, span_id: span.spanId }
  const trace = fiber.getRef(Trace)
  return trace === undefined ? {} : { trace_id: trace.traceId }
}

/**
 * A record as a line of JSON: `time`, `level`, `service`, `message`, and what there is of `cause`, `request_id`, `trace_id`,
 * `span_id` and `annotations`. Texts are escaped as a line of text has them, for whoever prints a value.
 */
const json = (service: string) =>
  Logger.make<unknown, string>(({ cause, date, fiber, logLevel, message }) => {
    const annotations = Object.entries(fiber.getRef(References.CurrentLogAnnotations))
    const request_id = fiber.getRef(RequestId)
    return JSON.stringify({
      time: date.toISOString(),
      level: logLevel.toLowerCase(),
      service,
      message: saidIn(message),
      ...(cause.reasons.length > 0 ? { cause: printable(Cause.pretty(cause)) } : {}),
      ...(request_id === "" ? {} : { request_id }),
      ...placeOf(fiber),
      ...(annotations.length === 0 ? {} : {
        annotations: Object.fromEntries(annotations.map(([name, value]) => [name, printable(shown(value))])),
      }),
    })
  })

/** The only logger of the service of that name. */
export const layer = (service: string) =>
  Layer.unwrap(
    Config.Literals(["text", "json"], "STINT_LOG").pipe(
      Config.withDefault("text"),
      Effect.map((form) => Logger.layer([Logger.withConsoleLog(form === "json" ? json(service) : line)])),
    ),
  )
