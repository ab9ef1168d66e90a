/** The logs of several services as one, in order of time: pure. */
import type { ActionLine } from "@stint/domain/ActionLine"
import type { Logger } from "../../api/Loggers.ts"

/** A line, and the service that has it. */
export interface Line extends ActionLine {
  readonly service: Logger
}

/** What was read of one service's log. */
export interface Read {
  readonly service: Logger
  /** The latest first. */
  readonly lines: ReadonlyArray<ActionLine>
  /** Whether there are lines that were not read. */
  readonly more: boolean
}

/**
 * The lines of all logs down to where each of them is known, the latest first; and the services whose log ends there, so that
 * they are to be read on.
 */
export const mergeLogs = (
  logs: ReadonlyArray<Read>,
): { readonly lines: ReadonlyArray<Line>; readonly blocked: ReadonlyArray<Logger> } => {
  const ends = logs.filter(({ more }) => more).map(({ lines, service }) => ({
    service,
    at: lines.at(-1)?.timestamp.epochMilliseconds ?? Infinity,
  }))
  const known = Math.max(-Infinity, ...ends.map(({ at }) => at))
  return {
    lines: logs
      .flatMap(({ lines, service }) => lines.map((line) => ({ ...line, service })))
      // of the instant at which a log ends there may be other lines on its next page
      .filter(({ timestamp }) => timestamp.epochMilliseconds > known)
      .sort((a, b) => b.timestamp.epochMilliseconds - a.timestamp.epochMilliseconds || (a.log_id < b.log_id ? 1 : -1)),
    blocked: ends.filter(({ at }) => at === known).map(({ service }) => service),
  }
}

/** Whether a line is one of those that were asked for. */
export const isAsked = (
  { action, timestamp }: ActionLine,
  asked: { readonly action?: string | undefined; readonly since?: number | undefined },
): boolean =>
  (asked.action === undefined || action === asked.action) &&
  (asked.since === undefined || timestamp.epochMilliseconds >= asked.since)
