/** The encodings of the queue's parameters and rows. */
import { Schema } from "effect"
import type { AttemptError } from "./Outcome.ts"

/** Rows for a statement's `json_to_recordset`: a list of structs, encoded to its JSON text. */
export const rowsFrom = <const Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.fromJsonString(Schema.Array(Schema.Struct(fields)))

/** IdList for a statement's `any (..)` or `unnest(..)`. */
export const IdList = Schema.Array(Schema.String)

/** A claimed run as its holder writes it: a row whose fence is not the holder's any more is not written. */
export const Fenced = { id: Schema.String, fence: Schema.Int }

/** The fields of `Fenced`. */
export const fencedOf = (
  { fence, scheduled_run_id }: { readonly scheduled_run_id: string; readonly fence: number },
) => ({ id: scheduled_run_id, fence })

/** A run's id. */
export const RunId = Schema.Struct({ scheduled_run_id: Schema.String })

/** `AttemptError` in JSON. */
export const AttemptErrorRow: Schema.Codec<AttemptError> = Schema.Struct({
  type: Schema.String,
  message: Schema.String,
})
