/** The rows of figures over time. */
import { Schema } from "effect"
import { Millis } from "../Model.ts"

/** A window and the length of its points, in epoch milliseconds and milliseconds. */
export const Window = Schema.Struct({ from: Millis, to: Millis, step: Schema.Finite })
export type Window = typeof Window.Type

/** The runs that became final in one point of a window; `point` is null for all of it. */
export const EndedRow = Schema.Struct({
  point: Schema.NullOr(Schema.Int),
  completed: Schema.Int,
  cancelled: Schema.Int,
  dead_lettered: Schema.Int,
  draft_lateness_p50_ms: Schema.NullOr(Schema.Finite),
  draft_lateness_p95_ms: Schema.NullOr(Schema.Finite),
})
export type EndedRow = typeof EndedRow.Type

/** The dead letters of a window. */
export const DeadLettersRow = Schema.Struct({ dead_letters_opened: Schema.Int, dead_letters_closed: Schema.Int })
export type DeadLettersRow = typeof DeadLettersRow.Type
