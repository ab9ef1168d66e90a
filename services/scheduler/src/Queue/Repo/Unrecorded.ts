/**
 * Runs that stand in the queue alone: claimed as they fell due, and held since for less than a third of their lease
 * (domain.md, "States"). `start` makes them; `record` writes them into `scheduled_goal_runs` and `goal_runs` as runs under
 * way, before anything but their completion becomes of them and before anybody reads them; their completion writes both with
 * the end (`takeOut`, Ends.ts). No other statement touches them.
 */
import { flags, texts } from "@stint/edge/Pg/Lists"
import { READ_ONLY, sqlState } from "@stint/edge/Pg/SqlErrors"
import { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import type { Fragment } from "effect/sql/Statement"
import { LATENESS_BUCKETS } from "../Counters.ts"
import { SHARDS } from "./Counters.ts"
import { agentOf, isFree } from "./Enqueue.ts"
import { nextInput, type NextOfGoal, settingNext } from "./Next.ts"

/** Runs that are claimed as they are made, column by column: arrays cost Postgres and this process less than rows in JSON. */
export interface StartedRows {
  readonly holder: string
  readonly leaseMs: number
  readonly runs: ReadonlyArray<string>
  readonly goals: ReadonlyArray<string>
  readonly hires: ReadonlyArray<string>
  readonly customers: ReadonlyArray<string>
  readonly slots: ReadonlyArray<string>
  readonly serial: ReadonlyArray<boolean>
  readonly caught_up: ReadonlyArray<boolean>
  readonly dues: ReadonlyArray<string>
  readonly next: Next
}

/** What else is written with the claims. */
export interface Next {
  /** When the goals fall due next. */
  readonly goals: ReadonlyArray<NextOfGoal>
  /**
   * Whether the commit waits for the disk, whatever it claims. Else it does not when it claims any: a crash of the database may
   * lose the batch, never a part of it.
   */
  readonly durable: boolean
}

/** What a run has of its claim. */
export interface Started {
  readonly scheduled_run_id: string
  readonly fence: number
  readonly claimed_at: number
}

/** The same as the client of the database reads it. */
interface UnreadStart {
  readonly scheduled_run_id: string
  readonly fence: bigint
  readonly claimed_at: Date
}

const startedOf = ({ claimed_at, fence, scheduled_run_id }: UnreadStart): Started => ({
  scheduled_run_id,
  fence: Number(fence),
  claimed_at: claimed_at.getTime(),
})

/** Counts how late the runs of `made` start: an observation is in the bucket of the first bound above it. */
const countingLateness = (sql: PgClient.PgClient) => {
  const bounds = LATENESS_BUCKETS.map(String)
  return sql`insert into engine_counters as c (name, label, shard, value)
      select 'lateness', label, pg_backend_pid() % ${SHARDS}, sum(value) from (
        select coalesce(b.bounds[1 + width_bucket(m.late, b.bounds)]::text, '+Inf'), 1::float8
        from made m, (values (${bounds}::text[]::float8[])) as b (bounds) where m.late is not null
        union all
        select 'sum', m.late from made m where m.late > 0) as one (label, value)
      group by label order by label
      on conflict (name, label, shard) do update set value = c.value + excluded.value`
}

/** The key of a row of `run_queue`. */
export const RUN_KEY = "run_key(goal_instance_id, scheduled_time)"

/**
 * -> held. Whoever calls it has locked the goals, so that no two make the run of one slot. When the goals fall due next, and the
 * counters, are written with it, as the last statement of its transaction: the counters' rows are locked until that commits.
 * The lists are selected, which hides how many a batch has: else the database would plan it anew for each that has few. A run starts
 * at this statement, as in `taking`: its transaction may have waited for a resume.
 */
const start =
  (sql: PgClient.PgClient) =>
  ({ caught_up, customers, dues, goals, hires, holder, leaseMs, next, runs, serial, slots }: StartedRows) =>
    Effect.map(
      sql<UnreadStart>`with ${nextInput(sql, next.goals)}, made as (
        insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id,
          scheduled_time, serial, caught_up, due_at, claimable_at, state, attempt, fence, holder, claimed_at, recorded)
        select i.scheduled_run_id, i.goal_instance_id, i.hired_instance_id, i.customer_id, ${agentOf(sql, "i")},
          i.scheduled_time, i.serial, i.caught_up, i.due_at, now() + make_interval(secs => ${
        leaseMs / 1000
      }), 'held', 1,
          nextval('run_fence'), ${holder}, statement_timestamp(), false
        from unnest((select ${texts(runs)}::varchar[]), (select ${texts(goals)}::varchar[]),
            (select ${texts(hires)}::varchar[]), (select ${texts(customers)}::varchar[]),
            (select ${texts(slots)}::timestamptz[]), (select ${flags(serial)}), (select ${flags(caught_up)}),
            (select ${texts(dues)}::timestamptz[]))
          as i (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, serial, caught_up,
            due_at)
        where ${isFree(sql)} and (select true from scheduled_goal_runs r
          where r.goal_instance_id = i.goal_instance_id and r.scheduled_time = i.scheduled_time limit 1) is null
        returning scheduled_run_id, fence, claimed_at,
          case when not caught_up then extract(epoch from now() - due_at)::float8 end as late
      ), counted as (${countingLateness(sql)}), next as (${settingNext(sql)} and (select case
          when ${next.durable}::boolean or not exists (select from made) then 'on'
          else set_config('synchronous_commit', 'off', true) end) is not null)
      select scheduled_run_id, fence, claimed_at from made`,
      (rows) => rows.map(startedOf),
    )

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
