/**
 * The SQL of pauses. A pause or resume, its line in the action log and its alert commit together or not at all. A pause binds
 * where `is_paused` stands: in claims (Queue/Repo/Lanes.ts, Queue/Repo/Transitions.ts) and in the search for due goals
 * (Engine/Repo/DueGoals.ts).
 */
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { actionLogWriter } from "../ActionLog/Repo.ts"
import type { NewActionRow } from "../ActionLog/Row.ts"
import type { Condition } from "../Alerts/Policy.ts"
import { alertWriter } from "../Alerts/Repo.ts"
import { PAUSE_LOCK } from "../Locks.ts"
import { Nudge } from "../Nudge.ts"
import { GLOBAL, scopeOf } from "../Scopes.ts"
import { StateRow } from "./Row.ts"

/** A pause as an alert, which its resume ends. */
const alertOf = (subject: string, { operator, reason }: NewActionRow): Condition => ({
  kind: "paused",
  subject,
  details: { operator, reason },
})

/** The alert of a pause has the id of its line, so that a repeated request makes it once. */
const alertIdOf = (line: NewActionRow): string => line.log_id.replace(/^LOG-/, "ALR-")

/** The pauses' storage. */
export class PausesRepo extends Context.Service<PausesRepo, {
  states(): Effect.Effect<ReadonlyArray<StateRow>>
  /** What is paused: all that binds a customer's hires, or all (null); everything's pause first, then the oldest. */
  holding(customer: string | null): Effect.Effect<ReadonlyArray<StateRow>>
  /** Pauses a scope. After it returns, no claim of that scope commits. The new state, and whether it was paused before. */
  pause(
    state_id: string,
    reason: string | null,
    line: NewActionRow,
  ): Effect.Effect<{ readonly state: StateRow; readonly was: boolean }>
  /** Resumes a scope. The new state (undefined: it was never paused), and whether it was paused before. */
  resume(
    state_id: string,
    line: NewActionRow,
  ): Effect.Effect<{ readonly state: StateRow | undefined; readonly was: boolean }>
  /** How many live runs of a scope are running, and how many are pending. */
  counts(state_id: string): Effect.Effect<{ readonly running: number; readonly pending: number }>
}>()("scheduler/PausesRepo") {
  static readonly layer = Layer.effect(
    PausesRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const nudge = yield* Nudge
      const writeLine = yield* actionLogWriter
      const alerts = yield* alertWriter
      const { holding, ofScope, setPaused, setRunning, state, states } = yield* statements
      const counts = SqlSchema.findOne({
        Request: Schema.String,
        Result: Schema.Struct({ running: Schema.Int, pending: Schema.Int }),
        execute: (id) =>
          sql`select (select count(*)::int from running_runs where ${ofScope(id)}) as running,
                (select count(*)::int from run_queue
                  where run_status('pending', null, state, attempt) <> 'running' and ${ofScope(id)}) as pending`,
      })

      return PausesRepo.of({
        states: () => Effect.orDie(states()),
        holding: (customer) => Effect.orDie(holding(customer)),
        pause: (id, reason, line) =>
          Effect.orDie(sql.withTransaction(Effect.gen(function* () {
            yield* sql`select pg_advisory_xact_lock(${PAUSE_LOCK})`
            const old = yield* state(id)
            if (Option.isSome(old) && old.value.status === "paused") return { state: old.value, was: true }
            const now = yield* setPaused({ id, by: line.operator, reason })
            yield* writeLine(line)
            yield* alerts.begin(alertIdOf(line), alertOf(id, line))
            return { state: now, was: false }
          }))),
        resume: (id, line) =>
          Effect.orDie(sql.withTransaction(Effect.gen(function* () {
            // a transaction that parks goals for this pause has committed, or will see that the pause is over
            yield* sql`select pg_advisory_xact_lock(${PAUSE_LOCK})`
            const old = yield* state(id)
            if (Option.isNone(old) || old.value.status === "running") {
              return { state: Option.getOrUndefined(old), was: false }
            }
            const now = yield* setRunning({ id, by: line.operator })
            yield* sql`update projected_goals set parked = false where parked and ${ofScope(id)}`
            yield* writeLine({
              ...line,
              action_metadata: {
                ...line.action_metadata,
                paused_by: old.value.paused_by,
                paused_at: new Date(old.value.paused_at!).toISOString(),
              },
            })
            yield* alerts.end(alertOf(id, line))
            yield* nudge.inTransaction
            return { state: now, was: true }
          }))),
        counts: (id) => Effect.orDie(counts(id)),
      })
    }),
  )
}

