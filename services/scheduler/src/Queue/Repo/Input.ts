/** How a statement reads the rows that it is given. */
import { type PgClient, PgTypes } from "@effect/sql-pg"
import { Result } from "effect"

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

/** A list of texts as a parameter. The client would look at each for its type. */
export const texts = (list: ReadonlyArray<string | null>) => Result.getOrThrow(PgTypes.array(list, PgTypes.OID.text))

/** The same of booleans. */
export const flags = (list: ReadonlyArray<boolean>) => Result.getOrThrow(PgTypes.array(list, PgTypes.OID.bool))

/** The same of whole numbers. */
export const integers = (list: ReadonlyArray<number>) =>
  Result.getOrThrow(PgTypes.array(list.map(BigInt), PgTypes.OID.int8))
