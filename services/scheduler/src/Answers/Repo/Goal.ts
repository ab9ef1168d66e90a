/** The statements that read what is recorded of a goal around an instant. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { ActionRow } from "../../ActionLog/Row.ts"
import { Millis } from "../../Model.ts"
import { decodeVersions } from "../../Timeline/Repo.ts"
import { DroppedRange, MissedRange, OtherRun, SlotRun } from "../Row.ts"

/** How many versions of a goal before an instant, and after it, are read at most. */
const VERSIONS = 100
/** How many runs of a minute, and how many lines of a scope while a slot waited, are read at most. */
const MOST = 200
/** How many runs before or after one are searched for the one that was open then. */
const NEAR = 50

const OpenAt = Schema.Struct({
  id: Schema.String,
  slot: Millis,
  /** A millisecond after the closing: runs that were decided together were closed within one. */
  closed_at: Millis,
})

export const goalReads = Effect.map(PgClient.PgClient, (sql) => ({
  versions: ({ at, id }: { readonly id: string; readonly at: number }) =>
    Effect.flatMap(
      sql`(select * from goal_history where goal_instance_id = ${id} and valid_from <= ${new Date(at)}
            order by valid_from desc limit ${VERSIONS})
          union all
          (select * from goal_history where goal_instance_id = ${id} and valid_from > ${new Date(at)}
            order by valid_from limit ${VERSIONS})
          order by valid_from`,
      (rows) => decodeVersions(rows as ReadonlyArray<object>),
    ),
  firstVersion: SqlSchema.findOne({
    Request: Schema.String,
    Result: Schema.Struct({ since: Schema.NullOr(Millis) }),
    execute: (id) => sql`select min(valid_from) as since from goal_history where goal_instance_id = ${id}`,
  }),
  runsIn: SqlSchema.findAll({
    Request: Schema.Struct({ id: Schema.String, from: Millis, to: Millis }),
    Result: SlotRun,
    execute: ({ from, id, to }) =>
      sql`select scheduled_run_id, scheduled_time as slot, origin = 'schedule' as of_schedule from scheduled_goal_runs
          where goal_instance_id = ${id} and scheduled_time >= ${from} and scheduled_time < ${to}
          order by scheduled_time limit ${MOST}`,
  }),
  missed: SqlSchema.findOneOption({
    Request: Schema.Struct({ id: Schema.String, slot: Millis }),
    Result: MissedRange,
    execute: ({ id, slot }) =>
      sql`select * from (
            select from_slot as from, to_slot as to, reason, reason_code, recorded_at from missed_slots
            where goal_instance_id = ${id} and from_slot <= ${slot} order by from_slot desc limit 1) m
          where m.to >= ${slot}`,
  }),
  /** The dropped slots that hold an instant of [from, to), the latest first. */
  dropped: SqlSchema.findOneOption({
    Request: Schema.Struct({ id: Schema.String, from: Millis, to: Millis }),
    Result: DroppedRange,
    execute: ({ from, id, to }) =>
      // a range may have the one slot within it that an edit had dropped before
      sql`select from_slot as from, to_slot as to, reason, reason_code, recorded_at from dropped_slots
          where goal_instance_id = ${id} and from_slot < ${to} and to_slot >= ${from} order by from_slot desc limit 1`,
  }),
  /** Of each scope: the last line before the time span, the lines in it, and the first one after it. */
  pauseLines: SqlSchema.findAll({
    Request: Schema.Struct({
      scopes: Schema.fromJsonString(Schema.Array(Schema.Record(Schema.String, Schema.Json))),
      from: Millis,
      to: Millis,
    }),
    Result: ActionRow,
    execute: ({ from, scopes, to }) => {
      const ofScope = sql`select * from scheduler_action_log l
        where l.action in ('pause', 'resume') and coalesce(l.action_metadata -> 'scope', '{}') = s.scope`
      return sql`select l.* from json_array_elements(${scopes}::json) j
          cross join lateral (select j.value::jsonb as scope) s
          cross join lateral (
            (${ofScope} and l.timestamp <= ${from} order by l.timestamp desc limit 1)
            union all
            (${ofScope} and l.timestamp > ${from} and l.timestamp <= ${to} order by l.timestamp limit ${MOST})
            union all
            (${ofScope} and l.timestamp > ${to} order by l.timestamp limit 1)) l`
    },
  }),
  /** What goes on with a goal: the run that is under way, backs off or waits, and the latest run of its open dead letter. */
  goingOn: SqlSchema.findOne({
    Request: Schema.String,
    Result: Schema.Struct({ live: Schema.NullOr(Millis), dead: Schema.NullOr(Millis) }),
    execute: (id) =>
      sql`select (select scheduled_time from run_queue where goal_instance_id = ${id} and scheduled_time <= now()
              order by state = 'held' desc, attempt desc, scheduled_time limit 1) as live,
            (select r.scheduled_time from scheduler_dlq d join scheduled_goal_runs r on r.dlq_id = d.dlq_id
              where d.goal_instance_id = ${id} and d.state = 'open' and r.reason_code = 'dead_lettered'
              order by r.scheduled_time desc limit 1) as dead`,
  }),
  openBefore: SqlSchema.findOneOption({
    Request: OpenAt,
    Result: OtherRun,
    execute: ({ closed_at, id, slot }) =>
      sql`select scheduled_run_id, slot from (
            select scheduled_run_id, scheduled_time as slot, closed_at from scheduled_goal_runs
            where goal_instance_id = ${id} and scheduled_time < ${slot} order by scheduled_time desc limit ${NEAR}) r
          where closed_at is null or closed_at >= ${closed_at} limit 1`,
  }),
  openAfter: SqlSchema.findOneOption({
    Request: OpenAt,
    Result: OtherRun,
    execute: ({ closed_at, id, slot }) =>
      sql`select scheduled_run_id, slot from (
            select scheduled_run_id, scheduled_time as slot, closed_at from scheduled_goal_runs
            where goal_instance_id = ${id} and scheduled_time > ${slot} order by scheduled_time limit ${NEAR}) r
          where closed_at is null or closed_at >= ${closed_at} limit 1`,
  }),
}))
