/** Pure: which slots a backfill covers, and what it does with each (domain.md, "Rules: when it runs"). */
import type { CustomerId, GoalInstanceId, HiredInstanceId, ScheduledRunId } from "@stint/domain/Ids"
import type { Rule } from "@stint/domain/Schedule"
import { SkipCode } from "@stint/domain/scheduler/ReasonCodes"
import type { RunStatus } from "@stint/domain/scheduler/Runs"
import { Schema } from "effect"
import { between, rangeBetween } from "../Calendar.ts"
import type { NewRun } from "../Model.ts"
import type { Requeued } from "../Queue.ts"
import { startOf } from "../Queue/Stagger.ts"
import type { StoredSlot } from "./Row.ts"

/** The longest stretch of time, in milliseconds: a leap year. */
export const MAX_SPAN = 366 * 86_400_000

/** How much of a stretch is counted at once, in milliseconds: 44,640 slots of a minute's cron, some 50 ms. */
const WINDOW = 31 * 86_400_000

/** The first `cap` slots in [from, to]; `next` is the one after them. All epoch ms. */
export const pageOf = (rule: Rule, from: number, to: number, cap: number) => {
  const slots = between(rule, from - 1, to, cap + 1)
  return { slots: slots.slice(0, cap), next: slots[cap] }
}

/** How many slots lie in [from, to], in parts: the caller can yield to others between two of them. */
export function* countOf(rule: Rule, from: number, to: number): Generator<number> {
  for (let at = from - 1; at < to; at += WINDOW) yield rangeBetween(rule, at, Math.min(at + WINDOW, to))?.count ?? 0
}

const isSkip = Schema.is(SkipCode)

/** Whether the schedule skipped the slot when it fell due, and its run never began. */
export const wasSkipped = ({ executed, origin, reason_code, status }: StoredSlot): boolean =>
  status === "cancelled" && origin === "schedule" && !executed && isSkip(reason_code)

/** A slot in the answer. */
export interface SlotOutcome {
  readonly slot: number
  readonly outcome: "queued" | "would_queue" | "taken"
  readonly scheduled_run_id?: ScheduledRunId
  readonly status?: RunStatus
}

/** A skipped run that is queued again. */
export interface SkippedRun {
  readonly slot: number
  readonly scheduled_run_id: ScheduledRunId
  /** Why it was skipped, in words. */
  readonly skipped_for: string
}

/** What is to be done, in the order of the slots. */
export interface BackfillPlan {
  /** Slots that need a run. */
  readonly make: ReadonlyArray<number>
  /** Skipped runs to queue again. */
  readonly again: ReadonlyArray<SkippedRun>
  /** Slots that keep their run: `queued` when this very request made it before, else `taken`. */
  readonly there: ReadonlyArray<SlotOutcome>
}

/** Decides over slots and their runs; `backfill` is the id of this backfill, by which a repeated request finds its runs. */
export const planBackfill = (
  slots: ReadonlyArray<number>,
  stored: ReadonlyArray<StoredSlot>,
  backfill: string | undefined,
): BackfillPlan => {
  const bySlot = new Map(stored.map((run) => [run.slot, run]))
  const make: Array<number> = []
  const again: Array<SkippedRun> = []
  const there: Array<SlotOutcome> = []
  for (const slot of slots) {
    const run = bySlot.get(slot)
    if (run === undefined) {
      make.push(slot)
      continue
    }
    const { reason, scheduled_run_id, status } = run
    if (wasSkipped(run)) again.push({ slot, scheduled_run_id, skipped_for: reason ?? "" })
    else {
      const own = backfill !== undefined && run.backfill === backfill
      there.push({ slot, outcome: own ? "queued" : "taken", scheduled_run_id, status })
    }
  }
  return { make, again, there }
}

/** The plan as a preview: nothing is queued, but would be. */
export const previewOf = ({ again, make, there }: BackfillPlan): ReadonlyArray<SlotOutcome> =>
  [
    ...there,
    ...make.map((slot): SlotOutcome => ({ slot, outcome: "would_queue" })),
    ...again.map(({ scheduled_run_id, slot }): SlotOutcome => ({
      slot,
      outcome: "would_queue",
      scheduled_run_id,
      status: "cancelled",
    })),
  ].sort((a, b) => a.slot - b.slot)

/** A backfill that is to be written. */
export interface BackfillRequest {
  readonly goal_instance_id: GoalInstanceId
  readonly hired_instance_id: HiredInstanceId
  readonly customer_id: CustomerId
  /** Epoch milliseconds, oldest first. */
  readonly slots: ReadonlyArray<number>
  /** An id for the run of each slot, should it need one. */
  readonly ids: ReadonlyArray<ScheduledRunId>
  readonly forced: boolean
  readonly per_minute: number | undefined
}

/** The runs that a plan makes and queues again, staggered by the pace in the order of their slots. `now`: epoch ms. */
export const runsOf = (
  request: BackfillRequest,
  plan: BackfillPlan,
  by: { readonly log_id: string; readonly operator: string },
  now: number,
) => {
  const note = { backfill: by.log_id, backfilled_by: by.operator }
  const order = [...plan.make, ...plan.again.map(({ slot }) => slot)].sort((a, b) => a - b)
  const starts = new Map(order.map((slot, nth) => [slot, startOf(now, nth, request.per_minute)]))
  const idOf = new Map(request.slots.map((slot, nth) => [slot, request.ids[nth]!]))
  const make = plan.make.map((slot): NewRun => ({
    scheduled_run_id: idOf.get(slot)!,
    goal_instance_id: request.goal_instance_id,
    hired_instance_id: request.hired_instance_id,
    customer_id: request.customer_id,
    slot,
    origin: "backfill",
    request_id: null,
    run_metadata: note,
    queue: { serial: false, caught_up: false, forced: request.forced, claimable_at: starts.get(slot)! },
  }))
  const again = plan.again.map(({ scheduled_run_id, skipped_for, slot }): Requeued => ({
    scheduled_run_id,
    claimable_at: starts.get(slot)!,
    forced: request.forced,
    origin: "backfill",
    note: { ...note, skipped_for },
  }))
  return { make, again, last_start: order.length === 0 ? null : starts.get(order.at(-1)!)! }
}

/** The slots of the answer: kept ones and queued ones, in their order. */
export const outcomesOf = (
  there: ReadonlyArray<SlotOutcome>,
  queued: ReadonlyArray<{ readonly slot: number; readonly scheduled_run_id: ScheduledRunId }>,
): ReadonlyArray<SlotOutcome> =>
  [
    ...there,
    ...queued.map(({ scheduled_run_id, slot }): SlotOutcome => ({
      slot,
      outcome: "queued",
      scheduled_run_id,
      status: "pending",
    })),
  ].sort((a, b) => a.slot - b.slot)
