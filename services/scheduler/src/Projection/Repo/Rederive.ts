/** The SQL that derives again when goals fall due next, some goals at a time. */
import { PgClient } from "@effect/sql-pg"
import { Clock, Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { GoalRow, iso, Millis } from "../../Model.ts"
import { isReplanned, timelineOf } from "../../Timeline.ts"
import { byGoal, versionsSince } from "../../Timeline/Repo.ts"
import { type Derived, rederived } from "../Rederive.ts"

/** How many goals one transaction locks. */
const AT_ONCE = 200

/** A goal that may run, with the zone of its hire and the instant until which its slots are decided. */
const Found = Schema.Struct({ ...GoalRow.fields, timezone: Schema.String, decided: Millis })

const statements = Effect.map(PgClient.PgClient, (sql) => ({
  /**
   * Goals that may run, from one on. Where it is not known how far one is decided, what is recorded of it says so: a slot of
   * the last day after its last run, its last missed range and its last edit is not decided.
   */
  page: SqlSchema.findAll({
    Request: Schema.String,
    Result: Found,
    execute: (after) =>
      sql`select g.*, h.timezone, coalesce(g.decided_until, greatest(
            least(g.next_slot - interval '1 millisecond', now() - interval '24 hours'),
            (select max(valid_from) from goal_history v where v.goal_instance_id = g.goal_instance_id),
            (select scheduled_time from scheduled_goal_runs r where r.goal_instance_id = g.goal_instance_id
              and r.scheduled_time <= now() and r.origin = 'schedule' order by r.scheduled_time desc limit 1),
            (select max(to_slot) from missed_slots m where m.goal_instance_id = g.goal_instance_id))) as decided
          from projected_goals g join projected_hires h using (hired_instance_id)
          where g.goal_instance_id > ${after} and g.enabled and h.runnable
          order by g.goal_instance_id limit ${AT_ONCE} for update of g`,
  }),
  write: (goals: ReadonlyArray<Derived>) =>
    sql`update projected_goals g set next_slot = x.next_slot, due_at = x.due_at, decided_until = x.decided_until,
          replan_until = x.replan_until, parked = g.parked and x.due_at is not distinct from g.due_at
        from json_to_recordset(${
      JSON.stringify(goals.map((goal) => ({
        id: goal.goal_instance_id,
        next_slot: iso(goal.next_slot),
        due_at: iso(goal.due_at),
        decided_until: iso(goal.decided_until),
        replan_until: iso(goal.replan_until),
      })))
    }::json) as x (id varchar, next_slot timestamptz, due_at timestamptz, decided_until timestamptz,
          replan_until timestamptz)
        where g.goal_instance_id = any (array(select x.id from json_to_recordset(${
      JSON.stringify(goals.map((goal) => ({ id: goal.goal_instance_id })))
    }::json) as x (id varchar))) and g.goal_instance_id = x.id`,
}))

/** Derives again when the goals after an id fall due next: how many changed, and the last id; none left: undefined. */
export const rederiving = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const { page, write } = yield* statements
  const versions = yield* versionsSince
  return Effect.fn("ProjectionRepo.rederive")(
    function* (after: string) {
      const goals = yield* page(after)
      const edited = goals.filter(isReplanned)
      const rows = edited.length === 0 ? new Map() : byGoal(
        yield* versions(edited.map((goal) => ({ goal: goal.goal_instance_id, since: iso(goal.decided)! }))),
      )
      const now = yield* Clock.currentTimeMillis
      const derived = goals.flatMap((goal) =>
        rederived(goal, goal.timezone, goal.decided, timelineOf(rows.get(goal.goal_instance_id) ?? []), now)
      )
      if (derived.length > 0) yield* write(derived)
      return {
        last: goals.length < AT_ONCE ? undefined : goals.at(-1)!.goal_instance_id,
        moved: derived.filter((goal) => goal.moved).length,
      }
    },
    (effect) => Effect.orDie(sql.withTransaction(effect)),
  )
})
