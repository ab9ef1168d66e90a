/** Pauses, triggers and the action log. Each action and its line commit together or not at all. */
import { PgClient } from "@effect/sql-pg"
import { Action, SchedulerStatus } from "@stint/domain/Controls"
import { JsonObject } from "@stint/domain/Protocol"
import { Clock, Context, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { alertWrites, memoryAlerts } from "../Alerts/Repo.ts"
import type { Condition } from "../Alerts/Policy.ts"
import { type AuditLine, auditMemory, auditWrites } from "../Audit/Repo.ts"
import { PAUSE_LOCK } from "../Engine/PgRepo/Pauses.ts"
import { GoalRow, HireRow, Millis, type NewRun } from "../Model.ts"
import { memoryWrites, queueWrites } from "../Queue/Repo.ts"
import { Store } from "../Store.ts"

/** A pause, or what was one: of all (`global`), of `hire:<id>` or of `customer:<id>`. */
export const StateRow = Schema.Struct({
  state_id: Schema.String,
  status: SchedulerStatus,
  paused_at: Schema.NullOr(Millis),
  paused_by: Schema.NullOr(Schema.String),
  paused_reason: Schema.NullOr(Schema.String),
  resumed_at: Schema.NullOr(Millis),
  resumed_by: Schema.NullOr(Schema.String),
  updated_at: Millis,
})
export type StateRow = typeof StateRow.Type

/** A line of the action log. */
export const ActionRow = Schema.Struct({
  log_id: Schema.String,
  action: Action,
  operator: Schema.String,
  timestamp: Millis,
  goal_instance_id: Schema.NullOr(Schema.String),
  reason: Schema.NullOr(Schema.String),
  action_metadata: JsonObject,
})
export type ActionRow = typeof ActionRow.Type

/** Which lines: of one operator, before a line, the latest first. */
export interface ActionFilter {
  readonly operator?: string
  readonly after?: readonly [timestamp: number, id: string]
  readonly limit: number
}

/** What became of a trigger. */
export type TriggerResult =
  | { readonly _tag: "Made" }
  | { readonly _tag: "Taken"; readonly scheduled_run_id: string }
  | { readonly _tag: "Paused"; readonly reason: string | null }

/** A pause as an alert, which its resume ends: every one of both is told. */
const pausedAlert = (subject: string, { operator, reason }: AuditLine): Condition => ({
  kind: "paused",
  subject,
  details: { operator, reason },
})

/** The alert of a line of the action log has the line's id, so that it is made once. */
const alertIdOf = (line: AuditLine): string => line.log_id.replace(/^LOG-/, "ALR-")

/** The controls' storage. */
export class ControlsRepo extends Context.Service<ControlsRepo, {
  states(): Effect.Effect<ReadonlyArray<StateRow>>
  /** Pauses a scope. After it returns no claim commits there. The state after it, and whether it was paused before. */
  pause(
    state_id: string,
    reason: string | null,
    line: AuditLine,
  ): Effect.Effect<{ readonly state: StateRow; readonly was: boolean }>
  /** Resumes a scope; undefined when it was never paused. */
  resume(
    state_id: string,
    line: AuditLine,
  ): Effect.Effect<{ readonly state: StateRow | undefined; readonly was: boolean }>
  /** Live runs of a scope: those that are held now, and the others. */
  counts(state_id: string): Effect.Effect<{ readonly running: number; readonly pending: number }>
  /** Whether a hire is projected. */
  knows(hired_instance_id: string): Effect.Effect<boolean>
  /** A goal and its hire as they are projected. */
  target(goal_instance_id: string): Effect.Effect<Option.Option<{ readonly goal: GoalRow; readonly hire: HireRow }>>
  /** Makes a run of an operator, unless the slot is taken, or paused and not forced. The same request again made it. */
  trigger(run: NewRun, line: AuditLine): Effect.Effect<TriggerResult>
  actions(filter: ActionFilter): Effect.Effect<ReadonlyArray<ActionRow>>
}>()("scheduler/ControlsRepo") {
  static readonly layerPg = Layer.effect(
    ControlsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { insert } = yield* queueWrites
      const audit = yield* auditWrites
      const alerts = yield* alertWrites
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
          sql`insert into scheduler_state as s (state_id, status, paused_at, paused_by, paused_reason, updated_at)
              values (${id}, 'paused', now(), ${by}, ${reason}, now())
              on conflict (state_id) do update set status = 'paused', paused_at = now(), paused_by = excluded.paused_by,
                paused_reason = excluded.paused_reason, updated_at = now()
              returning *`,
      })
      const setRunning = SqlSchema.findOne({
        Request: Schema.Any,
        Result: StateRow,
        execute: ([id, by]: [string, string]) =>
          sql`update scheduler_state set status = 'running', resumed_at = now(), resumed_by = ${by}, updated_at = now()
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
            const old = yield* state(id)
            if (Option.isNone(old) || old.value.status === "running") {
              return { state: Option.getOrUndefined(old), was: false }
            }
            const now = yield* setRunning([id, line.operator])
            yield* audit({
              ...line,
              action_metadata: {
                ...line.action_metadata,
                paused_by: old.value.paused_by,
                paused_at: new Date(old.value.paused_at!).toISOString(),
              },
            })
            yield* alerts.end(pausedAlert(id, line))
            yield* sql`select pg_notify('stint_scheduler', '')`
            return { state: now, was: true }
          }))),
        counts: (id) =>
          Effect.orDie(Effect.map(
            sql<{ running: number; pending: number }>`
              select count(*) filter (where holder is not null)::int as running,
                count(*) filter (where holder is null)::int as pending
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
            yield* sql`select pg_advisory_xact_lock_shared(${PAUSE_LOCK})`
            const scopes = ["global", `hire:${run.hired_instance_id}`, `customer:${run.customer_id}`]
            const [stop] = yield* sql<{ paused_reason: string | null }>`
              select paused_reason from scheduler_state where status = 'paused' and state_id = any(${scopes}::varchar[])`
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
            yield* sql`select pg_notify('stint_scheduler', '')`
            return { _tag: "Made" } as const
          }))),
        actions: (filter) => Effect.orDie(actions(filter)),
      })
    }),
  )

  static readonly layerMemory = Layer.effect(
    ControlsRepo,
    Effect.gen(function* () {
      const store = yield* Store
      const { insert } = memoryWrites(store)
      const audit = auditMemory(store)
      const alerts = memoryAlerts(store)
      const inScope = (id: string, of: { readonly hired_instance_id: string; readonly customer_id: string }) =>
        id === "global" || id === `hire:${of.hired_instance_id}` || id === `customer:${of.customer_id}`
      return ControlsRepo.of({
        states: () => Effect.sync(() => [...store.states.values()].map((state) => ({ ...state }))),
        pause: (id, reason, line) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const old = store.states.get(id)
            if (old?.status === "paused") return { state: { ...old }, was: true }
            const state = {
              state_id: id,
              resumed_at: old?.resumed_at ?? null,
              resumed_by: old?.resumed_by ?? null,
              status: "paused" as const,
              paused_at: now,
              paused_by: line.operator,
              paused_reason: reason,
              updated_at: now,
            }
            store.states.set(id, state)
            audit(line, now)
            alerts.begin(alertIdOf(line), pausedAlert(id, line), now)
            return { state: { ...state }, was: false }
          }),
        resume: (id, line) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const old = store.states.get(id)
            if (old === undefined || old.status === "running") return { state: old, was: false }
            audit({
              ...line,
              action_metadata: {
                ...line.action_metadata,
                paused_by: old.paused_by,
                paused_at: new Date(old.paused_at!).toISOString(),
              },
            }, now)
            alerts.end("paused", id, pausedAlert(id, line).details, now)
            Object.assign(old, { status: "running", resumed_at: now, resumed_by: line.operator, updated_at: now })
            return { state: { ...old }, was: true }
          }),
        counts: (id) =>
          Effect.sync(() => {
            const live = [...store.queue.values()].filter((queued) => inScope(id, queued.run))
            const running = live.filter((queued) => queued.holder !== null).length
            return { running, pending: live.length - running }
          }),
        knows: (id) => Effect.sync(() => store.hires.has(id)),
        target: (id) =>
          Effect.sync(() => {
            const goal = store.goals.get(id)
            const hire = goal === undefined ? undefined : store.hires.get(goal.hired_instance_id)
            return goal === undefined || hire === undefined ? Option.none() : Option.some({ goal, hire })
          }),
        trigger: (run, line) =>
          Effect.map(Clock.currentTimeMillis, (now): TriggerResult => {
            const stop = [...store.states.values()].find((s) => s.status === "paused" && inScope(s.state_id, run))
            if (stop !== undefined && run.queue?.forced !== true) return { _tag: "Paused", reason: stop.paused_reason }
            const made = insert([run], now)
            if (made.length > 0) {
              audit(line, now)
              return { _tag: "Made" }
            }
            const there = store.runs.values().find((r) =>
              r.goal_instance_id === run.goal_instance_id && r.slot === run.slot
            )!
            return there.scheduled_run_id === run.scheduled_run_id
              ? { _tag: "Made" }
              : { _tag: "Taken", scheduled_run_id: there.scheduled_run_id }
          }),
        actions: (f) =>
          Effect.sync(() =>
            store.actions
              .filter((line) =>
                (f.operator === undefined || line.operator === f.operator) &&
                (f.after === undefined || line.timestamp < f.after[0] ||
                  (line.timestamp === f.after[0] && line.log_id < f.after[1]))
              )
              .sort((a, b) => b.timestamp - a.timestamp || (a.log_id < b.log_id ? 1 : -1))
              .slice(0, f.limit)
          ),
      })
    }),
  )
}
