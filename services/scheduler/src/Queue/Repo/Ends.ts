/** Takes final runs out of the queue: completed, gone, dead-lettered, cancelled, or dropped as if never made. */
import { PgClient } from "@effect/sql-pg"
import { ErrorType, ReasonCode } from "@stint/domain/scheduler/Runs"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { AttemptErrorRow, Fenced, IdList, rowsFrom, RunId } from "../Row.ts"

/** Which live runs are cancelled. */
export type Which =
  | { readonly goal_instance_id: string }
  | { readonly hired_instance_id: string }
  | { readonly scheduled_run_id: string }

/** A goal's dead letter of one batch of outcomes. */
export const DeadLetterRow = {
  dlq_id: Schema.String,
  goal_instance_id: Schema.String,
  hired_instance_id: Schema.String,
  error_type: ErrorType,
  error_message: Schema.String,
  fingerprint: Schema.String,
  scheduled_run_ids: IdList,
}

/** The statements; each is to be run inside the caller's transaction. */
export const ending = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient

  /** held -> final, with a draft; resolves the open dead letter that the run belongs to. */
  const complete = SqlSchema.findAll({
    Request: rowsFrom({ ...Fenced, deliverable_id: Schema.String }),
    Result: Schema.Struct({ ...RunId.fields, seconds: Schema.Finite }),
    execute: (rows) =>
      sql`with gone as (
            delete from run_queue q using json_to_recordset(${rows}::json) as i (id varchar, fence bigint, deliverable_id varchar)
            where q.scheduled_run_id = i.id and q.fence = i.fence
            returning q.scheduled_run_id, i.deliverable_id, extract(epoch from clock_timestamp() - q.claimed_at)::float8 as seconds
          ), runs as (
            update scheduled_goal_runs r set status = 'completed', completed_at = now(), closed_at = now()
            from gone where r.scheduled_run_id = gone.scheduled_run_id
            returning r.dlq_id
          ), executions as (
            update goal_runs g set status = 'completed', completed_at = now(), deliverable_id = gone.deliverable_id,
              duration_ms = (gone.seconds * 1000)::int
            from gone where g.scheduled_run_id = gone.scheduled_run_id
          ), letters as (
            update scheduler_dlq d set state = 'resolved', closed_at = now()
            where d.state = 'open' and d.dlq_id in (select dlq_id from runs)
          )
          select scheduled_run_id, seconds from gone`,
  })

  /** held -> final, cancelled after a failed attempt: gone, or dead (`deadLetter` then books it). */
  const discard = SqlSchema.findAll({
    Request: rowsFrom({ ...Fenced, code: ReasonCode, reason: Schema.String, error: AttemptErrorRow }),
    Result: RunId,
    execute: (rows) =>
      sql`with gone as (
            delete from run_queue q using json_to_recordset(${rows}::json)
              as i (id varchar, fence bigint, code varchar, reason varchar, error jsonb)
            where q.scheduled_run_id = i.id and q.fence = i.fence
            returning q.scheduled_run_id, q.fence, q.attempt, q.claimed_at, i.code, i.reason,
              i.error || jsonb_build_object('attempt', q.attempt) as error
          ), runs as (
            update scheduled_goal_runs r set status = 'cancelled', closed_at = now(), reason_code = gone.code,
              run_metadata = r.run_metadata || jsonb_build_object('reason', gone.reason)
            from gone where r.scheduled_run_id = gone.scheduled_run_id
          ), attempts as (
            insert into run_attempts (scheduled_run_id, fence, attempt, started_at, ended_at, error_details)
            select scheduled_run_id, fence, attempt, claimed_at, now(), error from gone
          ), executions as (
            update goal_runs g set status = 'failed', completed_at = now(), error_details = gone.error,
              duration_ms = (extract(epoch from clock_timestamp() - gone.claimed_at) * 1000)::int
            from gone where g.scheduled_run_id = gone.scheduled_run_id
          )
          select scheduled_run_id from gone`,
  })

  /** Books discarded runs as dead letters: on the open entry of their goal, or on a new one. */
  const deadLetter = SqlSchema.void({
    Request: rowsFrom(DeadLetterRow),
    execute: (rows) =>
      sql`with input as (
            select * from json_to_recordset(${rows}::json) as x (dlq_id varchar, goal_instance_id varchar,
              hired_instance_id varchar, error_type varchar, error_message text, fingerprint varchar, scheduled_run_ids jsonb)
          ), letters as (
            insert into scheduler_dlq as d (dlq_id, goal_instance_id, hired_instance_id, error_type, error_message,
              fingerprint, failure_count, first_failed_at, last_failed_at, expires_at)
            select dlq_id, goal_instance_id, hired_instance_id, error_type, error_message, fingerprint,
              jsonb_array_length(scheduled_run_ids), now(), now(), now() + interval '7 days'
            -- sorted: every writer locks entries in the same order, so two never deadlock
            from input order by goal_instance_id
            on conflict (goal_instance_id) where state = 'open' do update set
              error_type = excluded.error_type, error_message = excluded.error_message,
              fingerprint = excluded.fingerprint,
              failure_count = d.failure_count + excluded.failure_count, last_failed_at = now()
            returning dlq_id, goal_instance_id
          )
          update scheduled_goal_runs r set dlq_id = l.dlq_id
          from letters l join input i using (goal_instance_id)
          cross join lateral jsonb_array_elements_text(i.scheduled_run_ids) as run (id)
          where r.scheduled_run_id = run.id`,
  })

  /** any state -> final, cancelled by what is outside the run. `only` unclaimed slots of the schedule, if it says so. */
  const cancel = SqlSchema.findAll({
    Request: Schema.Struct({
      where: Schema.Union([
        Schema.Struct({ goal_instance_id: Schema.String }),
        Schema.Struct({ hired_instance_id: Schema.String }),
        Schema.Struct({ scheduled_run_id: Schema.String }),
      ]),
      onlyUnclaimedSlots: Schema.Boolean,
      code: ReasonCode,
      words: Schema.String,
      metadata: Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json)),
    }),
    Result: Schema.Struct({ ...RunId.fields, goal_instance_id: Schema.String }),
    execute: ({ code, metadata, onlyUnclaimedSlots, where, words }) =>
      sql`with gone as (
            delete from run_queue q using scheduled_goal_runs r
            where r.scheduled_run_id = q.scheduled_run_id and ${
        "goal_instance_id" in where
          // by the index of its hire, which a goal never changes
          ? sql`q.goal_instance_id = ${where.goal_instance_id} and q.hired_instance_id = (
              select hired_instance_id from projected_goals where goal_instance_id = ${where.goal_instance_id})`
          : "hired_instance_id" in where
          ? sql`q.hired_instance_id = ${where.hired_instance_id}`
          : sql`q.scheduled_run_id = ${where.scheduled_run_id}`
      } and (${!onlyUnclaimedSlots} or (q.state <> 'held' and q.attempt = 0 and r.origin = 'schedule'))
            returning q.scheduled_run_id, q.goal_instance_id
          ), runs as (
            update scheduled_goal_runs r set status = 'cancelled', closed_at = now(), reason_code = ${code},
              run_metadata = r.run_metadata || ${metadata}::jsonb || jsonb_build_object('reason', ${words}::text)
            from gone where r.scheduled_run_id = gone.scheduled_run_id
          ), executions as (
            update goal_runs g set status = 'failed', completed_at = now(), error_details = ${metadata}::jsonb ||
              jsonb_build_object('type', 'CANCELLED', 'message', ${words}::text, 'attempt', g.attempt)
            from gone where g.scheduled_run_id = gone.scheduled_run_id
          )
          select scheduled_run_id, goal_instance_id from gone`,
  })

  /** timed -> never made: slots of the schedule whose start is still ahead, so nothing that was due is lost by an edit. */
  const dropFuture = SqlSchema.void({
    Request: IdList,
    execute: (goals) =>
      sql`delete from scheduled_goal_runs r using run_queue q join projected_goals g using (goal_instance_id, hired_instance_id)
          where q.scheduled_run_id = r.scheduled_run_id and g.goal_instance_id = any(${goals}::varchar[])
            and r.origin = 'schedule' and q.state = 'timed' and q.attempt = 0 and q.claimable_at > now()`,
  })

  return { complete, discard, deadLetter, cancel, dropFuture }
})
