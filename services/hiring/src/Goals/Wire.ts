/** A goal as its readers get it. */
import type { GoalRow } from "../Engagements/Row.ts"

/** Leaves out what only the rules and the feed read. */
export const goalOnWire = (
  { default_at: _, last_run_request: __, last_run_slot: ___, version: ____, ...goal }: GoalRow,
) => goal
