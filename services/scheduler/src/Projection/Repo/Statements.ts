/** The statements on the projection's tables. */
import { PgClient } from "@effect/sql-pg"
import { BigIntColumn } from "@stint/edge/Pg/BigIntColumn"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { GoalRow, type GoalVersion, HireRow, iso, Millis } from "../../Model.ts"
import { rowsFrom } from "../../Queue/Row.ts"
import type { LateSlot } from "../Plan.ts"
import type { Dropped } from "../Standing.ts"

const Ids = Schema.Array(Schema.String)

/** Reads. */
export const projectionReads = Effect.map(PgClient.PgClient, (sql) => ({
  cursor: SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({ cursor: Schema.NullOr(Schema.String) }),
    execute: () => sql`select cursor from feed_cursor`,
  }),
  goal: SqlSchema.findOneOption({
    Request: Schema.String,
    Result: GoalRow,
    execute: (id) => sql`select * from projected_goals where goal_instance_id = ${id}`,
  }),
  hires: SqlSchema.findAll({
    Request: Ids,
    Result: HireRow,
    execute: (ids) => sql`select * from projected_hires where hired_instance_id = any(${ids}::varchar[])`,
  }),
  /** Of those goals that are projected: their versions, and their hires', with when hiring wrote them. */
  versions: SqlSchema.findAll({
    Request: Ids,
    Result: Schema.Struct({
      goal_instance_id: Schema.String,
      goal_version: BigIntColumn,
      goal_changed_at: Millis,
      hire_version: BigIntColumn,
      hire_changed_at: Millis,
    }),
    execute: (ids) =>
      sql`select g.goal_instance_id, g.version as goal_version, g.changed_at as goal_changed_at,
            h.version as hire_version, h.changed_at as hire_changed_at
          from projected_goals g join projected_hires h using (hired_instance_id)
          where g.goal_instance_id = any(${ids}::varchar[])`,
  }),
  nextSlots: SqlSchema.findAll({
    Request: Ids,
    Result: Schema.Struct({ goal_instance_id: Schema.String, next_slot: Millis }),
    execute: (ids) =>
      sql`select goal_instance_id, next_slot from projected_goals
          where goal_instance_id = any(${ids}::varchar[]) and next_slot is not null`,
  }),
  goalIds: SqlSchema.findAll({
    Request: Schema.Void,
    Result: Schema.Struct({ goal_instance_id: GoalRow.fields.goal_instance_id }),
    execute: () => sql`select goal_instance_id from projected_goals`,
  }),
  hireOf: SqlSchema.findOneOption({
    Request: Schema.String,
    Result: Schema.Struct({ hired_instance_id: Schema.String }),
    execute: (customer) => sql`select hired_instance_id from projected_hires where customer_id = ${customer} limit 1`,
  }),
  hireIds: SqlSchema.findAll({
    Request: Schema.Void,
    Result: Schema.Struct({ hired_instance_id: HireRow.fields.hired_instance_id }),
    execute: () => sql`select hired_instance_id from projected_hires`,
  }),
  /** Locks these goals and those of these hires: whoever decides over their slots waits until the change has committed. */
  lockedGoals: SqlSchema.findAll({
    Request: Schema.Struct({ goals: Ids, ofHires: Ids }),
    Result: GoalRow,
    execute: ({ goals, ofHires }) =>
      sql`select * from projected_goals where goal_instance_id = any(${goals}::varchar[])
            or hired_instance_id = any(${ofHires}::varchar[])
          order by goal_instance_id for update`,
  }),
  /** What was decided or dropped of goals' slots after an instant each, and can be taken back: nothing that was ever claimed. */
  lateSlots: SqlSchema.findAll({
    Request: rowsFrom({ goal: Schema.String, since: Schema.String }),
    Result: Schema.Struct({
      goal_instance_id: Schema.String,
      slot: Millis,
      scheduled_run_id: Schema.NullOr(Schema.String),
      kind: Schema.Literals(["waits", "cancelled", "dropped"]),
    }),
    execute: (goals) =>
      sql`with g as (select * from json_to_recordset(${goals}::json) as g (goal varchar, since timestamptz))
          select r.goal_instance_id, r.scheduled_time as slot, r.scheduled_run_id,
            case when r.status = 'pending' then 'waits' else 'cancelled' end as kind
          from g join scheduled_goal_runs r on r.goal_instance_id = g.goal and r.scheduled_time > g.since
          where r.origin = 'schedule' and not exists (select from goal_runs e where e.scheduled_run_id = r.scheduled_run_id)
            and (r.status = 'pending' or r.reason_code in ('goal_disabled', 'hire_not_runnable'))
          union all
          select d.goal_instance_id, d.from_slot, null, 'dropped'
          from g join dropped_slots d on d.goal_instance_id = g.goal and d.from_slot > g.since
          where d.reason_code = 'schedule_changed'`,
  }),
}))

