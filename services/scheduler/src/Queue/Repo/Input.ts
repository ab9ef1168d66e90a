/** How a statement reads the rows that it is given. */
import type { PgClient } from "@effect/sql-pg"

/**
 * A CTE `input` of one row over a JSON array of rows with an `id`: `ids`, and `by_id` from an id to its row. Statements name
 * their rows by the one and look values up in the other, where a join would do: for a join the planner may read a whole table
 * that was small when the plan was made.
 */
export const inputById = (sql: PgClient.PgClient, rows: string) =>
  sql`input as (select array_agg(r ->> 'id')::varchar[] as ids, jsonb_object_agg(r ->> 'id', r) as by_id
      from jsonb_array_elements(${rows}::jsonb) r)`

/** The ids of `input`. */
export const IDS = "(select ids from input)::varchar[]"

/** The row of `input` for a row of a table. */
export const inputOf = (id: string): string => `((select by_id from input) -> ${id})`
