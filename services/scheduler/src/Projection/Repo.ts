/** Where the projection of hiring is kept. One method per atomic unit. */
import { PgClient } from "@effect/sql-pg"
import type { Change } from "@stint/domain/Feed"
import { Ids } from "@stint/edge/Ids"
import { Context, DateTime, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { type AuditLine, auditMemory, auditWrites } from "../Audit/Repo.ts"
import { GoalRow, HireRow, type NewRun } from "../Model.ts"
import { memoryWrites, queueWrites } from "../Queue/Repo.ts"
import { Store } from "../Store.ts"
import { planChanges, type ProjectionPlan } from "./Plan.ts"

/** How many milliseconds a manual run moves on at most to find a free slot. */
const FREE_SLOT_TRIES = 1000

/** The hires and goals that a page of changes touches. */
const touched = (changes: ReadonlyArray<Change>) => ({
  hires: [...new Set(changes.flatMap((c) => c.type === "subscription" ? [] : [c.hired_instance_id]))],
  ofHires: [...new Set(changes.flatMap((c) => c.type === "hire" ? [c.hired_instance_id] : []))],
  goals: [...new Set(changes.flatMap((c) => c.type === "goal" || c.type === "run" ? [c.goal_instance_id] : []))],
})

/** The goals whose runs a plan ends or drops. */
const disturbed = (plan: ProjectionPlan, ended: ReadonlyArray<string>) => [...new Set([...plan.dropped, ...ended])]

/** A dead letter ends with its goal, and the log says so. */
const closedWithGoal = (
  log_id: string,
  letter: { readonly dlq_id: string; readonly goal_instance_id: string },
): AuditLine => ({
  log_id,
  action: "dlq_discard",
  operator: "system",
  goal_instance_id: letter.goal_instance_id,
  reason: "the goal was deleted",
  action_metadata: { dlq_ids: [letter.dlq_id] },
})

/** The projection. */
export class ProjectionRepo extends Context.Service<ProjectionRepo, {
  /** How far the feed was followed; null before the first snapshot. */
  cursor(): Effect.Effect<string | null>
  /**
   * Applies changes and moves the cursor, together or not at all. False, and nothing happened, when the cursor is not
   * `after` any more: another replica was faster.
   */
  apply(
    changes: ReadonlyArray<Change>,
    move: { readonly after: string | null; readonly to: string | null },
  ): Effect.Effect<boolean>
  /** Ends what a complete snapshot no longer has: goals that are not among `goals`. */
  retain(goals: ReadonlySet<string>): Effect.Effect<void>
}>()("scheduler/ProjectionRepo") {
  static readonly layerPg = Layer.effect(
    ProjectionRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const ids = yield* Ids
      const { cancel, insert, release } = yield* queueWrites
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
      const iso = (millis: number | null) => millis === null ? null : new Date(millis).toISOString()
      const upsertGoals = (goals: ReadonlyArray<GoalRow>) =>
        sql`insert into projected_goals
            select * from json_populate_recordset(null::projected_goals, ${
          JSON.stringify(goals.map((g) => ({
            ...g,
            changed_at: iso(g.changed_at),
            next_slot: iso(g.next_slot),
            due_at: iso(g.due_at),
          })))
        }::json)
            on conflict (goal_instance_id) do update set hired_instance_id = excluded.hired_instance_id,
              customer_id = excluded.customer_id, version = excluded.version, changed_at = excluded.changed_at,
              enabled = excluded.enabled, frequency = excluded.frequency, schedule = excluded.schedule,
              default_at = excluded.default_at, next_slot = excluded.next_slot, due_at = excluded.due_at`
      // as if never made: only slots whose start is still ahead, so nothing that was due is lost by an edit
      const drop = (goals: ReadonlyArray<string>) =>
        sql`delete from scheduled_goal_runs r using run_queue q
            where q.scheduled_run_id = r.scheduled_run_id and r.goal_instance_id = any(${goals}::varchar[])
              and r.origin = 'schedule' and q.holder is null and q.attempt = 0 and q.claimable_at > now()`
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
              ...(target.runnable ? {} : { reason: target.reason ?? "the hired agent may not run" }),
            },
            ...(target.runnable
              ? { queue: { serial: false, caught_up: false, forced: false, claimable_at: slot } }
              : {}),
          }])
          if (made.length > 0) return
        }
        yield* Effect.logError(`no free slot for the requested run ${request.request_id}`)
      })

      const write = Effect.fnUntraced(function* (plan: ProjectionPlan) {
        if (plan.hires.length > 0) yield* upsertHires(plan.hires)
        if (plan.goals.length > 0) yield* upsertGoals(plan.goals)
        const ended: Array<string> = []
        for (const { of, reason, which } of plan.cancels) {
          const runs = yield* cancel(of, reason, which === "unclaimed_slots")
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
          const current = { hires: yield* loadHires(hires), goals: yield* loadGoals([goals, ofHires]) }
          yield* write(planChanges(changes, current))
          yield* sql`select pg_notify('stint_scheduler', '')`
          return true
        },
        (effect) => Effect.orDie(sql.withTransaction(effect)),
      )

      const retain = Effect.fn("ProjectionRepo.retain")(
        function* (kept: ReadonlySet<string>) {
          const all = yield* sql<{ goal_instance_id: string }>`select goal_instance_id from projected_goals`
          const gone = all.map((row) => row.goal_instance_id).filter((id) => !kept.has(id))
          for (const goal_instance_id of gone) yield* cancel({ goal_instance_id }, "the goal was deleted")
          if (gone.length === 0) return
          yield* closeDeadLetters(gone)
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

  static readonly layerMemory = Layer.effect(
    ProjectionRepo,
    Effect.gen(function* () {
      const store = yield* Store
      const ids = yield* Ids
      const { cancel, insert, release } = memoryWrites(store)
      const audit = auditMemory(store)
      const closeDeadLetters = Effect.fnUntraced(function* (goal: string, now: number) {
        for (const letter of store.deadLetters.values()) {
          if (letter.goal_instance_id !== goal || letter.state !== "open") continue
          Object.assign(letter, { state: "discarded", closed_at: now })
          audit(closedWithGoal(yield* ids.next("LOG"), letter), now)
        }
      })
      const requestRun = (request: Change & { readonly type: "run" }, id: string, now: number) => {
        const goal = store.goals.get(request.goal_instance_id)
        const hire = store.hires.get(request.hired_instance_id)
        const known = store.runs.values().some((run) => run.request_id === request.request_id)
        if (known || goal === undefined || hire === undefined) return
        const asked = DateTime.toEpochMillis(request.scheduled_time)
        for (let slot = asked; slot < asked + FREE_SLOT_TRIES; slot++) {
          const made = insert([{
            scheduled_run_id: id as NewRun["scheduled_run_id"],
            goal_instance_id: request.goal_instance_id,
            hired_instance_id: request.hired_instance_id,
            customer_id: hire.customer_id,
            slot,
            origin: "manual",
            request_id: request.request_id,
            run_metadata: {
              requested_by: request.requested_by,
              ...(hire.runnable ? {} : { reason: hire.reason ?? "the hired agent may not run" }),
            },
            ...(hire.runnable ? { queue: { serial: false, caught_up: false, forced: false, claimable_at: slot } } : {}),
          }], now)
          if (made.length > 0) return
        }
      }
      return ProjectionRepo.of({
        cursor: () => Effect.sync(() => store.cursor),
        apply: Effect.fnUntraced(function* (changes, move) {
          if (store.cursor !== move.after) return false
          store.cursor = move.to
          const now = DateTime.toEpochMillis(yield* DateTime.now)
          const { goals, ofHires } = touched(changes)
          const plan = planChanges(changes, {
            hires: [...store.hires.values()],
            goals: [...store.goals.values()].filter((g) =>
              goals.includes(g.goal_instance_id) || ofHires.includes(g.hired_instance_id)
            ),
          })
          for (const hire of plan.hires) store.hires.set(hire.hired_instance_id, hire)
          for (const goal of plan.goals) store.goals.set(goal.goal_instance_id, goal)
          const ended: Array<string> = []
          for (const { of, reason, which } of plan.cancels) {
            const picked = "goal_instance_id" in of
              ? cancel((q) => q.run.goal_instance_id === of.goal_instance_id, reason, now, which === "unclaimed_slots")
              : cancel(
                (q) => q.run.hired_instance_id === of.hired_instance_id,
                reason,
                now,
                which === "unclaimed_slots",
              )
            for (const run of picked) ended.push(run.goal_instance_id)
          }
          for (const [id, queued] of store.queue) {
            const unclaimed = queued.holder === null && queued.attempt === 0 && queued.run.origin === "schedule"
            if (plan.dropped.includes(queued.run.goal_instance_id) && unclaimed && (queued.claimable_at ?? 0) > now) {
              store.queue.delete(id)
              store.runs.delete(id)
            }
          }
          for (const goal of plan.deleted) {
            yield* closeDeadLetters(goal, now)
            store.goals.delete(goal)
          }
          release(disturbed(plan, ended), now)
          for (const request of plan.runs) requestRun(request, yield* ids.next("SCH"), now)
          return true
        }),
        retain: Effect.fnUntraced(function* (kept) {
          const now = DateTime.toEpochMillis(yield* DateTime.now)
          for (const goal of [...store.goals.keys()].filter((id) => !kept.has(id))) {
            cancel((q) => q.run.goal_instance_id === goal, "the goal was deleted", now)
            yield* closeDeadLetters(goal, now)
            store.goals.delete(goal)
          }
        }),
      })
    }),
  )
}
