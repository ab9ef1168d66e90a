/** How many runs stand how: what the scheduler counts, and what reports show. */
import { Schema } from "effect"

/** How many runs stand how. */
export const RunCounts = Schema.Struct({
  pending: Schema.Int,
  running: Schema.Int,
  retrying: Schema.Int,
  completed: Schema.Int,
  cancelled: Schema.Int,
  dead_lettered: Schema.Int,
}).annotate({ identifier: "RunCounts" })
export type RunCounts = typeof RunCounts.Type
