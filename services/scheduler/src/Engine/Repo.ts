/** The engine's own statements: when to wake, and which goals have fallen due. Runs are the queue's. */
import { PgClient } from "@effect/sql-pg"
import { MissedCode } from "@stint/domain/scheduler/ReasonCodes"
import { BigIntColumn } from "@stint/edge/Pg/BigIntColumn"
import { decodeEach } from "@stint/edge/Pg/Rows"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { PAUSE_LOCK } from "../Locks.ts"
import { GoalRow, Millis } from "../Model.ts"
import { CounterRows, counting } from "../Queue/Repo/Counters.ts"
import { IDS, inputById, inputOf } from "../Queue/Repo/Input.ts"
import { IdList, rowsFrom } from "../Queue/Row.ts"
import { versionsSince } from "../Timeline/Repo.ts"
import { dueGoals } from "./Repo/DueGoals.ts"

/** A goal that has fallen due, with what its decision needs. */
export const DueGoal = Schema.Struct({
  ...GoalRow.fields,
  timezone: Schema.String,
  hire_version: BigIntColumn,
  hire_changed_at: Millis,
  /** Its serial runs, open and waiting: 0, or more (not their number). */
  serial: Schema.Int,
  /** Those that wait for their turn and are not caught up: 0 or 1 (not their number). */
  waiting: Schema.Int,
  now: Millis,
})
export type DueGoal = typeof DueGoal.Type

const IsoText = Schema.NullOr(Schema.String)

/** Whether a run is ready, and in how many milliseconds the next goal and the next run fall due; null when none is to come. */
const look = (sql: PgClient.PgClient) =>
  SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({
      ready: Schema.Boolean,
      limited: Schema.Boolean,
      goal: Schema.NullOr(Schema.Finite),
      run: Schema.NullOr(Schema.Finite),
    }),
    execute: () =>
      sql`select exists (select from run_queue where state = 'ready') as ready, exists (select from run_limits) as limited,
        (extract(epoch from case when not is_paused('', '', p.ids) then (
            select due_at from projected_goals where due_at is not null and not parked order by due_at limit 1) end
          - now()) * 1000)::float8 as goal,
        -- ignore leases that end in paused scopes: the resume notifies the engine
        (extract(epoch from (select claimable_at from run_queue q where state in ('timed', 'held') and (state = 'timed'
            or forced or not is_paused(q.hired_instance_id, q.customer_id, p.ids)) order by claimable_at limit 1)
          - now()) * 1000)::float8 as run from paused_ids p`,
  })

const park = (sql: PgClient.PgClient) =>
  SqlSchema.void({
    Request: IdList,
    execute: (goals) => sql`update projected_goals set parked = true where goal_instance_id = any(${goals}::varchar[])`,
  })

/**
 * After the goals are locked, in a statement of its own, so that it sees what the lock waited for. A goal that can't be read has
 * its key and slot alone.
 */
const readDue = (sql: PgClient.PgClient) => {
  const decode = decodeEach({
    what: "goals",
    Key: Schema.Struct({ goal_instance_id: Schema.String, next_slot: Millis }),
    Result: DueGoal,
  })
  return (goals: ReadonlyArray<string>) =>
    Effect.flatMap(
      sql`select g.*, now() as now, h.timezone, h.version as hire_version, h.changed_at as hire_changed_at,
          -- limited counts: an EXISTS could be planned as one read of the whole queue
          (select count(*)::int from (select 1 from run_queue where goal_instance_id = g.goal_instance_id
            and serial and state <> 'waiting' limit 1) o) + case when w.some then (select count(*)::int from (
            select 1 from run_queue where goal_instance_id = g.goal_instance_id and state = 'waiting' limit 1) o)
            else 0 end as serial,
          case when w.some then (select count(*)::int from (select from run_queue
            where goal_instance_id = g.goal_instance_id and state = 'waiting' and not caught_up limit 1) o)
            else 0 end as waiting
        from projected_goals g join projected_hires h on h.hired_instance_id = g.hired_instance_id,
          -- mostly nothing waits, which is seen once, not once a goal
          (select exists (select from run_queue where state = 'waiting') as some) w
        where g.goal_instance_id = any(${[...goals]}::varchar[]) and g.due_at <= now()`,
      (rows) => decode(rows as ReadonlyArray<object>),
    )
}

/** The slots of goals after an instant each that have a run, of whatever origin. */
const slotsWithRuns = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: rowsFrom({ goal: Schema.String, since: Schema.String }),
    Result: Schema.Struct({ goal_instance_id: Schema.String, slot: Millis }),
    execute: (rows) =>
      sql`select r.goal_instance_id, r.scheduled_time as slot
        from json_to_recordset(${rows}::json) as g (goal varchar, since timestamptz) join scheduled_goal_runs r
          on r.goal_instance_id = g.goal and r.scheduled_time > g.since and r.scheduled_time <= now()`,
  })

const recordMissed = (sql: PgClient.PgClient) =>
  SqlSchema.void({
    Request: rowsFrom({
      goal_instance_id: Schema.String,
      from_slot: IsoText,
      to_slot: IsoText,
      reason: Schema.String,
      reason_code: MissedCode,
    }),
    execute: (rows) =>
      sql`insert into missed_slots (goal_instance_id, from_slot, to_slot, reason, reason_code)
        select * from json_to_recordset(${rows}::json) as x (goal_instance_id varchar, from_slot timestamptz,
          to_slot timestamptz, reason varchar, reason_code varchar)
        on conflict do nothing`,
  })

/** When goals fall due next, and what was counted: the last statement of a batch. */
const setNext = (sql: PgClient.PgClient) =>
  SqlSchema.void({
    Request: Schema.Struct({
      goals: rowsFrom({ id: Schema.String, next_slot: IsoText, due_at: IsoText, decided_until: IsoText }),
      counted: CounterRows,
    }),
    execute: ({ counted, goals }) => {
      const input = sql.unsafe(inputOf("goal_instance_id"))
      return sql`with ${inputById(sql, goals)}, ${counting(sql, counted)}
        update projected_goals set next_slot = (${input} ->> 'next_slot')::timestamptz,
          due_at = (${input} ->> 'due_at')::timestamptz, decided_until = (${input} ->> 'decided_until')::timestamptz
        where goal_instance_id = any (${sql.unsafe(IDS)})`
    },
  })

const statements = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  return {
    ...yield* dueGoals,
    versionsSince: yield* versionsSince,
    look: look(sql),
    park: park(sql),
    readDue: readDue(sql),
    recordMissed: recordMissed(sql),
    slotsWithRuns: slotsWithRuns(sql),
    setNext: setNext(sql),
    /** Waits for a pause that is being written; in a statement before the one that reads pauses. */
    lockPauses: sql`select pg_advisory_xact_lock_shared(${PAUSE_LOCK})`,
    atomically: <A, E, R>(effect: Effect.Effect<A, E, R>) => sql.withTransaction(effect),
  }
})

export class EngineRepo
  extends Context.Service<EngineRepo, Effect.Success<typeof statements>>()("scheduler/EngineRepo") {
  static readonly layer = Layer.effect(EngineRepo, statements)
}
