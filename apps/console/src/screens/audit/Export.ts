/** The lines of the action logs, to be saved as a file. */
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

/** The columns of the file. */
export const columns = [
  "timestamp",
  "service",
  "action",
  "operator",
  "goal_instance_id",
  "reason",
  "action_metadata",
  "log_id",
] as const

/** A line as it stands in the file. */
export const record = (
  { action, action_metadata, goal_instance_id, log_id, operator, reason, service, timestamp }: Line,
) => ({
  timestamp: new Date(timestamp.epochMilliseconds).toISOString(),
  service,
  action,
  operator,
  goal_instance_id,
  reason,
  action_metadata,
  log_id,
})
