/** Where a backfill finds and makes runs; they and the line of the action log commit together or not at all. */
import type { CustomerId, GoalInstanceId, HiredInstanceId, ScheduledRunId } from "@stint/domain/Ids"
import { Context, type Effect, type Schema } from "effect"
import type { AuditLine } from "../Audit/Repo.ts"
import type { NewRun } from "../Model.ts"
import { startOf } from "../Queue/Pace.ts"
import type { Requeued } from "../Queue.ts"
import type { BackfillPlan, SlotOutcome, StoredSlot } from "./Policy.ts"

/** What is to be backfilled. */
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

/** What became of it; `last_start` is when the last of its runs may start, epoch ms. */
export type BackfillResult =
  | { readonly _tag: "Done"; readonly slots: ReadonlyArray<SlotOutcome>; readonly last_start: number | null }
  | { readonly _tag: "Paused"; readonly reason: string | null }
  | { readonly _tag: "Gone" }

/** The backfills' storage. `layerPg` stands in PgRepo.ts, `layerMemory` in MemoryRepo.ts. */
export class BackfillRepo extends Context.Service<BackfillRepo, {
  /** The runs that are there for these slots of a goal. */
  stored(goal_instance_id: GoalInstanceId, slots: ReadonlyArray<number>): Effect.Effect<ReadonlyArray<StoredSlot>>
  /**
   * Queues the runs of slots that have none, or one that was skipped, oldest first; the line says how many. A repeat
   * under the same line's id makes nothing, and finds what it made.
   */
  backfill(request: BackfillRequest, line: AuditLine): Effect.Effect<BackfillResult>
}>()("scheduler/BackfillRepo") {}

/** The runs that a plan makes and takes up again, staggered by the pace in the order of their slots. */
export const runsOf = (request: BackfillRequest, plan: BackfillPlan, line: AuditLine, now: number) => {
  const note: Record<string, Schema.Json> = { backfill: line.log_id, backfilled_by: line.operator }
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

/** The answer to a repeat: what it made is known by the line, and nothing more is made. */
export const repeatedOf = (
  plan: BackfillPlan,
  stored: ReadonlyArray<StoredSlot>,
  line: AuditLine,
): Extract<BackfillResult, { readonly _tag: "Done" }> => {
  const starts = stored.filter((run) => run.run_metadata.backfill === line.log_id)
    .flatMap(({ claimable_at }) => claimable_at === null ? [] : [claimable_at])
  return { _tag: "Done", slots: plan.there, last_start: starts.length === 0 ? null : Math.max(...starts) }
}

/** The answer: what was there and what was queued, in the order of the slots. */
export const outcomesOf = (
  there: ReadonlyArray<SlotOutcome>,
  queued: ReadonlyArray<{ readonly slot: number; readonly scheduled_run_id: ScheduledRunId }>,
): ReadonlyArray<SlotOutcome> =>
  [...there, ...queued.map((run): SlotOutcome => ({ ...run, outcome: "queued", status: "pending" }))]
    .sort((a, b) => a.slot - b.slot)
