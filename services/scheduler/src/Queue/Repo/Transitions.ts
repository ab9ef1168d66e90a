/**
 * Every statement that sets `run_queue.state`. Each state has a CHECK in script 190.
 *
 *                 enqueue, requeue        start: -> held
 *         ┌──────────────┼──────────────┐
 *         v              v              v
 *      waiting ──────> ready <─────── timed
 *          releaseNext  │ ^   promote   ^
 *                 claim │ │ expire      │ retry, release
 *                       v │             │
 *                   ┌── held ───────────┘
 *             renew └─> held
 *
 * waiting: behind an earlier run of its goal. timed: due later, or backing off. ready: may be claimed as far as time goes.
 * held: a replica holds it until `claimable_at`, the end of its lease. A row leaves the table when its run is final
 * (Ends.ts): from held by complete, discard and cancel, from any state by cancel, from any but held by remove.
 */
import { BigIntColumn } from "@stint/edge/Pg/BigIntColumn"
import { PgClient } from "@effect/sql-pg"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Fragment } from "effect/sql/Statement"
import { ClaimedRun } from "../../Model.ts"
import { RANK } from "../Fair.ts"
import { AttemptErrorRow, Fenced, IdList, rowsFrom, RunId } from "../Row.ts"
import { CounterRows, counting } from "./Counters.ts"
import { IDS, inputById, inputOf } from "./Input.ts"
import { LOST } from "../Outcome.ts"

/** How many runs one claim promotes, or takes from lost holders, at most. */
const AT_ONCE = 1000

/** A run whose lease is lost at this attempt or a later one is a poison candidate: its next attempt is alone. */
export const POISON_ATTEMPT = 2

/** A run as its claim took it. */
export const Taken = Schema.Struct({
  ...ClaimedRun.fields,
  /** It takes one from the budget of retries: its attempt before failed. One whose lease was lost is not charged. */
  retried: Schema.Boolean,
  /** Seconds from when it should have started; of first attempts that are not caught up. */
  lateness: Schema.NullOr(Schema.Finite),
})
export type Taken = typeof Taken.Type

/** Who claims, and for how long. */
export const Lease = Schema.Struct({ holder: Schema.String, leaseMs: Schema.Finite })

/** The state that a run begins in, by its `claimable_at`. */
export const FIRST_STATE =
  "case when claimable_at is null then 'waiting' when claimable_at <= now() then 'ready' else 'timed' end"

/** timed -> ready: what has come due, the longest due first. */
const promote = (sql: PgClient.PgClient) =>
  sql`update run_queue set state = 'ready' where scheduled_run_id = any (array(
    select scheduled_run_id from run_queue where state = 'timed' and claimable_at <= now()
    order by claimable_at limit ${AT_ONCE} for update skip locked))`

/** held -> ready, of the runs that a query picks and locks: their leases have ended, and their attempts are lost. */
const expiring = (sql: PgClient.PgClient, picked: Fragment) =>
  sql`with lost as (${picked}), expired as (
        update run_queue set state = 'ready', holder = null, fence = null, claimed_at = null
        where scheduled_run_id = any (array(select scheduled_run_id from lost))
      ), attempts as (
        insert into run_attempts (scheduled_run_id, fence, attempt, started_at, ended_at, error_details)
        select scheduled_run_id, fence, attempt, claimed_at, now(),
          ${sql.json(LOST)} || jsonb_build_object('attempt', attempt) from lost
      ), executions as (
        update goal_runs set status = 'pending' where scheduled_run_id = any (array(select scheduled_run_id from lost))
      )
      select scheduled_run_id from lost`

const expire = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Void,
    Result: RunId,
    execute: () =>
      expiring(
        sql,
        sql`select scheduled_run_id, fence, attempt, claimed_at from run_queue
      where state = 'held' and claimable_at <= now() and attempt < ${POISON_ATTEMPT} and recorded
      order by claimable_at limit ${AT_ONCE} for update skip locked`,
      ),
  })

