/** Runs in words. */
import type { Run, RunStatus } from "@stint/domain/scheduler/Runs"
import { millisOf } from "../../format/Time.ts"
import type { Kind } from "../../ui/Tag.tsx"

/** The states of runs: their words, and what their colour means. */
export const states: Readonly<Record<RunStatus, { readonly kind: Kind; readonly words: string }>> = {
  pending: { kind: "plain", words: "pending" },
  running: { kind: "run", words: "running" },
  retrying: { kind: "wait", words: "retrying" },
  completed: { kind: "ok", words: "completed" },
  cancelled: { kind: "plain", words: "cancelled" },
  dead_lettered: { kind: "bad", words: "dead-lettered" },
}

/** The states, in the order in which a run goes through them. */
export const statuses = Object.keys(states) as ReadonlyArray<RunStatus>

/** Why a run came to be. */
export const origins: Readonly<Record<Run["origin"], string>> = {
  schedule: "by schedule",
  manual: "by hand",
  trigger: "triggered",
  backfill: "backfilled",
}

/** How long after its slot the first attempt of a run began, in milliseconds; undefined before it began. A spread counts. */
export const latenessOf = ({ attempts, scheduled_time }: Run): number | undefined => {
  const first = attempts[0]
  return first === undefined ? undefined : millisOf(first.started_at) - millisOf(scheduled_time)
}

/** How long the last attempt of a run took, in milliseconds; undefined where it has not ended. */
export const durationOf = ({ attempts }: Run): number | undefined => {
  const last = attempts.at(-1)
  if (last === undefined || last.ended_at === null) return undefined
  return millisOf(last.ended_at) - millisOf(last.started_at)
}

/** Whether a run can still be cancelled. */
export const isOpen = ({ status }: Run): boolean =>
  status === "pending" || status === "running" || status === "retrying"
