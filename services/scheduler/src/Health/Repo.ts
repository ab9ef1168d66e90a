/** The figures of the scheduler's health, read from where they are true: one query over live runs and the last hour. */
import { PgClient } from "@effect/sql-pg"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { Millis } from "../Model.ts"
import { RANK } from "../Queue/Fair.ts"
import { pausedIn, type QueuedRun, Store } from "../Store.ts"
import type { Vitals } from "./Policy.ts"

const HOUR = 3_600_000

/** The query on Postgres, also for those who read it inside a transaction of theirs. */
export const readVitals = Effect.map(PgClient.PgClient, (sql) =>
  SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({
      running: Schema.Int,
      pending: Schema.Int,
      retrying: Schema.Int,
      due: Schema.Int,
      oldest_due_seconds: Schema.NullOr(Schema.Finite),
      succeeded: Schema.Int,
      failed: Schema.Int,
      dead_letters: Schema.Int,
      avg_duration_ms: Schema.NullOr(Schema.Finite),
      last_run: Schema.NullOr(Millis),
      last_success: Schema.NullOr(Millis),
      last_failure: Schema.NullOr(Millis),
    }),
    execute: () =>
      sql`select q.running, q.pending, q.retrying, q.due, q.oldest_due_seconds, h.succeeded, h.failed,
            (select count(*)::int from scheduler_dlq where state = 'open') as dead_letters,
            (select avg(duration_ms)::float8 from goal_runs
              where completed_at > now() - interval '1 hour' and status = 'completed') as avg_duration_ms,
            greatest(q.last_claim, (select started_at from goal_runs where completed_at is not null
              order by completed_at desc limit 1)) as last_run,
            (select closed_at from scheduled_goal_runs where closed_at is not null and status = 'completed'
              order by closed_at desc limit 1) as last_success,
            (select closed_at from scheduled_goal_runs where status = 'cancelled' and dlq_id is not null
              order by closed_at desc limit 1) as last_failure
          from (
            select count(*) filter (where state = 'held')::int as running,
              count(*) filter (where state <> 'held')::int as pending,
              count(*) filter (where state <> 'held' and attempt > 0)::int as retrying,
              count(*) filter (where state in ('timed', 'ready') and claimable_at <= now())::int as due,
              extract(epoch from now() - min(claimable_at) filter (where state in ('timed', 'ready') and claimable_at <= now()))::float8
                as oldest_due_seconds,
              max(claimed_at) as last_claim
            from run_queue
          ) q, (
            select count(*) filter (where status = 'completed')::int as succeeded,
              count(*) filter (where status = 'cancelled' and dlq_id is not null)::int as failed
            from scheduled_goal_runs where closed_at > now() - interval '1 hour'
          ) h`,
  }))

/** The same over the memory store. */
export const memoryVitals = (store: Store["Service"], now: number): Vitals => {
  const live = [...store.queue.values()]
  const waiting = live.filter((queued) => queued.holder === null)
  const due = waiting.filter((queued) => queued.claimable_at !== null && queued.claimable_at <= now)
  const closed = [...store.runs.values()].filter((run) => run.closed_at !== null)
  const good = closed.filter((run) => run.status === "completed")
  const bad = closed.filter((run) => run.status === "cancelled" && run.dlq_id !== null)
  const recent = (runs: typeof closed) => runs.filter((run) => run.closed_at! > now - HOUR)
  const latest = (instants: ReadonlyArray<number | null | undefined>) =>
    instants.reduce<number | null>((a, b) => b === null || b === undefined ? a : a === null || b > a ? b : a, null)
  const durations = recent(good).map(({ execution }) => execution!.completed_at! - execution!.started_at)
  return {
    running: live.length - waiting.length,
    pending: waiting.length,
    retrying: waiting.filter((queued) => queued.attempt > 0).length,
    due: due.length,
    oldest_due_seconds: due.length === 0 ? null : (now - Math.min(...due.map((q) => q.claimable_at!))) / 1000,
    succeeded: recent(good).length,
    failed: recent(bad).length,
    dead_letters: [...store.deadLetters.values()].filter((letter) => letter.state === "open").length,
    avg_duration_ms: durations.length === 0 ? null : durations.reduce((a, b) => a + b, 0) / durations.length,
    last_run: latest([...store.runs.values()].map((run) => run.execution?.started_at)),
    last_success: latest(good.map((run) => run.closed_at)),
    last_failure: latest(bad.map((run) => run.closed_at)),
  }
}

