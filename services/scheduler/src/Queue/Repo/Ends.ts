/** Takes final runs out of the queue: completed, gone, dead-lettered, cancelled, or dropped as if never made. */
import { PgClient } from "@effect/sql-pg"
import { ReasonCode } from "@stint/domain/scheduler/ReasonCodes"
import { ErrorType } from "@stint/domain/scheduler/Runs"
import { integers, texts } from "@stint/edge/Pg/Lists"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { AttemptErrorRow, Fenced, IdList, rowsFrom, RunId } from "../Row.ts"
import { DURATION_BUCKETS, LATENESS_BUCKETS } from "../Counters.ts"
import { inputById, inputOf } from "./Input.ts"
import { MAKERS } from "./Makings.ts"
import { ERROR, IS_HELD } from "./Transitions.ts"

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

/** Deletes the rows of `input` that their holder still holds. */
const GONE = `delete from run_queue where ${IS_HELD} returning scheduled_run_id, fence, attempt, claimed_at`

/**
 * held -> final, with a draft; and waiting -> ready, the next runs of their goals, and what that adds to the counters. One statement,
 * a transaction of its own unless the caller has one (`end_runs`, script 272). It locks `goals` first, in their order, as
 * `lockGoals` does. Of a run that was not recorded both rows are made with their end.
 */
const settle = (sql: PgClient.PgClient) =>
(
  { drafts, fences, goals, runs }: {
    readonly goals: ReadonlyArray<string>
    readonly runs: ReadonlyArray<string>
    readonly fences: ReadonlyArray<number>
    readonly drafts: ReadonlyArray<string>
  },
) =>
  Effect.map(
    sql<{ readonly written: number; readonly released: number }>`select written, released from end_runs(
        ${texts(runs)}::varchar[], ${integers(fences)}, ${texts(drafts)}::varchar[], ${
      texts(goals)
    }::varchar[], ${MAKERS},
        ${LATENESS_BUCKETS.map(String)}::text[]::float8[], ${DURATION_BUCKETS.map(String)}::text[]::float8[])`,
    ([row]) => row!,
  )

/** held -> final, cancelled after a failed attempt: gone, or dead (`deadLetter` then books it). */
const discard = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: rowsFrom({ ...Fenced, code: ReasonCode, reason: Schema.String, error: AttemptErrorRow }),
    Result: RunId,
    execute: (rows) => {
      const input = sql.unsafe(inputOf("scheduled_run_id"))
      return sql`with ${inputById(sql, rows)}, gone as (${sql.unsafe(GONE)}), runs as (
          update scheduled_goal_runs set status = 'cancelled', closed_at = now(), reason_code = ${input} ->> 'code',
            run_metadata = run_metadata || jsonb_build_object('reason', ${input} -> 'reason')
          where scheduled_run_id = any (array(select scheduled_run_id from gone))
        ), attempts as (
          insert into run_attempts (scheduled_run_id, fence, attempt, started_at, ended_at, error_details)
          select scheduled_run_id, fence, attempt, claimed_at, now(), ${sql.unsafe(ERROR)} from gone
        ), executions as (
          update goal_runs set status = 'failed', completed_at = now(), error_details = ${sql.unsafe(ERROR)},
            duration_ms = (extract(epoch from clock_timestamp() - started_at) * 1000)::int
          where scheduled_run_id = any (array(select scheduled_run_id from gone))
        )
        select scheduled_run_id from gone`
    },
  })

/** Books discarded runs as dead letters: on the open entry of their goal, or on a new one. */
const deadLetter = (sql: PgClient.PgClient) =>
  SqlSchema.void({
    Request: rowsFrom(DeadLetterRow),
    execute: (rows) =>
      sql`with input as (
          select * from json_to_recordset(${rows}::json) as x (dlq_id varchar, goal_instance_id varchar,
            hired_instance_id varchar, error_type varchar, error_message text, fingerprint varchar, scheduled_run_ids jsonb)
        ), dead_letters as (
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
        ), booked as (
          select jsonb_object_agg(run.id, l.dlq_id) as dlq_ids, array_agg(run.id::varchar) as ids
          from dead_letters l join input i using (goal_instance_id)
          cross join lateral jsonb_array_elements_text(i.scheduled_run_ids) as run (id)
        )
        update scheduled_goal_runs set dlq_id = (select dlq_ids from booked) ->> scheduled_run_id
        where scheduled_run_id = any ((select ids from booked)::varchar[])`,
  })

/** any state -> final, cancelled by what is outside the run. `only` unclaimed slots of the schedule, if it says so. */
const cancel = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
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
          delete from run_queue q where ${
        "goal_instance_id" in where
          // by the index of its hire, which a goal never changes
          ? sql`q.goal_instance_id = ${where.goal_instance_id} and q.hired_instance_id = (
            select hired_instance_id from projected_goals where goal_instance_id = ${where.goal_instance_id})`
          : "hired_instance_id" in where
          ? sql`q.hired_instance_id = ${where.hired_instance_id}`
          : sql`q.scheduled_run_id = ${where.scheduled_run_id}`
      } and q.recorded and (${!onlyUnclaimedSlots} or (q.state <> 'held' and q.attempt = 0 and
            (select origin from scheduled_goal_runs r where r.scheduled_run_id = q.scheduled_run_id) = 'schedule'))
          returning q.scheduled_run_id, q.goal_instance_id
        ), runs as (
          update scheduled_goal_runs r set status = 'cancelled', closed_at = now(), reason_code = ${code},
            run_metadata = r.run_metadata || ${metadata}::jsonb || jsonb_build_object('reason', ${words}::text)
          where r.scheduled_run_id = any (array(select scheduled_run_id from gone))
        ), executions as (
          update goal_runs g set status = 'failed', completed_at = now(), error_details = ${metadata}::jsonb ||
            jsonb_build_object('type', 'CANCELLED', 'message', ${words}::text, 'attempt', g.attempt)
          where g.scheduled_run_id = any (array(select scheduled_run_id from gone))
        )
        select scheduled_run_id, goal_instance_id from gone`,
  })

/** waiting, timed or ready -> never made; or a cancelled run that was never claimed. Those that were removed. */
const remove = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: IdList,
    Result: RunId,
    execute: (runs) =>
      sql`with gone as (
          delete from run_queue where scheduled_run_id = any(${runs}::varchar[]) and state <> 'held' and attempt = 0
          returning scheduled_run_id
        )
        delete from scheduled_goal_runs where scheduled_run_id = any(${runs}::varchar[])
          and (status = 'cancelled' or scheduled_run_id = any (array(select scheduled_run_id from gone)))
        returning scheduled_run_id`,
  })

/** The statements; each is to be run inside the caller's transaction. */
export const ending = Effect.map(PgClient.PgClient, (sql) => ({
  settle: settle(sql),
  discard: discard(sql),
  deadLetter: deadLetter(sql),
  cancel: cancel(sql),
  remove: remove(sql),
}))
