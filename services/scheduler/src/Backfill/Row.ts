/** The rows of a slot that a backfill decides over: its run, its place in the queue and its execution. */
import { ScheduledRunId } from "@stint/domain/Ids"
import { ReasonCode } from "@stint/domain/scheduler/ReasonCodes"
import { RunOrigin, RunStatus } from "@stint/domain/scheduler/Runs"
import { Schema } from "effect"
import { Millis } from "../Model.ts"

/** The run of a slot; instants are epoch milliseconds. */
export const StoredSlot = Schema.Struct({
  slot: Millis,
  scheduled_run_id: ScheduledRunId,
  origin: RunOrigin,
  status: RunStatus,
  reason: Schema.NullOr(Schema.String),
  reason_code: Schema.NullOr(ReasonCode),
  /** The backfill that made the run: the id of its line in the action log. */
  backfill: Schema.NullOr(Schema.String),
  /** Whether it was ever claimed. */
  executed: Schema.Boolean,
  /** Of a live run, when it may be claimed. */
  claimable_at: Schema.NullOr(Millis),
})
export type StoredSlot = typeof StoredSlot.Type
