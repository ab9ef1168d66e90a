/** Puts runs into the queue: new ones, and cancelled ones that are to run after all. */
import { PgClient } from "@effect/sql-pg"
import { RunOrigin } from "@stint/domain/scheduler/Runs"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { RANK } from "../Fair.ts"
import { rowsFrom, RunId } from "../Row.ts"
import { FIRST_STATE } from "./Transitions.ts"

/** JSON that a row keeps as it is. */
const Json = Schema.Record(Schema.String, Schema.Json)
/** An instant as text, for a statement's JSON. */
const IsoText = Schema.NullOr(Schema.String)

/** A run's row in `scheduled_goal_runs` and, when `queued`, in `run_queue`. */
export const EnqueuedRow = {
  scheduled_run_id: Schema.String,
  goal_instance_id: Schema.String,
  hired_instance_id: Schema.String,
  customer_id: Schema.String,
  scheduled_time: Schema.String,
  origin: RunOrigin,
  idempotency_key: Schema.String,
  request_id: Schema.NullOr(Schema.String),
  run_metadata: Json,
  reason_code: Schema.NullOr(Schema.String),
  queued: Schema.Boolean,
  serial: Schema.Boolean,
  caught_up: Schema.Boolean,
  forced: Schema.Boolean,
  rank: Schema.Int,
  due_at: IsoText,
  claimable_at: IsoText,
}

/** A cancelled run on its way back; what is null stays as it was. */
export const RequeuedRow = {
  scheduled_run_id: Schema.String,
  claimable_at: Schema.String,
  forced: Schema.Boolean,
  origin: Schema.NullOr(RunOrigin),
  note: Json,
}

/** The statements; each is to be run inside the caller's transaction. */
export const enqueueing = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const firstState = sql.unsafe(FIRST_STATE)

  /** A slot or request that has a run already makes none. */
  const enqueue = SqlSchema.findAll({
    Request: rowsFrom(EnqueuedRow),
    Result: RunId,
    execute: (rows) =>
      sql`with input as (
            select * from json_to_recordset(${rows}::json) as x (
              scheduled_run_id varchar, goal_instance_id varchar, hired_instance_id varchar, customer_id varchar,
              scheduled_time timestamptz, origin varchar, idempotency_key varchar, request_id varchar,
              run_metadata jsonb, reason_code varchar, queued boolean, serial boolean, caught_up boolean, forced boolean,
              rank smallint, due_at timestamptz, claimable_at timestamptz)
          ), made as (
            insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id,
              scheduled_time, created_at, status, origin, idempotency_key, request_id, run_metadata, reason_code, closed_at)
            select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, now(),
              case when queued then 'pending' else 'cancelled' end, origin, idempotency_key, request_id, run_metadata,
              reason_code, case when queued then null else now() end
            from input
            on conflict do nothing
            returning scheduled_run_id
          ), queued as (
            insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id,
              scheduled_time, serial, caught_up, forced, rank, due_at, claimable_at, state)
            select i.scheduled_run_id, i.goal_instance_id, i.hired_instance_id, i.customer_id, coalesce(h.agent_id, ''),
              i.scheduled_time, i.serial, i.caught_up, i.forced, i.rank,
              coalesce(i.due_at, greatest(i.claimable_at, now())), i.claimable_at, ${firstState}
            from input i join made using (scheduled_run_id) left join projected_hires h using (hired_instance_id)
            where i.queued
          )
          select scheduled_run_id from made`,
  })

  /** Under the keys that they had, with all their attempts. Such runs are exempt from overlap, so they are not serial. */
  const requeue = SqlSchema.findAll({
    Request: rowsFrom(RequeuedRow),
    Result: RunId,
    execute: (rows) =>
      sql`with input as (
            select * from json_to_recordset(${rows}::json)
              as x (scheduled_run_id varchar, claimable_at timestamptz, forced boolean, origin varchar, note jsonb)
          ), back as (
            update scheduled_goal_runs r set status = 'pending', closed_at = null, reason_code = null,
              origin = coalesce(i.origin, r.origin),
              run_metadata = (r.run_metadata - 'reason' - 'cancelled_by' - 'cancel_reason') || i.note
            from input i where r.scheduled_run_id = i.scheduled_run_id and r.status = 'cancelled'
            returning r.scheduled_run_id, r.goal_instance_id, r.hired_instance_id, r.customer_id, r.scheduled_time,
              i.forced, i.claimable_at
          ), executions as (
            update goal_runs g set status = 'pending', completed_at = null from back
            where g.scheduled_run_id = back.scheduled_run_id
          )
          insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id,
            scheduled_time, serial, forced, rank, due_at, claimable_at, state)
          select scheduled_run_id, goal_instance_id, hired_instance_id, back.customer_id, coalesce(h.agent_id, ''),
            scheduled_time, false, forced, case when forced then ${RANK.forced}::smallint else ${RANK.schedule}::smallint end,
            claimable_at, claimable_at, ${firstState}
          from back left join projected_hires h using (hired_instance_id)
          returning scheduled_run_id`,
  })

  return { enqueue, requeue }
})
