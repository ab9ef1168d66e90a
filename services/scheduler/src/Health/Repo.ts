/** The SQL of health: one statement over live runs and the last hour. */
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { RANK } from "../Queue/Fair.ts"
import { Vitals } from "./Row.ts"

/** The figures, also inside the caller's transaction. */
export const readVitals = Effect.map(PgClient.PgClient, (sql) => {
  // what was cancelled meanwhile is no failure, unless it was for its failures
  const failures = sql`run_attempts a join scheduled_goal_runs r using (scheduled_run_id)
              where a.error_details is not null and (r.status <> 'cancelled' or r.reason_code = 'dead_lettered')`
  return SqlSchema.findOne({
    Request: Schema.Void,
    Result: Vitals,
    execute: () =>
      sql`select q.running, q.pending, q.retrying, q.due, case when q.due > 0 then q.since_claimable end as oldest_due_seconds,
            h.succeeded, h.dead, h.draft_lateness, q.unpaused,
            (select count(*)::int from ${failures} and a.ended_at > now() - interval '1 hour') as failed,
            (select count(*)::int from scheduler_dlq where state = 'open') as dead_letters,
            (select avg(duration_ms)::float8 from goal_runs
              where completed_at > now() - interval '1 hour' and status = 'completed') as avg_duration_ms,
            greatest(q.last_claim, (select started_at from goal_runs where completed_at is not null
              order by completed_at desc limit 1)) as last_run,
            (select closed_at from scheduled_goal_runs where closed_at is not null and status = 'completed'
              order by closed_at desc limit 1) as last_success,
            (select a.ended_at from ${failures} order by a.ended_at desc limit 1) as last_failure
          from (
            select count(*) filter (where status = 'running')::int as running,
              count(*) filter (where status <> 'running')::int as pending,
              count(*) filter (where status = 'retrying')::int as retrying,
              count(*) filter (where status <> 'running'
                and (forced or not is_paused(hired_instance_id, customer_id, p.ids)))::int as unpaused,
              count(*) filter (where state in ('ready', 'timed') and claimable_at <= now())::int as due,
              extract(epoch from now() - min(claimable_at) filter (where state in ('ready', 'timed')))::float8
                as since_claimable,
              max(claimed_at) as last_claim
            from paused_ids p, (select *, run_status('pending', null, state, attempt) as status from run_queue) live
          ) q, (
            select count(*) filter (where status = 'completed')::int as succeeded,
              count(*) filter (where status = 'cancelled' and dlq_id is not null and reason_code = 'dead_lettered')::int as dead,
              max(draft_late_ms)::float8 as draft_lateness
            from scheduled_goal_runs where closed_at > now() - interval '1 hour'
          ) h`,
  })
})

export class HealthRepo extends Context.Service<HealthRepo, {
  readonly vitals: Effect.Effect<Vitals>
  /** The ids of the paused scopes. */
  readonly paused: Effect.Effect<ReadonlyArray<string>>
  /** The engine's counters of all replicas since the database was made, by `<name> <label>` (Queue/Counters.ts). */
  readonly counters: Effect.Effect<ReadonlyMap<string, number>>
  /** How many dead letters were closed in the last hour, by how; a way that none was closed is absent. */
  readonly closed: Effect.Effect<ReadonlyMap<string, number>>
  /** How many retries may start now, as of the last claim of one. */
  readonly retryTokens: Effect.Effect<number>
  /**
   * For how many seconds the longest waiting work has been due, as a run or as a goal whose run is not made yet; 0 when
   * there is none. Work that is meant to wait does not count: what is paused, at its limit, or waits for the retry budget,
   * nor any wait before the latest resume.
   */
  readonly waiting: Effect.Effect<number>
}>()("scheduler/HealthRepo") {
  static readonly layer = Layer.effect(
    HealthRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const vitals = yield* readVitals
      const waiting = yield* readWaiting
      const paused = SqlSchema.findAll({
        Request: Schema.Void,
        Result: Schema.Struct({ state_id: Schema.String }),
        execute: () => sql`select state_id from paused_scopes`,
      })
      const counters = SqlSchema.findAll({
        Request: Schema.Void,
        Result: Schema.Struct({ name: Schema.String, label: Schema.String, value: Schema.Finite }),
        execute: () => sql`select name, label, sum(value) as value from engine_counters group by name, label`,
      })
      const closed = SqlSchema.findAll({
        Request: Schema.Void,
        Result: Schema.Struct({ state: Schema.String, n: Schema.Int }),
        execute: () =>
          sql`select state, count(*)::int as n from scheduler_dlq where closed_at > now() - interval '1 hour'
              group by state`,
      })
      const budget = SqlSchema.findOne({
        Request: Schema.Void,
        Result: Schema.Struct({ tokens: Schema.Finite }),
        execute: () => sql`select tokens from retry_budget`,
      })
      return HealthRepo.of({
        vitals: Effect.orDie(Effect.suspend(() => vitals())),
        paused: Effect.orDie(Effect.map(Effect.suspend(() => paused()), (rows) => rows.map((row) => row.state_id))),
        counters: Effect.orDie(
          Effect.map(
            Effect.suspend(() => counters()),
            (rows) => new Map(rows.map(({ label, name, value }) => [`${name} ${label}`, value])),
          ),
        ),
        closed: Effect.orDie(
          Effect.map(Effect.suspend(() => closed()), (rows) => new Map(rows.map(({ n, state }) => [state, n]))),
        ),
        retryTokens: Effect.orDie(Effect.map(Effect.suspend(() => budget()), (row) => row.tokens)),
        waiting: Effect.orDie(
          Effect.map(
            Effect.suspend(() => waiting()),
            ({ resumed, seconds }) => Math.min(seconds ?? 0, resumed ?? Infinity),
          ),
        ),
      })
    }),
  )
}

const readWaiting = Effect.map(PgClient.PgClient, (sql) =>
  SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({ seconds: Schema.NullOr(Schema.Finite), resumed: Schema.NullOr(Schema.Finite) }),
    execute: () =>
      sql`with since as (
            select max(resumed_at) as resumed_at from scheduler_state
          ), full_customers as (
            select subject from limits_in_use where kind = 'customer' and room <= 0
          ), full_types as (
            select subject from limits_in_use where kind = 'agent_type' and room <= 0
          )
          select extract(epoch from now() - least(
            (select min(case when caught_up then greatest(due_at, claimable_at) else due_at end) from run_queue q
              -- a run that was released because deliverables is away may be claimed again in a moment
              where (state = 'ready' or (state = 'timed' and claimable_at < now() + interval '10 seconds'))
                and due_at <= now() and rank < ${RANK.retry}
                and (forced or not is_paused(hired_instance_id, customer_id, p.ids))
                and customer_id not in (select subject from full_customers)
                and agent_id not in (select subject from full_types)),
            (select due_at from projected_goals where due_at <= now() and not parked
                and not is_paused(hired_instance_id, customer_id, p.ids)
              order by due_at limit 1)))::float8 as seconds,
            extract(epoch from now() - since.resumed_at)::float8 as resumed
          from paused_ids p, since`,
  }))
