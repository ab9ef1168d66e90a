/** Rows of `scheduler_replicas`, with what each holds in the queue; instants are epoch milliseconds. */
import { Schema } from "effect"
import { Millis } from "../Model.ts"

/** What a replica says of itself. */
export const Said = Schema.Struct({ replica: Schema.String, version: Schema.String, max_running: Schema.Int })
export type Said = typeof Said.Type

/** A replica. What it says of itself is null of one that holds runs and says nothing: 0.2.0 does so. */
export const ReplicaRow = Schema.Struct({
  replica: Schema.String,
  version: Schema.NullOr(Schema.String),
  max_running: Schema.NullOr(Schema.Int),
  started_at: Schema.NullOr(Millis),
  seen_at: Schema.NullOr(Millis),
  /** For how long it has not said that it is here. */
  quiet_seconds: Schema.NullOr(Schema.Finite),
  running: Schema.Int,
  oldest_claim: Schema.NullOr(Millis),
  lease_ends: Schema.NullOr(Millis),
})
export type ReplicaRow = typeof ReplicaRow.Type
