/** What the services' databases hold of one another, by pages and by ids. Each statement reads one database. */
import type { PgClient } from "@effect/sql-pg"
import { Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Statement } from "effect/sql/Statement"

/** How many rows one statement reads. */
export const PAGE = 2_000

const Ids = Schema.Array(Schema.String)
const Id = Schema.Struct({ id: Schema.String })

/** A hire or a goal: what the scheduler decides by, as one text. */
const Projected = Schema.Struct({ id: Schema.String, content: Schema.String, version: Schema.Int })
export type Projected = typeof Projected.Type

/** A goal that deliverables has drafts of, or a tombstone. */
const Known = Schema.Struct({ id: Schema.String, deleted: Schema.Boolean })

/** A run that made a draft, or a draft of a run: by the run's key. */
const Made = Schema.Struct({ key: Schema.String, deliverable_id: Schema.String })
export type Made = typeof Made.Type

/** A completed run, with its goal. */
const Completed = Schema.Struct({ ...Made.fields, goal: Schema.String })

/** Hiring, as the source of hires and goals. */
export const hiringReads = (sql: PgClient.PgClient) => {
  const hire = sql`
    h.hired_instance_id as id, h.version::int as version,
    concat_ws('|', h.customer_id, h.agent_id, h.timezone, h.active and s.status = 'active' and h.configured
      and h.finalized_at is not null) as content
    from hired_agents h join subscriptions s using (subscription_id)`
  const goal = sql`
    goal_instance_id as id, version::int as version, concat_ws('|', hired_instance_id, version, enabled, frequency,
      coalesce(default_at, '-'), md5(coalesce(settings->'schedule', '{}')::text)) as content
    from goal_instances`
  return {
    hires: page(
      Projected,
      (after) => sql`select ${hire} where h.hired_instance_id > ${after} order by h.hired_instance_id limit ${PAGE}`,
    ),
    hiresOf: byIds(Projected, (ids) => sql`select ${hire} where h.hired_instance_id = any(${ids}::text[])`),
    goals: page(
      Projected,
      (after) => sql`select ${goal} where goal_instance_id > ${after} order by goal_instance_id limit ${PAGE}`,
    ),
    goalsOf: byIds(Projected, (ids) => sql`select ${goal} where goal_instance_id = any(${ids}::text[])`),
    /** The definitions that hires are pinned to. */
    definitions: SqlSchema.findAll({
      Request: Schema.Void,
      Result: Id,
      execute: () => sql`select distinct agent_id || '@' || definition_version as id from hired_agents order by id`,
    }),
    /** The last position of the feed, and its mark. */
    sequence: SqlSchema.findAll({
      Request: Schema.Void,
      Result: Schema.Struct({ position: Schema.BigInt }),
      execute: () => sql`select position from hiring_feed_sequence`,
    }),
    /** The mark of a place in the feed; no row: it is not kept, or there is none. */
    mark: SqlSchema.findAll({
      Request: Schema.BigInt,
      Result: Schema.Struct({ mark: Schema.Int }),
      execute: (position) =>
        sql`
          select mark from hiring_outbox where position = ${position}::bigint
          union select mark from hiring_feed_sequence where position = ${position}::bigint
          union select floor_mark from hiring_feed_sequence where floor = ${position}::bigint`,
    }),
  }
}

/** The scheduler: its projection and its runs. */
export const schedulerReads = (sql: PgClient.PgClient) => {
  const hire = sql`
    hired_instance_id as id, version::int as version, concat_ws('|', customer_id, agent_id, timezone, runnable) as content
    from projected_hires`
  const goal = sql`
    goal_instance_id as id, version::int as version, concat_ws('|', hired_instance_id, version, enabled, frequency,
      coalesce(default_at, '-'), md5(schedule::text)) as content
    from projected_goals`
  return {
    hires: page(
      Projected,
      (after) => sql`select ${hire} where hired_instance_id > ${after} order by hired_instance_id limit ${PAGE}`,
    ),
    hiresOf: byIds(Projected, (ids) => sql`select ${hire} where hired_instance_id = any(${ids}::varchar[])`),
    goals: page(
      Projected,
      (after) => sql`select ${goal} where goal_instance_id > ${after} order by goal_instance_id limit ${PAGE}`,
    ),
    goalsOf: byIds(Projected, (ids) => sql`select ${goal} where goal_instance_id = any(${ids}::varchar[])`),
    /** Completed runs, by the key. */
    completed: page(Completed, (after) =>
      sql`
        select idempotency_key as key, deliverable_id, goal_instance_id as goal from goal_runs
        where status = 'completed' and idempotency_key > ${after} order by idempotency_key limit ${PAGE}`),
    /** Those of the keys that have a run, which may stand in the queue alone. */
    runsOf: byIds(
      Id,
      (keys) =>
        sql`select idempotency_key as id from scheduled_goal_runs where idempotency_key = any(${keys}::varchar[])
          union select run_key(goal_instance_id, scheduled_time) from run_queue
            where not recorded and run_key(goal_instance_id, scheduled_time) = any(${keys}::varchar[])`,
    ),
    cursor: cursor(sql),
  }
}

