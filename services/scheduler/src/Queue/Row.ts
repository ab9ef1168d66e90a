/** What the queue's statements are given and give back. */
import { Schema } from "effect"
import type { ClaimedRun } from "../Model.ts"
import type { AttemptError } from "./Outcome.ts"

/** Rows for a statement's `json_to_recordset`: a list of structs, encoded to its JSON text. */
export const rowsFrom = <const Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.fromJsonString(Schema.Array(Schema.Struct(fields)))

/** IdList for a statement's `any (..)` or `unnest(..)`. */
export const IdList = Schema.Array(Schema.String)

/** Values of rows by the rows' ids, for a statement's `jsonb`. */
export const valuesFrom = <const Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Struct(fields)))

/** Claimed runs as their holder writes them: a row whose fence is not the holder's any more is not written. */
export const Fenced = { ids: IdList, fences: Schema.Array(Schema.Int) }

/** The fields of `Fenced`. */
export const fencedOf = (runs: ReadonlyArray<ClaimedRun>) => ({
  ids: runs.map((run) => run.scheduled_run_id),
  fences: runs.map((run) => run.fence),
})

/** A run's id. */
export const RunId = Schema.Struct({ scheduled_run_id: Schema.String })

/** `AttemptError` in JSON. */
export const AttemptErrorRow: Schema.Codec<AttemptError> = Schema.Struct({
  type: Schema.String,
  message: Schema.String,
})
