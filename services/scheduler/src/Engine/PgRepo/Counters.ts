/** Adds to the engine's counters, inside the caller's transaction and as the last thing there. */
import { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import type { Increments } from "../Counters.ts"

/** Replicas spread over so many rows of a counter, so that few wait for each other. */
const SHARDS = 16

/** A process keeps to one. */
const shard = Math.floor(Math.random() * SHARDS)

/** The write. */
export const counterWrites = Effect.map(PgClient.PgClient, (sql) => {
  return (increments: Increments) => {
    const entries = increments.entries()
    return entries.length === 0 ? Effect.void : sql`
      insert into engine_counters as c (name, label, shard, value)
      select name, label, ${shard}, value from json_to_recordset(${JSON.stringify(entries)}::json)
        as x (name varchar, label varchar, value float8)
      order by name, label
      on conflict (name, label, shard) do update set value = c.value + excluded.value`
  }
})
