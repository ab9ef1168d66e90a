/** Puts runs into the queue: new ones, and cancelled ones that are to run after all. */
import { PgClient } from "@effect/sql-pg"
import { RunOrigin } from "@stint/domain/scheduler/Runs"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { RANK } from "../Fair.ts"
import { rowsFrom, RunId } from "../Row.ts"
import { IDS, inputById, inputOf } from "./Input.ts"
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

/** How a cancelled run comes back; without an origin it keeps its own. */
export const RequeuedRow = {
  id: Schema.String,
  claimable_at: Schema.String,
  forced: Schema.Boolean,
  origin: Schema.NullOr(RunOrigin),
  note: Json,
}

/** The agent type of a row's hire; empty when the hire is not known any more. */
export const agentOf = (sql: PgClient.PgClient, row: "i" | "back") =>
  sql.unsafe(
    `coalesce((select agent_id from projected_hires h where h.hired_instance_id = ${row}.hired_instance_id), '')`,
  )

/** That the slot of a row `i` has no run that stands in the queue alone. */
export const isFree = (sql: PgClient.PgClient) =>
  sql.unsafe(`(select true from run_queue u where u.goal_instance_id = i.goal_instance_id and not u.recorded
    and u.scheduled_time = i.scheduled_time limit 1) is null`)

/** A slot or request that has a run already makes none. */
const enqueue = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
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
          from input i where ${isFree(sql)}
          on conflict do nothing
          returning scheduled_run_id
        ), queued as (
          insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id,
            scheduled_time, serial, caught_up, forced, rank, due_at, claimable_at, state)
          select i.scheduled_run_id, i.goal_instance_id, i.hired_instance_id, i.customer_id, ${agentOf(sql, "i")},
            i.scheduled_time, i.serial, i.caught_up, i.forced, i.rank,
            coalesce(i.due_at, greatest(i.claimable_at, now())), i.claimable_at, ${sql.unsafe(FIRST_STATE)}
          from input i join made using (scheduled_run_id)
          where i.queued
        )
        select scheduled_run_id from made`,
  })

/** Under the keys that they had, with all their attempts. Such runs are exempt from overlap, so they are not serial. */
const requeue = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: rowsFrom(RequeuedRow),
    Result: RunId,
    execute: (rows) => {
      const input = sql.unsafe(inputOf("scheduled_run_id"))
      return sql`with ${inputById(sql, rows)}, back as (
          update scheduled_goal_runs set status = 'pending', closed_at = null, reason_code = null,
            origin = coalesce(${input} ->> 'origin', origin),
            run_metadata = (run_metadata - 'reason' - 'cancelled_by' - 'cancel_reason')
              || (${input} -> 'note')
          where scheduled_run_id = any (${sql.unsafe(IDS)}) and status = 'cancelled'
          returning scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
            (${input} ->> 'forced')::boolean as forced,
            (${input} ->> 'claimable_at')::timestamptz as claimable_at
        ), executions as (
          update goal_runs set status = 'pending', completed_at = null
          where scheduled_run_id = any (array(select scheduled_run_id from back))
        )
        insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id,
          scheduled_time, serial, forced, rank, due_at, claimable_at, state)
        select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, ${agentOf(sql, "back")},
          scheduled_time, false, forced, case when forced then ${RANK.forced}::smallint else ${RANK.schedule}::smallint end,
          claimable_at, claimable_at, ${sql.unsafe(FIRST_STATE)}
        from back
        returning scheduled_run_id`
    },
  })

/** The statements; each is to be run inside the caller's transaction. */
export const enqueueing = Effect.map(PgClient.PgClient, (sql) => ({
  enqueue: enqueue(sql),
  requeue: requeue(sql),
}))