/** Deliverables: drafts, tombstones of goals, executions. */
export const deliverablesReads = (sql: PgClient.PgClient) => ({
  goals: page(Known, (after) =>
    sql`
      select id, bool_or(deleted) as deleted from (
        (select distinct goal_instance_id as id, false as deleted from deliverables
          where goal_instance_id > ${after} and deleted_at is null order by id limit ${PAGE})
        union all
        (select goal_instance_id, true from deleted_goals where goal_instance_id > ${after}
          order by goal_instance_id limit ${PAGE})) as known
      group by id order by id limit ${PAGE}`),
  /** Those of the keys that have a draft, deleted or not. */
  draftsOf: byIds(
    Made,
    (keys) =>
      sql`select idempotency_key as key, deliverable_id from deliverables where idempotency_key = any(${keys}::text[])`,
  ),
  /** Drafts of the last 29 days, by the key: the scheduler keeps runs for 30. */
  drafts: page(Made, (after) =>
    sql`
      select idempotency_key as key, deliverable_id from deliverables
      where idempotency_key > ${after} and created_at > now() - interval '29 days' and deleted_at is null
      order by idempotency_key limit ${PAGE}`),
  /** Executions that don't agree with their approval or their deliverable. */
  executions: SqlSchema.findAll({
    Request: Schema.Void,
    Result: Schema.Struct({ id: Schema.String, what: Schema.String }),
    execute: () =>
      sql`
        select e.delivery_id as id, case
            when a.content_sha256 <> e.content_sha256 then 'is of other content than its approval'
            when a.decision <> 'approved' then 'stands on a rejection'
            when a.deliverable_id <> e.deliverable_id then 'stands on the approval of another deliverable'
            when e.state = 'delivered' and d.execution_status <> 'executed' then 'is delivered; its deliverable is not executed'
            else 'has no end; its deliverable is executed' end as what
        from executions e join deliverables d using (deliverable_id) left join approvals a on a.approval_id = e.approval_id
        where (e.state <> 'failed' and (a.content_sha256 <> e.content_sha256 or a.decision <> 'approved'
            or a.deliverable_id <> e.deliverable_id))
          or (e.state = 'delivered' and d.execution_status <> 'executed')
          or (e.state <> 'delivered' and d.execution_status = 'executed')
        union all
        select deliverable_id, 'is executed without an execution' from deliverables d
        where execution_status = 'executed' and not exists (select from executions e where e.deliverable_id = d.deliverable_id)`,
  }),
  cursor: cursor(sql),
})

/** The catalog's definitions. */
export const catalogReads = (sql: PgClient.PgClient) => ({
  definitions: byIds(Id, (ids) => sql`select id from agent_type_definitions where id = any(${ids}::text[])`),
})

function cursor(sql: PgClient.PgClient) {
  return SqlSchema.findAll({
    Request: Schema.Void,
    Result: Schema.Struct({ cursor: Schema.NullOr(Schema.String) }),
    execute: () => sql`select cursor from feed_cursor`,
  })
}

function page<A, I>(Result: Schema.Codec<A, I>, execute: (after: string) => Statement<unknown>) {
  return SqlSchema.findAll({ Request: Schema.String, Result, execute })
}

function byIds<A, I>(Result: Schema.Codec<A, I>, execute: (ids: ReadonlyArray<string>) => Statement<unknown>) {
  return SqlSchema.findAll({ Request: Ids, Result, execute })
}