const expireOne = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.String,
    Result: RunId,
    execute: (id) =>
      expiring(
        sql,
        sql`select scheduled_run_id, fence, attempt, claimed_at from run_queue
      where scheduled_run_id = ${id} and state = 'held' for update`,
      ),
  })

/**
 * ready -> held, of the runs that a query picks and locks: a lease, a new fence, and an attempt charged. It starts at this statement
 * and not at its transaction, which may have waited for a resume: no run started before the resume that let it.
 */
const taking = (sql: PgClient.PgClient, { holder, leaseMs }: typeof Lease.Type, picked: Fragment) =>
  sql`with picked as (${picked}), taken as (
        update run_queue q set state = 'held', fence = nextval('run_fence'), holder = ${holder},
          claimed_at = statement_timestamp(), claimable_at = now() + make_interval(secs => ${leaseMs / 1000}),
          attempt = q.attempt + 1
        where q.scheduled_run_id = any (array(select scheduled_run_id from picked))
        returning q.*
      ), executions as (
        insert into goal_runs (run_id, scheduled_run_id, goal_instance_id, idempotency_key, status, started_at, attempt)
        select replace(t.scheduled_run_id, 'SCH-', 'RUN-'), t.scheduled_run_id, t.goal_instance_id, r.idempotency_key,
          'running', t.claimed_at, t.attempt
        from taken t cross join lateral (
          select idempotency_key from scheduled_goal_runs where scheduled_run_id = t.scheduled_run_id limit 1) r
        -- a slot whose run was pruned and that is triggered anew meets the execution that it had
        on conflict (idempotency_key) do update set status = 'running', started_at = excluded.started_at,
          run_id = excluded.run_id, scheduled_run_id = excluded.scheduled_run_id,
          attempt = excluded.attempt, completed_at = null, error_details = null
      )
      select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, attempt, fence, claimed_at,
        serial, case when attempt > 1 then coalesce((select a.error_details ->> 'type' <> ${LOST.type} from run_attempts a
          where a.scheduled_run_id = taken.scheduled_run_id order by a.fence desc limit 1), true) else false end as retried,
        case when attempt = 1 and not caught_up then extract(epoch from now() - due_at)::float8 end as lateness
      from taken`

const takeOne = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Struct({ ...Lease.fields, id: Schema.String }),
    Result: Taken,
    execute: ({ id, ...lease }) =>
      taking(
        sql,
        lease,
        sql`select scheduled_run_id from run_queue where scheduled_run_id = ${id} and state = 'ready' for update`,
      ),
  })

const takeShares = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Struct({
      ...Lease.fields,
      paused: IdList,
      shares: rowsFrom({
        rank: Schema.Int,
        customer_id: Schema.String,
        agent_id: Schema.String,
        quota: Schema.Int,
      }),
    }),
    Result: Taken,
    execute: ({ paused, shares, ...lease }) =>
      taking(
        sql,
        lease,
        sql`select r.scheduled_run_id from json_to_recordset(${shares}::json)
            as s (rank smallint, customer_id varchar, agent_id varchar, quota integer), lateral (
              select scheduled_run_id from run_queue q
              where q.state = 'ready' and q.rank = s.rank and q.customer_id = s.customer_id and q.agent_id = s.agent_id
                and (q.forced or not is_paused(q.hired_instance_id, q.customer_id, ${paused}::varchar[]))
              order by q.due_at limit s.quota for update skip locked) r`,
      ),
  })

/** The condition that a row of `run_queue` is still held as `input` says; every claim has a fence of its own. */
export const IS_HELD = `scheduled_run_id = any (${IDS}) and fence = (${
  inputOf("scheduled_run_id")
} ->> 'fence')::bigint`

/** held -> held, with a later end of the lease; the fences that still stood. */
const renew = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Struct({ runs: rowsFrom(Fenced), leaseMs: Schema.Finite }),
    Result: Schema.Struct({ fence: BigIntColumn }),
    execute: ({ leaseMs, runs }) =>
      sql`with ${inputById(sql, runs)}
        update run_queue set claimable_at = now() + make_interval(secs => ${leaseMs / 1000})
        where ${sql.unsafe(IS_HELD)} returning fence`,
  })

