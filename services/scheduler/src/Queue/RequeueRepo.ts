/** The way back into the queue of runs that were cancelled: under the keys that they had, with all their attempts. */
import { PgClient } from "@effect/sql-pg"
import type { RunOrigin } from "@stint/domain/scheduler/Runs"
import { Effect, type Schema } from "effect"
import { RANK } from "../Engine/Fair.ts"
import type { Store } from "../Store.ts"

/** A cancelled run that is to run after all. Such runs are exempt from overlap, so they are not serial. */
export interface Requeued {
  readonly scheduled_run_id: string
  /** Epoch milliseconds. */
  readonly claimable_at: number
  /** Whether it runs while paused; false unless it says. */
  readonly forced?: boolean
  /** What it is from now on; what it was, unless it says. */
  readonly origin?: RunOrigin
  /** Joins its `run_metadata`, which loses the reason for which it was cancelled. */
  readonly note?: Record<string, Schema.Json>
}

/** On Postgres, inside the caller's transaction; the ids of those that were cancelled, and are queued now. */
export const requeueWrites = Effect.map(
  PgClient.PgClient,
  (sql) => (runs: ReadonlyArray<Requeued>) =>
    Effect.map(
      sql<{ readonly scheduled_run_id: string }>`
        with input as (
          select * from json_to_recordset(${
        JSON.stringify(runs.map((run) => ({ ...run, claimable_at: new Date(run.claimable_at).toISOString() })))
      }::json) as x (scheduled_run_id varchar, claimable_at timestamptz, forced boolean, origin varchar, note jsonb)
        ), back as (
          update scheduled_goal_runs r set status = 'pending', closed_at = null, origin = coalesce(i.origin, r.origin),
            run_metadata = (r.run_metadata - 'reason') || coalesce(i.note, '{}')
          from input i where r.scheduled_run_id = i.scheduled_run_id and r.status = 'cancelled'
          returning r.scheduled_run_id, r.goal_instance_id, r.hired_instance_id, r.customer_id, r.scheduled_time,
            coalesce(i.forced, false) as forced, i.claimable_at
        ), executions as (
          update goal_runs g set status = 'pending', completed_at = null from back
          where g.scheduled_run_id = back.scheduled_run_id
        )
        insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id,
          scheduled_time, serial, forced, rank, due_at, claimable_at, ready)
        select scheduled_run_id, goal_instance_id, hired_instance_id, back.customer_id, coalesce(h.agent_id, ''),
          scheduled_time, false, forced, case when forced then ${RANK.forced}::smallint else ${RANK.schedule}::smallint end,
          claimable_at, claimable_at, claimable_at <= now()
        from back left join projected_hires h using (hired_instance_id)
        returning scheduled_run_id`,
      (rows) => rows.map((row) => row.scheduled_run_id),
    ),
)

/** The same over the memory store. */
export const requeueMemory = (store: Store["Service"]) => (runs: ReadonlyArray<Requeued>): ReadonlyArray<string> =>
  runs.flatMap(({ claimable_at, forced = false, note, origin, scheduled_run_id }) => {
    const run = store.runs.get(scheduled_run_id)
    if (run === undefined || run.status !== "cancelled") return []
    const { reason: _, ...run_metadata } = run.run_metadata
    Object.assign(run, {
      status: "pending",
      closed_at: null,
      origin: origin ?? run.origin,
      run_metadata: { ...run_metadata, ...note },
    })
    if (run.execution !== null) Object.assign(run.execution, { status: "pending", completed_at: null })
    store.queue.set(scheduled_run_id, {
      run,
      serial: false,
      caught_up: false,
      forced,
      agent_id: store.hires.get(run.hired_instance_id)?.agent_id ?? "",
      rank: forced ? RANK.forced : RANK.schedule,
      due_at: claimable_at,
      claimable_at,
      attempt: 0,
      fence: null,
      holder: null,
      claimed_at: null,
    })
    return [scheduled_run_id]
  })
