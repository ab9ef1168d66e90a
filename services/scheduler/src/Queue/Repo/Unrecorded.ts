/**
 * Runs that stand in the queue alone: claimed as they fell due, and held since for less than a third of their lease
 * (domain.md, "States"). `start` makes them; `record` writes them into `scheduled_goal_runs` and `goal_runs` as runs under
 * way, before anything but their completion becomes of them and before anybody reads them; their completion writes both with
 * the end (`takeOut`, Ends.ts). No other statement touches them.
 */
import { BigIntColumn } from "@stint/edge/Pg/BigIntColumn"
import { READ_ONLY, sqlState } from "@stint/edge/Pg/SqlErrors"
import { PgClient } from "@effect/sql-pg"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Fragment } from "effect/sql/Statement"
import { Millis } from "../../Model.ts"
import { IdList, RunId } from "../Row.ts"
import { agentOf, isFree } from "./Enqueue.ts"
import { Lease } from "./Transitions.ts"

/** Runs that are claimed as they are made, column by column: arrays cost Postgres and this process less than rows in JSON. */
export const StartedRows = {
  runs: IdList,
  goals: IdList,
  hires: IdList,
  customers: IdList,
  slots: IdList,
  serial: Schema.Array(Schema.Boolean),
  caught_up: Schema.Array(Schema.Boolean),
  dues: IdList,
}

/** What a run has of its claim. */
export const Started = Schema.Struct({
  ...RunId.fields,
  fence: BigIntColumn,
  claimed_at: Millis,
  /** Seconds from when it should have started; null of one that is caught up. */
  lateness: Schema.NullOr(Schema.Finite),
})

/** The key of a row of `run_queue`. */
export const RUN_KEY = "run_key(goal_instance_id, scheduled_time)"

/** -> held. Whoever calls it has locked the goals, so that no two make the run of one slot. */
const start = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Struct({ ...Lease.fields, ...StartedRows }),
    Result: Started,
    execute: ({ caught_up, customers, dues, goals, hires, holder, leaseMs, runs, serial, slots }) =>
      sql`insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id,
          scheduled_time, serial, caught_up, due_at, claimable_at, state, attempt, fence, holder, claimed_at, recorded)
        select i.scheduled_run_id, i.goal_instance_id, i.hired_instance_id, i.customer_id, ${agentOf(sql, "i")},
          i.scheduled_time, i.serial, i.caught_up, i.due_at, now() + make_interval(secs => ${
        leaseMs / 1000
      }), 'held', 1,
          nextval('run_fence'), ${holder}, now(), false
        from unnest(${runs}::varchar[], ${goals}::varchar[], ${hires}::varchar[], ${customers}::varchar[],
            ${slots}::text[]::timestamptz[], ${serial}::boolean[], ${caught_up}::boolean[],
            ${dues}::text[]::timestamptz[])
          as i (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, serial, caught_up,
            due_at)
        where ${isFree(sql)} and (select true from scheduled_goal_runs r
          where r.goal_instance_id = i.goal_instance_id and r.scheduled_time = i.scheduled_time limit 1) is null
        returning scheduled_run_id, fence, claimed_at,
          case when not caught_up then extract(epoch from now() - due_at)::float8 end as lateness`,
  })

/** Which runs are recorded. */
export type Recorded =
  | { readonly goals: ReadonlyArray<string> }
  | { readonly runs: ReadonlyArray<string> }
  | { readonly hire: string }
  | { readonly customer: string }
  | "expired"
  | "all"

const picked = (sql: PgClient.PgClient, which: Recorded): Fragment => {
  if (which === "all") return sql`true`
  if (which === "expired") return sql`q.claimable_at <= now()`
  if ("goals" in which) return sql`q.goal_instance_id = any(${[...which.goals]}::varchar[])`
  if ("runs" in which) return sql`q.scheduled_run_id = any(${[...which.runs]}::varchar[])`
  return "hire" in which ? sql`q.hired_instance_id = ${which.hire}` : sql`q.customer_id = ${which.customer}`
}

/**
 * held -> held, recorded. `wait`: also those that are being written; who does not wait (a reader) passes over them, which are
 * ending.
 */
const record = (sql: PgClient.PgClient) => (which: Recorded, { wait }: { readonly wait: boolean }) =>
  sql`with late as (
        update run_queue set recorded = true where not recorded and scheduled_run_id = any (array(
          select q.scheduled_run_id from run_queue q where not q.recorded and q.state = 'held' and ${picked(sql, which)}
          order by q.scheduled_run_id for update ${sql.unsafe(wait ? "" : "skip locked")}))
        returning scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, claimed_at,
          ${sql.unsafe(RUN_KEY)} as key
      ), runs as (
        insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
          created_at, status, origin, idempotency_key)
        select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, claimed_at, 'pending',
          'schedule', key from late
        on conflict do nothing
      )
      insert into goal_runs (run_id, scheduled_run_id, goal_instance_id, idempotency_key, status, started_at, attempt)
      select replace(scheduled_run_id, 'SCH-', 'RUN-'), scheduled_run_id, goal_instance_id, key, 'running', claimed_at, 1
      from late
      ${sql.unsafe(EXECUTED_BEFORE)}`

/** Whether some of them are not recorded, as a condition. */
export const areSomeUnrecorded = (sql: PgClient.PgClient, which: Recorded): Fragment =>
  sql`exists (select from run_queue q where not q.recorded and ${picked(sql, which)})`

/** A slot whose run was pruned, and that is made anew, meets the execution that it had. */
export const EXECUTED_BEFORE = `on conflict (idempotency_key) do update set status = excluded.status,
  started_at = excluded.started_at, run_id = excluded.run_id, scheduled_run_id = excluded.scheduled_run_id,
  attempt = excluded.attempt, completed_at = excluded.completed_at, deliverable_id = excluded.deliverable_id,
  duration_ms = excluded.duration_ms, error_details = null`

/** `record` for a reader, in no transaction: false when there was none, or the database can't be written. */
const recordForReader = (sql: PgClient.PgClient) => (which: Recorded, options: { readonly wait: boolean }) =>
  Effect.gen(function* () {
    const [row] = yield* sql<{ some: boolean }>`select ${areSomeUnrecorded(sql, which)} as some`
    // who reads where nothing is to be recorded writes nothing
    if (row!.some) yield* record(sql)(which, options)
    return row!.some
  }).pipe(
    Effect.catchIf((error) => sqlState(error) === READ_ONLY, () => Effect.succeed(false)),
  )

/** The statements; each but the reader's is to be run inside the caller's transaction. */
export const unrecorded = Effect.map(PgClient.PgClient, (sql) => ({
  start: start(sql),
  record: record(sql),
  recordForReader: recordForReader(sql),
}))
