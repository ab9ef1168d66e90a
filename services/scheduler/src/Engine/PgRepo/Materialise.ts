/** Decides over due goals and makes their runs, on Postgres. */
import { PgClient } from "@effect/sql-pg"
import { Ids } from "@stint/edge/Ids"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { GoalRow, iso, Millis, type NewRun } from "../../Model.ts"
import { queueWrites } from "../../Queue/Repo.ts"
import { runOfSlot } from "../Plan.ts"
import { type EngineRepo, SLOTS_AT_ONCE } from "../Repo.ts"
import { lockingDue } from "./DueGoals.ts"
import { PAUSE_LOCK } from "./Pauses.ts"

/** `EngineRepo.materialise`. */
export const materialising = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const ids = yield* Ids
  const { insert } = yield* queueWrites

  const Due = Schema.Struct({
    ...GoalRow.fields,
    timezone: Schema.String,
    serial: Schema.Int,
    waiting: Schema.Int,
    now: Millis,
  })
  const lockDue = yield* lockingDue
  // after the lock, in a statement of its own, so that it sees what the lock waited for
  const readDue = SqlSchema.findAll({
    Request: Schema.Array(Schema.String),
    Result: Due,
    execute: (goals) =>
      sql`select g.*, h.timezone, now() as now,
            (select count(*)::int from run_queue q where q.goal_instance_id = g.goal_instance_id and q.serial) as serial,
            (select count(*)::int from run_queue q where q.goal_instance_id = g.goal_instance_id and q.serial
              and q.claimable_at is null and not q.caught_up) as waiting
          from projected_goals g join projected_hires h using (hired_instance_id)
          where g.goal_instance_id = any(${goals}::varchar[]) and g.due_at <= now()`,
  })
  const materialise = Effect.fnUntraced(
    function* (limit: number, plan: Parameters<EngineRepo["Service"]["materialise"]>[1]) {
      // before the statement that reads pauses, as a claim does: so a resume finds all that was put aside before it
      yield* sql`select pg_advisory_xact_lock_shared(${PAUSE_LOCK})`
      const locked = yield* lockDue(limit)
      if (locked.length === 0) return 0
      const aside = locked.filter((row) => row.paused).map((row) => row.goal_instance_id)
      if (aside.length > 0) {
        yield* sql`update projected_goals set parked = true where goal_instance_id = any(${aside}::varchar[])`
      }
      const due = yield* readDue(locked.filter((row) => !row.paused).map((row) => row.goal_instance_id))
      const runs: Array<NewRun> = []
      const nexts: Array<{ id: string; next_slot: string | null; due_at: string | null }> = []
      const missed: Array<{ id: string; from: string | null; to: string | null; reason: string }> = []
      // those that fell due last first: they have a slot or two, and do not wait for others to catch up on a day's
      due.sort((a, b) => b.next_slot! - a.next_slot!)
      for (const { now, serial, timezone, waiting, ...goal } of due) {
        if (runs.length >= SLOTS_AT_ONCE) break
        const decided = plan({ goal, timezone, open: { serial, waiting } }, now)
        for (const slot of decided.slots) {
          runs.push(runOfSlot(goal, slot, (yield* ids.next("SCH")) as NewRun["scheduled_run_id"], now))
        }
        if (decided.range !== undefined) {
          const { from, reason, to } = decided.range
          missed.push({ id: goal.goal_instance_id, from: iso(from), to: iso(to), reason })
        }
        const { due_at, next_slot } = decided.next
        nexts.push({ id: goal.goal_instance_id, next_slot: iso(next_slot), due_at: iso(due_at) })
      }
      if (runs.length > 0) yield* insert(runs)
      if (missed.length > 0) {
        yield* sql`insert into missed_slots (goal_instance_id, from_slot, to_slot, reason)
          select id, "from", "to", reason from json_to_recordset(${JSON.stringify(missed)}::json)
            as x (id varchar, "from" timestamptz, "to" timestamptz, reason varchar)
          on conflict do nothing`
      }
      if (nexts.length === 0) return locked.length
      yield* sql`update projected_goals g set next_slot = x.next_slot, due_at = x.due_at
        from json_to_recordset(${JSON.stringify(nexts)}::json)
          as x (id varchar, next_slot timestamptz, due_at timestamptz)
        where g.goal_instance_id = x.id`
      return locked.length
    },
    (effect) => Effect.orDie(sql.withTransaction(effect)),
  )

  return materialise
})
