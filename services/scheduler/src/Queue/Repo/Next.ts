/** When goals fall due next: what a batch of due goals ends with, in the statement that claims their runs, if it claims any. */
import { texts } from "@stint/edge/Pg/Lists"
import type { PgClient } from "@effect/sql-pg"

/** When a goal falls due next, and until when its slots are decided; each as text. */
export interface NextOfGoal {
  readonly id: string
  readonly next_slot: string | null
  readonly due_at: string | null
  readonly decided_until: string | null
}

/** A CTE `input` of one row with these goals, column by column in the order of their ids, which `settingNext` reads. */
export const nextInput = (sql: PgClient.PgClient, goals: ReadonlyArray<NextOfGoal>) =>
  sql`input as (
      select array_agg(id order by id) as ids, array_agg(next_slot order by id) as slots,
        array_agg(due_at order by id) as dues, array_agg(decided_until order by id) as decided
      from (select id collate "C" as id, next_slot, due_at, decided_until
        from unnest(${texts(goals.map(({ id }) => id))}, ${
    texts(goals.map(({ next_slot }) => next_slot))
  }::timestamptz[],
          ${texts(goals.map(({ due_at }) => due_at))}::timestamptz[],
          ${texts(goals.map(({ decided_until }) => decided_until))}::timestamptz[])
          as g (id, next_slot, due_at, decided_until)) g)`

/** Where a goal stands in `input`: found by halving it, and not by a join, for which a plan may read the whole table. */
const PLACE = `width_bucket(goal_instance_id::text collate "C", (select ids from input))`

/** The update of the goals of `nextInput`. In the index of the goals their ids have the collation of the database. */
export const settingNext = (sql: PgClient.PgClient) => {
  const place = sql.unsafe(`[${PLACE}]`)
  return sql`update projected_goals set next_slot = (select slots from input)${place},
      due_at = (select dues from input)${place}, decided_until = (select decided from input)${place}
    where goal_instance_id = any ((select ids from input)::varchar[] collate "default")`
}
