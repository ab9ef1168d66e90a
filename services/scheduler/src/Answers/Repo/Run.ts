/** The statements that read what is recorded of a run. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { Millis } from "../../Model.ts"
import { DeadLetterOfRun, Discard, OldExecution, ReachedLimit, RunAhead, RunDetails } from "../Row.ts"

/** How far a line may be from the closing that it records, in ms: both are written in one transaction. */
const LINE_NEAR = 60_000

export const runReads = Effect.map(PgClient.PgClient, (sql) => ({
  details: SqlSchema.findOneOption({
    Request: Schema.String,
    Result: RunDetails,
    execute: (id) =>
      sql`select q.claimable_at, coalesce(q.forced, false) as forced, r.closed_at, r.created_at as made_at, coalesce(
            r.run_metadata ->> 'requested_by', r.run_metadata ->> 'triggered_by', r.run_metadata ->> 'backfilled_by')
            as asked_by, r.run_metadata ->> 'skipped_for' as skipped_for
          from scheduled_goal_runs r left join run_queue q using (scheduled_run_id) where r.scheduled_run_id = ${id}`,
  }),
  execution: SqlSchema.findOneOption({
    Request: Schema.String,
    Result: OldExecution,
    execute: (key) =>
      sql`select status, started_at, completed_at, deliverable_id, error_details as error from goal_runs
          where idempotency_key = ${key}`,
  }),
  deadLetter: SqlSchema.findOneOption({
    Request: Schema.String,
    Result: DeadLetterOfRun,
    execute: (run) =>
      sql`select d.dlq_id, d.error_message as error, d.state, d.expires_at, d.closed_at
          from scheduled_goal_runs r join scheduler_dlq d on d.dlq_id = r.dlq_id where r.scheduled_run_id = ${run}`,
  }),
  discard: SqlSchema.findOneOption({
    Request: Schema.Struct({ id: Schema.String, dlq_id: Schema.String, closed_at: Millis }),
    Result: Discard,
    execute: ({ closed_at, dlq_id, id }) =>
      sql`select operator as by, reason from scheduler_action_log
          where timestamp between ${new Date(closed_at.getTime() - LINE_NEAR)} and ${new Date(
        closed_at.getTime() + LINE_NEAR,
      )}
            and goal_instance_id = ${id} and action = 'dlq_discard' and action_metadata -> 'dlq_ids' @> to_jsonb(${dlq_id}::text)
          order by timestamp limit 1`,
  }),
  ahead: SqlSchema.findOneOption({
    Request: Schema.Struct({ id: Schema.String, scheduled_run_id: Schema.String, slot: Millis }),
    Result: RunAhead,
    execute: ({ id, scheduled_run_id, slot }) =>
      sql`select scheduled_run_id, scheduled_time as slot, count(*) over ()::int as count from (
            select scheduled_run_id, scheduled_time, state from run_queue
            where goal_instance_id = ${id} and serial and state <> 'waiting'
            union all
            select scheduled_run_id, scheduled_time, state from run_queue
            where goal_instance_id = ${id} and state = 'waiting' and scheduled_time < ${slot}) q
          where scheduled_run_id <> ${scheduled_run_id}
          order by state = 'waiting', scheduled_time limit 1`,
  }),
  limitsReached: SqlSchema.findAll({
    Request: Schema.String,
    Result: ReachedLimit,
    execute: (id) =>
      sql`select l.kind, l.subject, l.max_running from run_queue q join limits_in_use l
            on (l.kind, l.subject) in (('customer', q.customer_id), ('agent_type', q.agent_id))
          where q.scheduled_run_id = ${id} and l.room <= 0 order by l.kind desc`,
  }),
}))
