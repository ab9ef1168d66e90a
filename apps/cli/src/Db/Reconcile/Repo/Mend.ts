/** What `stint db reconcile` writes. Each method is one transaction on one database; doing it again changes nothing. */
import type { PgClient } from "@effect/sql-pg"
import { RANK } from "@stint/scheduler/Queue/Fair"
import { Schema } from "effect"
import { SqlSchema } from "effect/sql"

const Ids = Schema.Array(Schema.String)
const Key = Schema.Struct({ key: Schema.String })

/** Hiring: followers that wait for a change get one that all of them ignore, and so read their cursor again at once. */
export const hiringMends = (sql: PgClient.PgClient) => ({
  wakeFollowers: sql`
    with written as (
      insert into hiring_outbox (kind, payload)
      select 'subscription', jsonb_build_object('type', 'subscription', 'subscription_id', subscription_id, 'customer_id',
        customer_id, 'status', status, 'version', version) from subscriptions order by subscription_id limit 1)
    select pg_notify('hiring_outbox', '')`,
})

/** The scheduler. */
export const schedulerMends = (sql: PgClient.PgClient) => ({
  /** Its follower begins again from a snapshot. */
  forgetCursor: sql`update feed_cursor set cursor = null, rebuild = null, rebuild_until = null`,
  /**
   * Puts completed runs whose draft was lost back into the queue, under their keys and with all their attempts: whatever is stored
   * under such a key by then is the answer. Only where goal and hire may run; those that were put back.
   */
  runAgain: SqlSchema.findAll({
    Request: Ids,
    Result: Key,
    execute: (keys) =>
      sql`
        with back as (
          update scheduled_goal_runs r set status = 'pending', completed_at = null, closed_at = null,
            run_metadata = r.run_metadata || '{"reconciled": "its draft was lost"}'
          from projected_hires h
          where r.idempotency_key = any(${keys}::varchar[]) and r.status = 'completed'
            and h.hired_instance_id = r.hired_instance_id and h.runnable
            and exists (select from projected_goals g where g.goal_instance_id = r.goal_instance_id)
          returning r.scheduled_run_id, r.goal_instance_id, r.hired_instance_id, r.customer_id, r.scheduled_time,
            r.idempotency_key, h.agent_id
        ), executions as (
          update goal_runs set status = 'pending', completed_at = null
          where scheduled_run_id = any (array(select scheduled_run_id from back))
        ), queued as (
          insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id,
            scheduled_time, serial, forced, rank, due_at, claimable_at, state)
          select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id, scheduled_time, false, false,
            ${RANK.schedule}::smallint, now(), now(), 'ready' from back)
        select idempotency_key as key, pg_notify('stint_scheduler', '') from back`,
  }),
  /** A completed run names the draft that is stored under its key. */
  relink: SqlSchema.findAll({
    Request: Schema.Struct({ key: Schema.String, deliverable_id: Schema.String }),
    Result: Key,
    execute: ({ deliverable_id, key }) =>
      sql`
        update goal_runs set deliverable_id = ${deliverable_id}
        where idempotency_key = ${key} and status = 'completed' returning idempotency_key as key`,
  }),
  /** Records completed runs of drafts that it does not know: it was restored to a moment before them. */
  record: SqlSchema.findAll({
    Request: Schema.Array(Schema.Struct({
      key: Schema.String,
      deliverable_id: Schema.String,
      goal_instance_id: Schema.String,
      hired_instance_id: Schema.String,
      customer_id: Schema.String,
      scheduled_time: Schema.String,
      created_at: Schema.String,
    })),
    Result: Key,
    execute: (drafts) =>
      sql`
        with made as (
          insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id,
            scheduled_time, created_at, status, completed_at, closed_at, origin, idempotency_key, run_metadata)
          select 'SCH-' || gen_random_uuid(), goal_instance_id, hired_instance_id, customer_id, scheduled_time, created_at,
            'completed', created_at, created_at, 'schedule', key, '{"reconciled": "made from its draft"}'
          from json_to_recordset(${JSON.stringify(drafts)}::json) as d (key varchar, deliverable_id varchar,
            goal_instance_id varchar, hired_instance_id varchar, customer_id varchar, scheduled_time timestamptz,
            created_at timestamptz)
          on conflict do nothing
          returning *)
        insert into goal_runs (run_id, goal_instance_id, idempotency_key, status, started_at, completed_at,
          deliverable_id, duration_ms, scheduled_run_id, attempt)
        select 'RUN-' || gen_random_uuid(), goal_instance_id, idempotency_key, 'completed', created_at, created_at,
          d.deliverable_id, 0, scheduled_run_id, 1
        from made join json_to_recordset(${JSON.stringify(drafts)}::json) as d (key varchar, deliverable_id varchar)
          on d.key = made.idempotency_key
        on conflict do nothing
        returning idempotency_key as key`,
  }),
})

/** Deliverables. */
export const deliverablesMends = (sql: PgClient.PgClient) => ({
  /** Its follower looks up all goals anew. */
  forgetCursor: sql`delete from feed_cursor`,
  /** What a run of these drafts is made of. */
  draftsOf: SqlSchema.findAll({
    Request: Ids,
    Result: Schema.Struct({
      key: Schema.String,
      deliverable_id: Schema.String,
      goal_instance_id: Schema.String,
      hired_instance_id: Schema.String,
      customer_id: Schema.String,
      scheduled_time: Schema.String,
      created_at: Schema.String,
    }),
    execute: (keys) =>
      sql`
        select idempotency_key as key, deliverable_id, goal_instance_id, hired_instance_id, customer_id,
          to_jsonb(scheduled_time) #>> '{}' as scheduled_time, to_jsonb(created_at) #>> '{}' as created_at
        from deliverables where idempotency_key = any(${keys}::text[])`,
  }),
})
