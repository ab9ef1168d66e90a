/** The statements that read dead letters. */
import { PgClient } from "@effect/sql-pg"
import { DlqId } from "@stint/domain/Ids"
import { DeadLetterCounts, DeadLetterState } from "@stint/domain/scheduler/DeadLetters"
import { MOST_COUNTED } from "@stint/domain/scheduler/Runs"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Fragment } from "effect/sql/Statement"
import { findReadable } from "@stint/edge/Pg/Rows"
import { CauseRow, DeadLetterFilter, DeadLetterPage, DeadLetterPlace, DeadLetterRow } from "../Row.ts"

/** At most so many causes are listed. */
const CAUSES = 200

export const deadLetterReads = Effect.map(PgClient.PgClient, (sql) => {
  const select = sql`select d.dlq_id, d.goal_instance_id, d.hired_instance_id, d.error_type, d.error_message,
        d.stack_trace, d.fingerprint, d.failure_count, d.first_failed_at, d.last_failed_at, d.expires_at, d.retry_count,
        d.state, d.closed_at, h.customer_id, h.agent_id,
        coalesce((select array_agg(r.scheduled_run_id order by r.scheduled_time) from scheduled_goal_runs r
          where r.dlq_id = d.dlq_id), '{}') as scheduled_run_ids
      from scheduler_dlq d left join projected_hires h using (hired_instance_id)`
  // the hires of a customer or of an agent type: a dead letter names its hire alone
  const hires = (of: Fragment) =>
    sql`d.hired_instance_id in (select hired_instance_id from projected_hires where ${of})`
  const conditions = (f: typeof DeadLetterFilter.Encoded) => [
    sql`true`,
    ...(f.state === undefined ? [] : [sql`d.state = ${f.state}`]),
    ...(f.goal_instance_id === undefined ? [] : [sql`d.goal_instance_id = ${f.goal_instance_id}`]),
    ...(f.hired_instance_id === undefined ? [] : [sql`d.hired_instance_id = ${f.hired_instance_id}`]),
    ...(f.error_type === undefined ? [] : [sql`d.error_type = ${f.error_type}`]),
    ...(f.fingerprint === undefined ? [] : [sql`d.fingerprint = ${f.fingerprint}`]),
    ...(f.customer_id === undefined ? [] : [hires(sql`customer_id = ${f.customer_id}`)]),
    ...(f.agent_id === undefined ? [] : [hires(sql`agent_id = ${f.agent_id}`)]),
    ...(f.from === undefined ? [] : [sql`d.last_failed_at >= ${f.from}`]),
    ...(f.to === undefined ? [] : [sql`d.last_failed_at < ${f.to}`]),
  ]
  // a cursor has milliseconds
  const failedAt = sql`date_trunc('milliseconds', d.last_failed_at)`
  return {
    list: findReadable(sql, {
      what: "dead letters",
      Request: DeadLetterPage,
      Key: DeadLetterPlace,
      Result: DeadLetterRow,
      query: (page) =>
        sql`${select} where ${
          sql.and([
            ...conditions(page),
            ...(page.after === undefined ? [] : [sql`(${failedAt}, d.dlq_id) < (${page.after[0]}, ${page.after[1]})`]),
          ])
        } order by ${failedAt} desc, d.dlq_id desc limit ${page.limit}`,
    }),
    find: SqlSchema.findOneOption({
      Request: Schema.String,
      Result: DeadLetterRow,
      execute: (id) => sql`${select} where d.dlq_id = ${id}`,
    }),
    causes: SqlSchema.findAll({
      Request: DeadLetterState,
      Result: CauseRow,
      execute: (state) =>
        sql`with entries as (
              select d.*, (select count(*) from scheduled_goal_runs r where r.dlq_id = d.dlq_id) as runs
              from scheduler_dlq d where d.state = ${state}
            ), causes as (
              select fingerprint, count(*)::int as entries, sum(runs)::int as runs, min(first_failed_at) as first_failed_at
              from entries group by fingerprint
            ), latest as (
              select distinct on (fingerprint) fingerprint, error_type, error_message, dlq_id as example, last_failed_at
              from entries order by fingerprint, last_failed_at desc, dlq_id desc
            )
            select * from causes join latest using (fingerprint)
            order by entries desc, last_failed_at desc, fingerprint limit ${CAUSES}`,
    }),
    counts: SqlSchema.findOne({
      Request: Schema.Undefined,
      Result: DeadLetterCounts,
      execute: () =>
        sql`select ${
          sql.csv(DeadLetterState.literals.map((state) =>
            sql`(select count(*)::int from (select from scheduler_dlq where state = ${state} limit ${MOST_COUNTED}) of_state)
                  as ${sql(state)}`
          ))
        }`,
    }),
    matching: SqlSchema.findAll({
      Request: Schema.Struct({ ...DeadLetterFilter.fields, cap: Schema.Int }),
      Result: Schema.Struct({ dlq_id: DlqId, runs: Schema.Int }),
      execute: ({ cap, ...filter }) =>
        sql`select d.dlq_id, (select count(*)::int from scheduled_goal_runs r
              where r.dlq_id = d.dlq_id and r.status = 'cancelled') as runs
            from scheduler_dlq d
            where ${sql.and(conditions(filter))} order by d.first_failed_at, d.dlq_id limit ${cap}`,
    }),
  }
})
