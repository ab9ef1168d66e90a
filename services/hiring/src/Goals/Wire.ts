/** A goal as its readers get it. */
import { etagOf } from "@stint/edge/Preconditions"
import type { GoalRow } from "../Engagements/Row.ts"

/** The tag of a goal. */
export const goalTag = ({ updated_at, version }: Pick<GoalRow, "version" | "updated_at">): string =>
  etagOf(version, updated_at)

/** Leaves out what only the rules and the feed read. */
export const goalOnWire = (
  { default_at: _, last_run_request: __, last_run_slot: ___, version: ____, ...goal }: GoalRow,
) => goal
