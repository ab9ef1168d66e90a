/** Goals that have fallen due: locked, and read, by one statement (`lock_due_goals`, script 271). */
import { PgClient } from "@effect/sql-pg"
import { BigIntColumn } from "@stint/edge/Pg/BigIntColumn"
import { decodeEach } from "@stint/edge/Pg/Rows"
import { Effect, Schema } from "effect"
import { PAUSE_LOCK } from "../../Locks.ts"
import { GoalRow, Millis } from "../../Model.ts"

/** How many customers one walk looks at; it goes on where it ended. A customer costs 5 us. */
const CUSTOMERS = 2_000

/** A goal that has fallen due, with what its decision needs. */
export const DueGoal = Schema.Struct({
  ...GoalRow.fields,
  timezone: Schema.String,
  hire_version: BigIntColumn,
  hire_changed_at: Millis,
  /** Its serial runs, open and waiting: 0, or more (not their number). */
  serial: Schema.Int,
  /** Those that wait for their turn and are not caught up: 0 or 1 (not their number). */
  waiting: Schema.Int,
  now: Millis,
})
export type DueGoal = typeof DueGoal.Type

/** A row of the function. */
interface Locked {
  readonly locked: number
  readonly walk_on: string
  readonly goal_instance_id: string | null
}

/**
 * Locks up to so many due goals that nobody else has locked: the longest due, and, when there are more, some of every customer. It
 * takes the pause lock, and parks those that are paused. How many were locked, and those that are not paused; one that can't be
 * read has its key and slot alone. It is to be run inside the caller's transaction.
 */
export const lockDue = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const decode = decodeEach({
    what: "goals",
    Key: Schema.Struct({ goal_instance_id: Schema.String, next_slot: Millis }),
    Result: DueGoal,
  })
  let cursor = ""
  return Effect.fnUntraced(function* (limit: number) {
    const rows: ReadonlyArray<Locked> = yield* sql<
      Locked
    >`select * from lock_due_goals(${PAUSE_LOCK}::bigint, ${limit}::int, ${cursor}::varchar, ${CUSTOMERS}::int)`
    const { locked, walk_on } = rows[0]!
    cursor = walk_on
    return { locked, goals: yield* decode(rows.filter((row) => row.goal_instance_id !== null)) }
  })
})
