/** What is paused, for the statements that must pass over it. */
import { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"

/** The key of the advisory lock between claims (shared) and pauses (exclusive). */
export const PAUSE_LOCK = 7141_001

/** `paused`: the ids of everything that is, few rows, read once a statement; `pausedBy`: those that would stop a row. */
export const pauses = Effect.map(PgClient.PgClient, (sql) => ({
  paused: sql`select coalesce(array_agg(state_id), '{}') as ids from scheduler_state where status = 'paused'`,
  pausedBy: (row: string) =>
    sql.unsafe(`array['global', 'hire:' || ${row}.hired_instance_id, 'customer:' || ${row}.customer_id]::varchar[]`),
}))
