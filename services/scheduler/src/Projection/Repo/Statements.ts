/** The statements on the projection's tables. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { GoalRow, HireRow, iso } from "../../Model.ts"
import { GoalVersion } from "../Row.ts"

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
  goalIds: SqlSchema.findAll({
    Request: Schema.Void,
    Result: Schema.Struct({ goal_instance_id: GoalRow.fields.goal_instance_id }),
    execute: () => sql`select goal_instance_id from projected_goals`,
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
  latestVersions: SqlSchema.findAll({
    Request: Ids,
    Result: GoalVersion,
    execute: (goals) =>
      sql`select h.* from unnest(${goals}::varchar[]) as g (id) cross join lateral (
            select * from goal_history where goal_instance_id = g.id order by valid_from desc limit 1) h`,
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
      })))
    }::json)
        on conflict (goal_instance_id) do update set hired_instance_id = excluded.hired_instance_id,
          customer_id = excluded.customer_id, version = excluded.version, changed_at = excluded.changed_at,
          enabled = excluded.enabled, frequency = excluded.frequency, schedule = excluded.schedule,
          default_at = excluded.default_at, next_slot = excluded.next_slot, due_at = excluded.due_at,
          parked = excluded.parked`,
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
  /** Discards the open dead letters of goals. */
  discardDeadLetters: SqlSchema.findAll({
    Request: Ids,
    Result: Schema.Struct({ dlq_id: Schema.String, goal_instance_id: Schema.String }),
    execute: (goals) =>
      sql`update scheduler_dlq set state = 'discarded', closed_at = now()
          where goal_instance_id = any(${goals}::varchar[]) and state = 'open' returning dlq_id, goal_instance_id`,
  }),
}))
