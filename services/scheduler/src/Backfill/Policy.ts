/** Pure: what a backfill does with each slot (domain.md, "Rules: when it runs"). */
import type { ScheduledRunId } from "@stint/domain/Ids"
import {
  type ReasonCode,
  type RunOrigin,
  type RunStatus,
  type ScheduledRunStatus,
  SkipCode,
} from "@stint/domain/scheduler/Runs"
import type { Rule } from "@stint/domain/Schedule"
import { Schema } from "effect"
import { between, rangeBetween } from "../Calendar.ts"
import { statusOf } from "../Runs/Status.ts"

/** How far apart the ends of a stretch may be, in milliseconds: a leap year. */
export const MAX_SPAN = 366 * 86_400_000

/** How much of a stretch is counted at once, in milliseconds: 44,640 slots of a minute's cron, some 50 ms. */
const WINDOW = 31 * 86_400_000

/** The slots in [from, to], the first `cap` of them; `next` is the one after. All epoch ms. */
export const pageOf = (rule: Rule, from: number, to: number, cap: number) => {
  const slots = between(rule, from - 1, to, cap + 1)
  return { slots: slots.slice(0, cap), next: slots[cap] }
}

/** How many slots lie in [from, to], a part at a time, so that a caller can let others have a turn in between. */
export function* countOf(rule: Rule, from: number, to: number): Generator<number> {
  for (let at = from - 1; at < to; at += WINDOW) yield rangeBetween(rule, at, Math.min(at + WINDOW, to))?.count ?? 0
}

/** What is stored of the run of a slot. */
export interface StoredSlot {
  readonly slot: number
  readonly scheduled_run_id: ScheduledRunId
  readonly origin: RunOrigin
  readonly status: ScheduledRunStatus
  readonly run_metadata: Record<string, Schema.Json>
  readonly reason_code: ReasonCode | null
  readonly dead: boolean
  readonly held: boolean
  readonly attempt: number
  /** Whether it was ever claimed. */
  readonly executed: boolean
  /** Epoch ms; of a live run, when it may be claimed. */
  readonly claimable_at: number | null
}

/** What a run was skipped for when it was made; undefined for one that was to run, whatever became of it. */
export const skippedFor = (run: StoredSlot): string | undefined => {
  const { reason } = run.run_metadata
  return run.status === "cancelled" && run.origin === "schedule" && !run.executed && typeof reason === "string" &&
      Schema.is(SkipCode)(run.reason_code)
    ? reason
    : undefined
}

/** A slot in the answer. */
export interface SlotOutcome {
  readonly slot: number
  readonly outcome: "queued" | "would_queue" | "taken"
  readonly scheduled_run_id?: ScheduledRunId
  readonly status?: RunStatus
}

/** What is to be done, in the order of the slots. */
export interface BackfillPlan {
  /** Slots that need a run. */
  readonly make: ReadonlyArray<number>
  /** Runs that were skipped, and what for. */
  readonly again: ReadonlyArray<{
    readonly slot: number
    readonly scheduled_run_id: ScheduledRunId
    readonly skipped_for: string
  }>
  /** Slots whose run is there: another's, or (queued) of this very backfill, which was sent before. */
  readonly there: ReadonlyArray<SlotOutcome>
}

/** Decides over slots and their runs; `backfill` names the backfill itself, so that its own runs are known. */
export const planBackfill = (
  slots: ReadonlyArray<number>,
  stored: ReadonlyArray<StoredSlot>,
  backfill: string | undefined,
): BackfillPlan => {
  const bySlot = new Map(stored.map((run) => [run.slot, run]))
  const make: Array<number> = []
  const again: Array<BackfillPlan["again"][number]> = []
  const there: Array<SlotOutcome> = []
  for (const slot of slots) {
    const run = bySlot.get(slot)
    if (run === undefined) {
      make.push(slot)
      continue
    }
    const { scheduled_run_id } = run
    const skipped_for = skippedFor(run)
    if (skipped_for !== undefined) again.push({ slot, scheduled_run_id, skipped_for })
    else {
      const own = backfill !== undefined && run.run_metadata.backfill === backfill
      there.push({ slot, outcome: own ? "queued" : "taken", scheduled_run_id, status: statusOf(run) })
    }
  }
  return { make, again, there }
}
