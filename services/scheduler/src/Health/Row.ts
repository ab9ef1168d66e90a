/** The figures of the scheduler's health at one moment. */
import { Schema } from "effect"
import { Millis } from "../Model.ts"

/** The figures; instants are epoch milliseconds. */
export const Vitals = Schema.Struct({
  running: Schema.Int,
  pending: Schema.Int,
  /** Pending runs that failed before and wait for their next attempt. */
  retrying: Schema.Int,
  /** Pending runs that could be claimed now. */
  due: Schema.Int,
  /** For how many seconds the oldest of those has been due; null when none is. */
  oldest_due_seconds: Schema.NullOr(Schema.Finite),
  /** Runs that were completed in the last hour. */
  succeeded: Schema.Int,
  /** Attempts that failed in the last hour: a run that retries is not invisible. */
  failed: Schema.Int,
  /** Runs that were dead-lettered in the last hour. */
  dead: Schema.Int,
  /** Pending runs that no pause holds. */
  unpaused: Schema.Int,
  /** Of the last hour's drafts, how late the latest came, in milliseconds; null without any. */
  draft_lateness: Schema.NullOr(Schema.Finite),
  /** Open dead letters. */
  dead_letters: Schema.Int,
  avg_duration_ms: Schema.NullOr(Schema.Finite),
  last_run: Schema.NullOr(Millis),
  last_success: Schema.NullOr(Millis),
  last_failure: Schema.NullOr(Millis),
})
export type Vitals = typeof Vitals.Type
