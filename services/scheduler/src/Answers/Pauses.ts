/** Pure: pauses over time, from the lines of the action log. */
import type { ActionRow } from "../ActionLog/Row.ts"

/** A pause of everything (`scope` is empty), of a hire or of a customer; instants are epoch ms. */
export interface Pause {
  readonly scope: { readonly hired_instance_id?: string; readonly customer_id?: string }
  readonly paused_at: number
  readonly paused_by: string
  readonly reason: string | null
  readonly resumed_at: number | null
  readonly resumed_by: string | null
}

const scopeOfLine = ({ action_metadata }: Pick<ActionRow, "action_metadata">): Pause["scope"] =>
  (action_metadata.scope ?? {}) as Pause["scope"]

const atOf = (value: unknown): number | undefined => {
  const at = typeof value === "string" ? Date.parse(value) : NaN
  return Number.isNaN(at) ? undefined : at
}

/**
 * The pauses that lines of any scopes record, the earliest first. The line of a resume has the begin and operator of its
 * pause, so the pause is complete also when its own line is not among these. A pause without a resume lasts.
 */
export const pausesOf = (lines: ReadonlyArray<ActionRow>): ReadonlyArray<Pause> => {
  const open = new Map<string, ActionRow>()
  const pauses: Array<Pause> = []
  for (const line of lines.toSorted((a, b) => a.timestamp - b.timestamp || (a.log_id < b.log_id ? -1 : 1))) {
    const scope = scopeOfLine(line)
    const key = JSON.stringify(scope)
    if (line.action === "pause") {
      open.set(key, line)
      continue
    }
    if (line.action !== "resume") continue
    const begun = open.get(key)
    open.delete(key)
    pauses.push({
      scope,
      paused_at: atOf(line.action_metadata.paused_at) ?? begun?.timestamp ?? line.timestamp,
      paused_by: String(line.action_metadata.paused_by ?? begun?.operator ?? "unknown"),
      reason: begun?.reason ?? null,
      resumed_at: line.timestamp,
      resumed_by: line.operator,
    })
  }
  for (const line of open.values()) {
    pauses.push({
      scope: scopeOfLine(line),
      paused_at: line.timestamp,
      paused_by: line.operator,
      reason: line.reason,
      resumed_at: null,
      resumed_by: null,
    })
  }
  return pauses.toSorted((a, b) => a.paused_at - b.paused_at)
}

/** The pauses that held at some instant of [from, to]. */
export const pausesDuring = (pauses: ReadonlyArray<Pause>, from: number, to: number): ReadonlyArray<Pause> =>
  pauses.filter((pause) => pause.paused_at <= to && (pause.resumed_at ?? Infinity) > from)
