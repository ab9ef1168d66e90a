/** Adds to the engine's counters, as the last thing of the caller's transaction: their rows are locked until it commits. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Increments } from "../Counters.ts"
import { rowsFrom } from "../Row.ts"

/**
 * The sessions of the database spread over so many rows of a counter, so that few transactions wait for each other's commit:
 * those of one process too, which has several under way.
 */
export const SHARDS = 16

/** Increments, as a statement's JSON. */
export const CounterRows = rowsFrom({ name: Schema.String, label: Schema.String, value: Schema.Finite })

/** A CTE `counted` that adds JSON of `CounterRows`: with the last statement of a transaction, which costs it no turn of its own. */
export const counting = (sql: PgClient.PgClient, entries: string) =>
  sql`counted as (
        insert into engine_counters as c (name, label, shard, value)
          select name, label, pg_backend_pid() % ${SHARDS}, value from json_to_recordset(${entries}::json)
            as x (name varchar, label varchar, value float8)
          order by name, label
          on conflict (name, label, shard) do update set value = c.value + excluded.value)`

export const counterWrites = Effect.map(PgClient.PgClient, (sql) => {
  const add = SqlSchema.void({
    Request: CounterRows,
    execute: (entries) => sql`with ${counting(sql, entries)} select`,
  })
  return (increments: Increments) => {
    const entries = increments.entries()
    return entries.length === 0 ? Effect.void : add(entries)
  }
})
