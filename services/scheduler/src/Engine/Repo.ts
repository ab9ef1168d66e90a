/** The engine's own statements: when to wake, and which goals have fallen due. Runs are the queue's. */
import { PgClient } from "@effect/sql-pg"
import { MissedCode } from "@stint/domain/scheduler/ReasonCodes"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { Millis } from "../Model.ts"
import { nextInput, type NextOfGoal, settingNext } from "../Queue/Repo/Next.ts"
import { rowsFrom } from "../Queue/Row.ts"
import { versionsSince } from "../Timeline/Repo.ts"
import { lockDue } from "./Repo/DueGoals.ts"

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

/** When goals fall due next of which no run was claimed as it was made: the last statement of a batch. */
const setNext = (sql: PgClient.PgClient) => (goals: ReadonlyArray<NextOfGoal>) =>
  Effect.asVoid(sql`with ${nextInput(sql, goals)} ${settingNext(sql)}`)

const statements = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  return {
    lockDue: yield* lockDue,
    versionsSince: yield* versionsSince,
    look: look(sql),
    recordMissed: recordMissed(sql),
    slotsWithRuns: slotsWithRuns(sql),
    setNext: setNext(sql),
    atomically: <A, E, R>(effect: Effect.Effect<A, E, R>) => sql.withTransaction(effect),
  }
})

export class EngineRepo
  extends Context.Service<EngineRepo, Effect.Success<typeof statements>>()("scheduler/EngineRepo") {
  static readonly layer = Layer.effect(EngineRepo, statements)
}
