/** The lines of the action logs as a file: CSV or JSON. */
import { actionPage } from "../../api/ActionLogs.ts"
import type { Logger } from "../../api/Loggers.ts"
import { isAsked, type Line } from "./Merge.ts"

/** The most lines of one file. */
export const MOST = 10_000

/** What is exported. */
export interface Asked {
  readonly services: ReadonlyArray<Logger>
  readonly operator: string | undefined
  readonly action: string | undefined
  /** Milliseconds since 1970. */
  readonly since: number | undefined
}

/** All lines that were asked for, the latest first; `more` says that there are others. */
export const readAll = async ({ action, operator, services, since }: Asked): Promise<{
  readonly lines: ReadonlyArray<Line>
  readonly more: boolean
}> => {
  let more = false
  const logs = await Promise.all(services.map(async (service) => {
    const lines: Array<Line> = []
    let cursor: string | null = ""
    while (cursor !== null) {
      const page: Awaited<ReturnType<typeof actionPage>> = await actionPage(service, operator, cursor)
      lines.push(...page.items.filter((line) => isAsked(line, { action, since })).map((line) => ({ ...line, service })))
      const last = page.items.at(-1)
      if (since !== undefined && last !== undefined && last.timestamp.epochMilliseconds < since) break
      if (lines.length >= MOST && page.next_cursor !== null) {
        more = true
        break
      }
      cursor = page.next_cursor
    }
    return lines
  }))
  const all = logs.flat().sort((a, b) => b.timestamp.epochMilliseconds - a.timestamp.epochMilliseconds)
  return { lines: all.slice(0, MOST), more: more || all.length > MOST }
}

const record = ({ action, action_metadata, goal_instance_id, log_id, operator, reason, service, timestamp }: Line) => ({
  timestamp: new Date(timestamp.epochMilliseconds).toISOString(),
  service,
  action,
  operator,
  goal_instance_id,
  reason,
  action_metadata,
  log_id,
})

/** A cell of CSV (RFC 4180). What a spreadsheet would take for a formula gets a quote before it. */
const cell = (value: unknown): string => {
  const text = value === null ? "" : typeof value === "string" ? value : JSON.stringify(value)
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const columns = [
  "timestamp",
  "service",
  "action",
  "operator",
  "goal_instance_id",
  "reason",
  "action_metadata",
  "log_id",
] as const

/** The lines as CSV, with a head. */
export const csvOf = (lines: ReadonlyArray<Line>): string =>
  [
    columns.join(","),
    ...lines.map((line) => {
      const values = record(line)
      return columns.map((name) => cell(values[name])).join(",")
    }),
  ].join("\r\n") + "\r\n"

/** The lines as JSON. */
export const jsonOf = (lines: ReadonlyArray<Line>): string => `${JSON.stringify(lines.map(record), null, 2)}\n`

/** Gives the reader a file. */
export const download = (name: string, type: string, text: string): void => {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement("a")
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 1_000)
}