/** Writes. */
export const projectionWrites = Effect.map(PgClient.PgClient, (sql) => ({
  upsertHires: (hires: ReadonlyArray<HireRow>) =>
    sql`insert into projected_hires
        select * from json_populate_recordset(null::projected_hires, ${
      JSON.stringify(hires.map((hire) => ({ ...hire, changed_at: iso(hire.changed_at) })))
    }::json)
        on conflict (hired_instance_id) do update set customer_id = excluded.customer_id,
          agent_id = excluded.agent_id, timezone = excluded.timezone, runnable = excluded.runnable,
          reason = excluded.reason, version = excluded.version, changed_at = excluded.changed_at`,
  upsertGoals: (goals: ReadonlyArray<GoalRow>) =>
    sql`insert into projected_goals
        select * from json_populate_recordset(null::projected_goals, ${
      JSON.stringify(goals.map((goal) => ({
        ...goal,
        // a changed goal is decided again, also while it is paused
        parked: false,
        changed_at: iso(goal.changed_at),
        next_slot: iso(goal.next_slot),
        due_at: iso(goal.due_at),
        decided_until: iso(goal.decided_until),
        replan_until: iso(goal.replan_until),
      })))
    }::json)
        on conflict (goal_instance_id) do update set hired_instance_id = excluded.hired_instance_id,
          customer_id = excluded.customer_id, version = excluded.version, changed_at = excluded.changed_at,
          enabled = excluded.enabled, frequency = excluded.frequency, schedule = excluded.schedule,
          default_at = excluded.default_at, next_slot = excluded.next_slot, due_at = excluded.due_at,
          parked = excluded.parked, decided_until = excluded.decided_until, replan_until = excluded.replan_until`,
  /**
   * Gives goals their new versions where nothing changed that their slots and their history hang on; their ids. The changes
   * are those that `renewals` finds. All goals that the page touches are locked, in the order of `lockedGoals`.
   */
  renewGoals: SqlSchema.findOne({
    Request: Schema.Struct({ changes: Schema.String, goals: Ids, ofHires: Ids }),
    Result: Schema.Struct({ renewed: Ids }),
    execute: ({ changes, goals, ofHires }) =>
      sql`with locked as (
              select * from projected_goals where goal_instance_id = any(${goals}::varchar[])
                or hired_instance_id = any(${ofHires}::varchar[])
              order by goal_instance_id for update),
            renewed as (
              update projected_goals g set version = x.version, changed_at = x.changed_at, parked = false
              from locked l join json_to_recordset(${changes}::json) as x (goal_instance_id varchar,
                hired_instance_id varchar, version bigint, changed_at timestamptz, frequency varchar, schedule jsonb,
                default_at varchar) using (goal_instance_id)
              where g.goal_instance_id = l.goal_instance_id and l.enabled and l.version < x.version
                and l.hired_instance_id = x.hired_instance_id and l.frequency = x.frequency
                and l.schedule = x.schedule and l.default_at is not distinct from x.default_at
              returning g.goal_instance_id)
          select coalesce(array_agg(goal_instance_id), '{}') as renewed from renewed`,
  }),
  deleteGoals: (goals: ReadonlyArray<string>) =>
    sql`delete from projected_goals where goal_instance_id = any(${goals}::varchar[])`,
  /** Hires without goals. */
  deleteHires: (hires: ReadonlyArray<string>) =>
    sql`delete from projected_hires h where hired_instance_id = any(${hires}::varchar[])
          and not exists (select from projected_goals g where g.hired_instance_id = h.hired_instance_id)`,
  insertVersions: (versions: ReadonlyArray<GoalVersion>) =>
    sql`insert into goal_history select * from json_populate_recordset(null::goal_history, ${
      JSON.stringify(versions.map((version) => ({ ...version, valid_from: iso(version.valid_from) })))
    }::json)`,
  insertDropped: (dropped: ReadonlyArray<Dropped>) =>
    sql`insert into dropped_slots (goal_instance_id, from_slot, to_slot, reason_code, reason)
        select distinct on (goal_instance_id, from_slot) * from json_to_recordset(${
      JSON.stringify(dropped.map((one) => ({ ...one, from_slot: iso(one.from_slot), to_slot: iso(one.to_slot) })))
    }::json) as x (goal_instance_id varchar, from_slot timestamptz, to_slot timestamptz, reason_code varchar, reason varchar)
        on conflict (goal_instance_id, from_slot) do update set to_slot = excluded.to_slot,
          reason_code = excluded.reason_code, reason = excluded.reason, recorded_at = now()`,
  deleteDropped: (slots: ReadonlyArray<LateSlot>) =>
    sql`delete from dropped_slots d using json_to_recordset(${
      JSON.stringify(slots.map(({ goal_instance_id, slot }) => ({ goal_instance_id, slot: iso(slot) })))
    }::json) as x (goal_instance_id varchar, slot timestamptz)
        where d.goal_instance_id = x.goal_instance_id and d.from_slot = x.slot`,
  /** Discards the open dead letters of goals. */
  discardDeadLetters: SqlSchema.findAll({
    Request: Ids,
    Result: Schema.Struct({ dlq_id: Schema.String, goal_instance_id: Schema.String }),
    execute: (goals) =>
      sql`update scheduler_dlq set state = 'discarded', closed_at = now()
          where goal_instance_id = any(${goals}::varchar[]) and state = 'open' returning dlq_id, goal_instance_id`,
  }),
}))