const statements = Effect.map(PgClient.PgClient, (sql) => ({
  states: SqlSchema.findAll({
    Request: Schema.Void,
    Result: StateRow,
    execute: () => sql`select * from scheduler_state`,
  }),
  holding: SqlSchema.findAll({
    Request: Schema.NullOr(Schema.String),
    Result: StateRow,
    execute: (customer) =>
      sql`select * from scheduler_state where status = 'paused' and ${
        customer === null ? sql`true` : sql`(state_id in (${GLOBAL}, ${`customer:${customer}`}) or state_id in
            (select 'hire:' || hired_instance_id from projected_hires where customer_id = ${customer}))`
      } order by state_id <> ${GLOBAL}, paused_at, state_id`,
  }),
  state: SqlSchema.findOneOption({
    Request: Schema.String,
    Result: StateRow,
    execute: (id) => sql`select * from scheduler_state where state_id = ${id} for update`,
  }),
  setPaused: SqlSchema.findOne({
    Request: Schema.Struct({ id: Schema.String, by: Schema.String, reason: Schema.NullOr(Schema.String) }),
    Result: StateRow,
    execute: ({ by, id, reason }) =>
      // the clock, not the transaction's start: the pause binds once it has the lock, and a run claimed before that instant started before the pause
      sql`insert into scheduler_state as s (state_id, status, paused_at, paused_by, paused_reason, updated_at)
          select ${id}, 'paused', at, ${by}, ${reason}, at from (select clock_timestamp() as at) clock
          on conflict (state_id) do update set status = 'paused', paused_at = excluded.paused_at,
            paused_by = excluded.paused_by, paused_reason = excluded.paused_reason, updated_at = excluded.updated_at
          returning *`,
  }),
  setRunning: SqlSchema.findOne({
    Request: Schema.Struct({ id: Schema.String, by: Schema.String }),
    Result: StateRow,
    execute: ({ by, id }) =>
      sql`update scheduler_state set status = 'running', resumed_at = clock_timestamp(), resumed_by = ${by},
            updated_at = clock_timestamp()
          where state_id = ${id} returning *`,
  }),
  /** The rows of a table with `hired_instance_id` and `customer_id` that a scope covers. */
  ofScope: (id: string) => {
    const scope = scopeOf(id)
    return scope === undefined
      ? sql`true`
      : scope.hired_instance_id !== undefined
      ? sql`hired_instance_id = ${scope.hired_instance_id}`
      : sql`customer_id = ${scope.customer_id!}`
  },
}))

/**
 * The pause that covers a hire, if there is one, inside the caller's transaction: it waits for a pause that is being
 * written, and no pause begins before that transaction ends.
 */
export const readPause = Effect.map(PgClient.PgClient, (sql) => {
  const pauseOf = SqlSchema.findOneOption({
    Request: Schema.Struct({ hire: Schema.String, customer: Schema.String }),
    Result: Schema.Struct({ paused_reason: Schema.NullOr(Schema.String) }),
    execute: ({ customer, hire }) =>
      sql`select paused_reason from paused_scopes where is_paused(${hire}, ${customer}, array[state_id]) limit 1`,
  })
  return Effect.fnUntraced(function* (of: { readonly hired_instance_id: string; readonly customer_id: string }) {
    yield* sql`select pg_advisory_xact_lock_shared(${PAUSE_LOCK})`
    return Option.getOrUndefined(
      yield* pauseOf({ hire: of.hired_instance_id, customer: of.customer_id }),
    )
  })
})
