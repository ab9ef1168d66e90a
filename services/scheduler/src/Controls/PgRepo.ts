/** The controls' units of work on Postgres. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { alertWrites } from "../Alerts/Repo.ts"
import { auditWrites } from "../Audit/Repo.ts"
import { PAUSE_LOCK } from "../Locks.ts"
import { GoalRow, HireRow } from "../Model.ts"
import { Nudge } from "../Nudge.ts"
import { Queue } from "../Queue.ts"
import { type ActionFilter, ActionRow, alertIdOf, ControlsRepo, pausedAlert, StateRow } from "./Repo.ts"

/**
 * The pause that stops a hire's runs, if one does, inside the caller's transaction: it waits for a pause that is being
 * written, and none begins before that transaction ends.
 */
export const pauseReads = Effect.map(
  PgClient.PgClient,
  (sql) =>
    Effect.fnUntraced(function* (of: { readonly hired_instance_id: string; readonly customer_id: string }) {
      yield* sql`select pg_advisory_xact_lock_shared(${PAUSE_LOCK})`
      const scopes = ["global", `hire:${of.hired_instance_id}`, `customer:${of.customer_id}`]
      const [stop] = yield* sql<{ paused_reason: string | null }>`
        select paused_reason from scheduler_state where status = 'paused' and state_id = any(${scopes}::varchar[])`
      return stop
    }),
)

/** The layer of `ControlsRepo` on Postgres. */
export const layerPg = Layer.effect(
  ControlsRepo,
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const { enqueue: insert } = yield* Queue
    const nudge = yield* Nudge
    const audit = yield* auditWrites
    const alerts = yield* alertWrites
    const pauseOver = yield* pauseReads
    const states = SqlSchema.findAll({
      Request: Schema.Void,
      Result: StateRow,
      execute: () => sql`select * from scheduler_state`,
    })
    const state = SqlSchema.findOneOption({
      Request: Schema.String,
      Result: StateRow,
      execute: (id) => sql`select * from scheduler_state where state_id = ${id} for update`,
    })
    const setPaused = SqlSchema.findOne({
      Request: Schema.Any,
      Result: StateRow,
      execute: ([id, by, reason]: [string, string, string | null]) =>
        // the clock, not the transaction's start: it binds once it has the lock, and what was claimed before began before
        sql`insert into scheduler_state as s (state_id, status, paused_at, paused_by, paused_reason, updated_at)
            select ${id}, 'paused', at, ${by}, ${reason}, at from (select clock_timestamp() as at) clock
            on conflict (state_id) do update set status = 'paused', paused_at = excluded.paused_at,
              paused_by = excluded.paused_by, paused_reason = excluded.paused_reason, updated_at = excluded.updated_at
            returning *`,
    })
    const setRunning = SqlSchema.findOne({
      Request: Schema.Any,
      Result: StateRow,
      execute: ([id, by]: [string, string]) =>
        sql`update scheduler_state set status = 'running', resumed_at = clock_timestamp(), resumed_by = ${by},
              updated_at = clock_timestamp()
            where state_id = ${id} returning *`,
    })
    const ofScope = (id: string) => {
      const at = id.indexOf(":")
      if (at === -1) return sql`true`
      const name = id.slice(at + 1)
      return id.startsWith("hire:") ? sql`hired_instance_id = ${name}` : sql`customer_id = ${name}`
    }
    const goalRow = SqlSchema.findOneOption({
      Request: Schema.String,
      Result: GoalRow,
      execute: (id) => sql`select * from projected_goals where goal_instance_id = ${id}`,
    })
    const hireRow = SqlSchema.findOneOption({
      Request: Schema.String,
      Result: HireRow,
      execute: (id) => sql`select * from projected_hires where hired_instance_id = ${id}`,
    })
    const actions = SqlSchema.findAll({
      Request: Schema.Any,
      Result: ActionRow,
      execute: (f: ActionFilter) =>
        sql`select * from scheduler_action_log where ${
          sql.and([
            sql`true`,
            ...(f.operator === undefined ? [] : [sql`operator = ${f.operator}`]),
            ...(f.after === undefined ? [] : [sql`(timestamp, log_id) < (${new Date(f.after[0])}, ${f.after[1]})`]),
          ])
        } order by timestamp desc, log_id desc limit ${f.limit}`,
    })

    return ControlsRepo.of({
      states: () => Effect.orDie(states()),
      pause: (id, reason, line) =>
        Effect.orDie(sql.withTransaction(Effect.gen(function* () {
          yield* sql`select pg_advisory_xact_lock(${PAUSE_LOCK})`
          const old = yield* state(id)
          if (Option.isSome(old) && old.value.status === "paused") return { state: old.value, was: true }
          const now = yield* setPaused([id, line.operator, reason])
          yield* audit(line)
          yield* alerts.begin(alertIdOf(line), pausedAlert(id, line))
          return { state: now, was: false }
        }))),
      resume: (id, line) =>
        Effect.orDie(sql.withTransaction(Effect.gen(function* () {
          // whoever puts goals aside for this pause has done so, or will see that it is over
          yield* sql`select pg_advisory_xact_lock(${PAUSE_LOCK})`
          const old = yield* state(id)
          if (Option.isNone(old) || old.value.status === "running") {
            return { state: Option.getOrUndefined(old), was: false }
          }
          const now = yield* setRunning([id, line.operator])
          yield* sql`update projected_goals set parked = false where parked and ${ofScope(id)}`
          yield* audit({
            ...line,
            action_metadata: {
              ...line.action_metadata,
              paused_by: old.value.paused_by,
              paused_at: new Date(old.value.paused_at!).toISOString(),
            },
          })
          yield* alerts.end(pausedAlert(id, line))
          yield* nudge.inTransaction
          return { state: now, was: true }
        }))),
      counts: (id) =>
        Effect.orDie(Effect.map(
          sql<{ running: number; pending: number }>`
            select count(*) filter (where state = 'held')::int as running,
              count(*) filter (where state <> 'held')::int as pending
            from run_queue where ${ofScope(id)}`,
          (rows) => ({ running: rows[0]!.running, pending: rows[0]!.pending }),
        )),
      knows: (id) => Effect.orDie(Effect.map(hireRow(id), Option.isSome)),
      target: (id) =>
        Effect.orDie(Effect.gen(function* () {
          const goal = yield* goalRow(id)
          if (Option.isNone(goal)) return Option.none()
          const hire = yield* hireRow(goal.value.hired_instance_id)
          return Option.map(hire, (hire) => ({ goal: goal.value, hire }))
        })),
      trigger: (run, line) =>
        Effect.orDie(sql.withTransaction(Effect.gen(function* () {
          const stop = yield* pauseOver(run)
          if (stop !== undefined && run.queue?.forced !== true) {
            return { _tag: "Paused", reason: stop.paused_reason } as const
          }
          const made = yield* insert([run])
          if (made.length === 0) {
            const [there] = yield* sql<{ scheduled_run_id: string }>`
              select scheduled_run_id from scheduled_goal_runs where goal_instance_id = ${run.goal_instance_id}
                and scheduled_time = ${new Date(run.slot)}`
            if (there?.scheduled_run_id === run.scheduled_run_id) {
              return { _tag: "Made" } as const
            }
            return { _tag: "Taken", scheduled_run_id: there!.scheduled_run_id } as const
          }
          yield* audit(line)
          yield* nudge.inTransaction
          return { _tag: "Made" } as const
        }))),
      actions: (filter) => Effect.orDie(actions(filter)),
    })
  }),
)