/** When a row may be claimed again: after the delay of `input`, in seconds. */
const DELAYED = `now() + make_interval(secs => (${inputOf("scheduled_run_id")} ->> 'delay')::float8)`
/** The error of `input`, with the attempt of the row. */
export const ERROR = `${inputOf("scheduled_run_id")} -> 'error' || jsonb_build_object('attempt', attempt)`

/** held -> timed: the attempt failed, and the next may begin after the delay. */
const retry = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: rowsFrom({ ...Fenced, delay: Schema.Finite, error: AttemptErrorRow }),
    Result: RunId,
    execute: (rows) =>
      sql`with ${inputById(sql, rows)}, held as (
          select scheduled_run_id, fence, attempt, claimed_at from run_queue where ${sql.unsafe(IS_HELD)} for update
        ), back as (
          update run_queue set state = 'timed', fence = null, holder = null, claimed_at = null,
            rank = case when forced then ${RANK.forced} else ${RANK.retry} end::smallint,
            claimable_at = ${sql.unsafe(DELAYED)}
          where scheduled_run_id = any (array(select scheduled_run_id from held))
        ), attempts as (
          insert into run_attempts (scheduled_run_id, fence, attempt, started_at, ended_at, error_details)
          select scheduled_run_id, fence, attempt, claimed_at, now(), ${sql.unsafe(ERROR)} from held
        ), executions as (
          update goal_runs set status = 'pending', error_details = ${sql.unsafe(ERROR)}
          where scheduled_run_id = any (array(select scheduled_run_id from held))
        )
        select scheduled_run_id from held`,
  })

/** held -> timed: the attempt is taken back, as if the run had not been claimed. */
const release = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: rowsFrom({ ...Fenced, delay: Schema.Finite }),
    Result: RunId,
    execute: (rows) =>
      sql`with ${inputById(sql, rows)}, back as (
          update run_queue set state = 'timed', fence = null, holder = null, claimed_at = null, attempt = attempt - 1,
            claimable_at = ${sql.unsafe(DELAYED)}
          where ${sql.unsafe(IS_HELD)} returning scheduled_run_id
        ), executions as (
          update goal_runs set status = 'pending', attempt = greatest(attempt - 1, 1)
          where scheduled_run_id = any (array(select scheduled_run_id from back))
        )
        select scheduled_run_id from back`,
  })

/**
 * waiting -> ready: the next run of each of these goals that has none open. Three index reads a goal, whatever its backlog; none
 * while nothing waits. And what was counted.
 */
const releaseNext = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Struct({ goals: IdList, counted: CounterRows }),
    Result: RunId,
    execute: ({ counted, goals }) =>
      sql`with ${counting(sql, counted)}
        update run_queue set state = 'ready', claimable_at = now(), due_at = greatest(due_at, now())
        where scheduled_run_id = any (array(
          select next.scheduled_run_id from unnest(${goals}::varchar[]) as g (id)
          left join lateral (select true as is_open from run_queue
            where goal_instance_id = g.id and serial and state <> 'waiting' limit 1) o on true
          cross join lateral (select scheduled_run_id from (
              (select scheduled_run_id, scheduled_time from run_queue
                where goal_instance_id = g.id and state = 'waiting' and caught_up order by scheduled_time limit 1)
              union all
              (select scheduled_run_id, scheduled_time from run_queue
                where goal_instance_id = g.id and state = 'waiting' and not caught_up order by scheduled_time limit 1)) w
            order by scheduled_time limit 1) next
          where o.is_open is null and exists (select from run_queue where state = 'waiting')))
        returning scheduled_run_id`,
  })

/** The statements; each is to be run inside the caller's transaction. */
export const transitions = Effect.map(PgClient.PgClient, (sql) => ({
  promote: promote(sql),
  expire: expire(sql),
  expireOne: expireOne(sql),
  takeOne: takeOne(sql),
  takeShares: takeShares(sql),
  renew: renew(sql),
  retry: retry(sql),
  release: release(sql),
  releaseNext: releaseNext(sql),
}))