const memoryWaiting = (store: Store["Service"], now: number): number => {
  const paused = pausedIn(store)
  const held = [...store.queue.values()].filter((queued) => queued.holder !== null)
  const limitOf = (kind: "customer" | "agent_type", subject: string) =>
    [...store.limits.values()].find((limit) => limit.kind === kind && limit.subject === subject) ??
      [...store.limits.values()].find((limit) => limit.kind === `every_${kind}`)
  const atLimit =
    (kind: "customer" | "agent_type", subjectOf: (queued: QueuedRun) => string) => (queued: QueuedRun) => {
      const running = held.filter((other) => subjectOf(other) === subjectOf(queued)).length
      return running >= (limitOf(kind, subjectOf(queued))?.max_running ?? Infinity)
    }
  const ofCustomer = atLimit("customer", ({ run }) => run.customer_id)
  const ofType = atLimit("agent_type", ({ agent_id }) => agent_id)
  const limited = (queued: QueuedRun) => ofCustomer(queued) || ofType(queued)
  const runs = [...store.queue.values()].filter((queued) =>
    queued.holder === null && queued.claimable_at !== null && queued.rank < RANK.retry &&
    (queued.forced || !paused(queued.run)) && !limited(queued)
  )
  const goals = [...store.goals.values()].filter((goal) => !paused(goal))
  const since = Math.min(
    ...runs.map(({ caught_up, claimable_at, due_at }) => caught_up ? Math.max(due_at, claimable_at!) : due_at),
    ...goals.flatMap(({ due_at }) => due_at ?? []),
  )
  const resumed = Math.max(...[...store.states.values()].map(({ resumed_at }) => resumed_at ?? -Infinity))
  return Math.max(now - Math.max(since, resumed), 0) / 1000
}

/** The figures. */
export class HealthRepo extends Context.Service<HealthRepo, {
  readonly vitals: Effect.Effect<Vitals>
  /** The engine's counters of all replicas since the database was made, by name and label (Engine/Counters.ts). */
  readonly counters: Effect.Effect<ReadonlyMap<string, number>>
  /** How many retries may start now, as it was at the last claim of one. */
  readonly retryTokens: Effect.Effect<number>
  /**
   * For how many seconds the longest waiting work has been due, as a run or as a goal that no run was made of yet; 0 when
   * none is. What is paused, at its limit, or waits for the budget of retries does not count, nor what came before the
   * latest resume: that it waits, or waited, is wanted.
   */
  readonly waiting: Effect.Effect<number>
}>()("scheduler/HealthRepo") {
  static readonly layerPg = Layer.effect(
    HealthRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const vitals = yield* readVitals
      const counters = SqlSchema.findAll({
        Request: Schema.Void,
        Result: Schema.Struct({ name: Schema.String, label: Schema.String, value: Schema.Finite }),
        execute: () => sql`select name, label, sum(value) as value from engine_counters group by name, label`,
      })
      const tokens = SqlSchema.findOne({
        Request: Schema.Void,
        Result: Schema.Struct({ tokens: Schema.Finite }),
        execute: () => sql`select tokens from retry_budget`,
      })
      const waiting = SqlSchema.findOne({
        Request: Schema.Void,
        Result: Schema.Struct({ seconds: Schema.NullOr(Schema.Finite), resumed: Schema.NullOr(Schema.Finite) }),
        execute: () =>
          sql`with filled as (
                select kind, subject from limits_in_use where room <= 0
              ), since as (
                select max(resumed_at) as resumed_at from scheduler_state
              )
              select extract(epoch from now() - least(
                (select min(case when caught_up then greatest(due_at, claimable_at) else due_at end) from run_queue q
                  -- what was released, because deliverables is away, may be claimed again in a moment
                  where (state = 'ready' or (state = 'timed' and claimable_at < now() + interval '10 seconds'))
                    and due_at <= now() and rank < ${RANK.retry}
                    and (forced or not is_paused(q.hired_instance_id, q.customer_id, p.ids))
                    and not exists (select from filled where kind = 'customer' and subject = q.customer_id)
                    and not exists (select from filled where kind = 'agent_type' and subject = q.agent_id)),
                (select due_at from projected_goals g where due_at <= now() and not parked
                  and not is_paused(g.hired_instance_id, g.customer_id, p.ids)
                  order by due_at limit 1)))::float8 as seconds, extract(epoch from now() - since.resumed_at)::float8 as resumed
              from paused_ids p, since`,
      })
      return HealthRepo.of({
        vitals: Effect.orDie(Effect.suspend(() => vitals())),
        counters: Effect.orDie(
          Effect.map(
            Effect.suspend(() => counters()),
            (rows) => new Map(rows.map(({ label, name, value }) => [`${name} ${label}`, value])),
          ),
        ),
        retryTokens: Effect.orDie(Effect.map(Effect.suspend(() => tokens()), (row) => row.tokens)),
        waiting: Effect.orDie(
          Effect.map(
            Effect.suspend(() => waiting()),
            ({ resumed, seconds }) => Math.min(seconds ?? 0, resumed ?? Infinity),
          ),
        ),
      })
    }),
  )

  static readonly layerMemory = Layer.effect(
    HealthRepo,
    Effect.map(
      Store,
      (store) =>
        HealthRepo.of({
          vitals: Effect.map(Clock.currentTimeMillis, (now) => memoryVitals(store, now)),
          counters: Effect.sync(() => new Map(store.counters)),
          retryTokens: Effect.sync(() => store.retryBudget.tokens),
          waiting: Effect.map(Clock.currentTimeMillis, (now) => memoryWaiting(store, now)),
        }),
    ),
  )
}
