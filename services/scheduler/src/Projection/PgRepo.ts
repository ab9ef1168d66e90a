/** The projection on Postgres. */
import { PgClient } from "@effect/sql-pg"
import type { Change } from "@stint/domain/hiring/Feed"
import type { GoalInstanceId } from "@stint/domain/Ids"
import { Ids } from "@stint/edge/Ids"
import { DateTime, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { auditWrites } from "../Audit/Repo.ts"
import { GoalRow, HireRow, iso, type NewRun } from "../Model.ts"
import { Nudge } from "../Nudge.ts"
import { Queue } from "../Queue.ts"
import { DELETED, historian, HistoryRow } from "./History.ts"
import { closedWithGoal, disturbed, planChanges, type ProjectionPlan, touched } from "./Plan.ts"
import { FREE_SLOT_TRIES, ProjectionRepo } from "./Repo.ts"

/** The layer of `ProjectionRepo` on Postgres. */
export const layerPg = Layer.effect(
  ProjectionRepo,
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const ids = yield* Ids
    const { cancel, dropFuture: drop, enqueue: insert, releaseNext: release } = yield* Queue
    const nudge = yield* Nudge
    const audit = yield* auditWrites
    const loadHires = SqlSchema.findAll({
      Request: Schema.Array(Schema.String),
      Result: HireRow,
      execute: (hires) => sql`select * from projected_hires where hired_instance_id = any(${hires}::varchar[])`,
    })
    const loadGoals = SqlSchema.findAll({
      Request: Schema.Any,
      Result: GoalRow,
      // locked: whoever decides over these goals' slots waits until the change is in
      execute: ([goals, hires]: [ReadonlyArray<string>, ReadonlyArray<string>]) =>
        sql`select * from projected_goals where goal_instance_id = any(${goals}::varchar[])
              or hired_instance_id = any(${hires}::varchar[])
            order by goal_instance_id for update`,
    })
    const upsertHires = (hires: ReadonlyArray<HireRow>) =>
      sql`insert into projected_hires
          select * from json_populate_recordset(null::projected_hires, ${
        JSON.stringify(hires.map((h) => ({ ...h, changed_at: new Date(h.changed_at).toISOString() })))
      }::json)
          on conflict (hired_instance_id) do update set customer_id = excluded.customer_id,
            agent_id = excluded.agent_id, timezone = excluded.timezone, runnable = excluded.runnable,
            reason = excluded.reason, version = excluded.version, changed_at = excluded.changed_at`
    const upsertGoals = (goals: ReadonlyArray<GoalRow>) =>
      sql`insert into projected_goals
          select * from json_populate_recordset(null::projected_goals, ${
        JSON.stringify(goals.map((g) => ({
          ...g,
          // what changed is decided over anew, also while it is paused
          parked: false,
          changed_at: iso(g.changed_at),
          next_slot: iso(g.next_slot),
          due_at: iso(g.due_at),
        })))
      }::json)
          on conflict (goal_instance_id) do update set hired_instance_id = excluded.hired_instance_id,
            customer_id = excluded.customer_id, version = excluded.version, changed_at = excluded.changed_at,
            enabled = excluded.enabled, frequency = excluded.frequency, schedule = excluded.schedule,
            default_at = excluded.default_at, next_slot = excluded.next_slot, due_at = excluded.due_at,
            parked = excluded.parked`
    const latestHistory = SqlSchema.findAll({
      Request: Schema.Array(Schema.String),
      Result: HistoryRow,
      execute: (goals) =>
        sql`select h.* from unnest(${goals}::varchar[]) as g (id) cross join lateral (
              select * from goal_history where goal_instance_id = g.id order by valid_from desc limit 1) h`,
    })
    const keepHistory = (rows: ReadonlyArray<HistoryRow>) =>
      sql`insert into goal_history select * from json_populate_recordset(null::goal_history, ${
        JSON.stringify(rows.map((row) => ({ ...row, valid_from: iso(row.valid_from) })))
      }::json)`
    const closeDeadLetters = Effect.fnUntraced(function* (goals: ReadonlyArray<string>) {
      const closed = yield* sql<{ dlq_id: string; goal_instance_id: string }>`
        update scheduler_dlq set state = 'discarded', closed_at = now()
        where goal_instance_id = any(${goals}::varchar[]) and state = 'open' returning dlq_id, goal_instance_id`
      for (const letter of closed) yield* audit(closedWithGoal(yield* ids.next("LOG"), letter))
    })

    const requestRun = Effect.fnUntraced(function* (request: Change & { readonly type: "run" }) {
      const known = yield* sql`select from scheduled_goal_runs where request_id = ${request.request_id}`
      const [target] = yield* sql<{ customer_id: NewRun["customer_id"]; runnable: boolean; reason: string | null }>`
        select h.customer_id, h.runnable, h.reason from projected_goals g join projected_hires h using (hired_instance_id)
        where g.goal_instance_id = ${request.goal_instance_id}`
      // a goal that was deleted since has nothing to run
      if (known.length > 0 || target === undefined) return
      const asked = DateTime.toEpochMillis(request.scheduled_time)
      for (let slot = asked; slot < asked + FREE_SLOT_TRIES; slot++) {
        const made = yield* insert([{
          scheduled_run_id: (yield* ids.next("SCH")) as NewRun["scheduled_run_id"],
          goal_instance_id: request.goal_instance_id,
          hired_instance_id: request.hired_instance_id,
          customer_id: target.customer_id,
          slot,
          origin: "manual",
          request_id: request.request_id,
          run_metadata: {
            requested_by: request.requested_by,
          },
          ...(target.runnable
            ? { queue: { serial: false, caught_up: false, forced: false, claimable_at: slot } }
            : { cancelled: { code: "hire_not_runnable", words: target.reason ?? "the hired agent may not run" } }),
        }])
        if (made.length > 0) return
      }
      yield* Effect.logError(`no free slot for the requested run ${request.request_id}`)
    })

    const write = Effect.fnUntraced(function* (plan: ProjectionPlan) {
      if (plan.hires.length > 0) yield* upsertHires(plan.hires)
      if (plan.goals.length > 0) yield* upsertGoals(plan.goals)
      if (plan.history.length > 0) yield* keepHistory(plan.history)
      const ended: Array<string> = []
      for (const { of, why, which } of plan.cancels) {
        const runs = yield* cancel(of, why, which === "all" ? undefined : which)
        for (const run of runs) ended.push(run.goal_instance_id)
      }
      if (plan.dropped.length > 0) yield* drop(plan.dropped)
      if (plan.deleted.length > 0) {
        yield* closeDeadLetters(plan.deleted)
        yield* sql`delete from projected_goals where goal_instance_id = any(${plan.deleted}::varchar[])`
      }
      yield* release(disturbed(plan, ended))
      yield* Effect.forEach(plan.runs, requestRun, { discard: true })
    })

    const apply = Effect.fn("ProjectionRepo.apply")(
      function* (
        changes: ReadonlyArray<Change>,
        move: { readonly after: string | null; readonly to: string | null },
      ) {
        const moved = yield* sql`update feed_cursor set cursor = ${move.to}, updated_at = now()
          where cursor is not distinct from ${move.after} returning cursor`
        if (moved.length === 0) return false
        const { goals, hires, ofHires } = touched(changes)
        const known = yield* loadGoals([goals, ofHires])
        const told = [...new Set([...goals, ...known.map((goal) => goal.goal_instance_id)])]
        const current = { hires: yield* loadHires(hires), goals: known, history: yield* latestHistory(told) }
        yield* write(planChanges(changes, current))
        yield* nudge.inTransaction
        return true
      },
      (effect) => Effect.orDie(sql.withTransaction(effect)),
    )

    const retain = Effect.fn("ProjectionRepo.retain")(
      function* (kept: ReadonlySet<string>) {
        const all = yield* sql<{ goal_instance_id: GoalInstanceId }>`select goal_instance_id from projected_goals`
        const gone = all.map((row) => row.goal_instance_id).filter((id) => !kept.has(id))
        for (const goal_instance_id of gone) {
          yield* cancel({ goal_instance_id }, { code: "goal_deleted", words: DELETED })
        }
        if (gone.length === 0) return
        yield* closeDeadLetters(gone)
        const history = historian(yield* latestHistory(gone))
        const now = DateTime.toEpochMillis(yield* DateTime.now)
        for (const goal of gone) history.ended(goal, now)
        yield* keepHistory(history.rows)
        yield* sql`delete from projected_goals where goal_instance_id = any(${gone}::varchar[])`
      },
      (effect) => Effect.orDie(sql.withTransaction(effect)),
    )

    return ProjectionRepo.of({
      cursor: () =>
        Effect.orDie(Effect.map(
          sql<{ cursor: string | null }>`select cursor from feed_cursor`,
          (rows) => rows[0]?.cursor ?? null,
        )),
      apply,
      retain,
    })
  }),
)
