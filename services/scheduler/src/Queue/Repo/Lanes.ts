/** What a claim reads before it takes: what has come due, the lanes, the rooms that limits leave, the budget of retries. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { LIMIT_LOCK, PAUSE_LOCK } from "../../Locks.ts"
import { ClaimedRun } from "../../Model.ts"
import { RANK } from "../Fair.ts"
import { IdList, rowsFrom, RunId } from "../Row.ts"
import { POISON_ATTEMPT } from "./Transitions.ts"

/** A lane's key. */
const LaneRow = { rank: Schema.Int, customer_id: Schema.String, agent_id: Schema.String }

/**
 * Begins a claim: takes the pause lock, and says what has come due. In a statement before the one that reads pauses, so
 * that the latter sees a pause that the lock waited for.
 */
const begin = (sql: PgClient.PgClient) =>
  SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({
      /** Timed runs have come due. */
      timed: Schema.Boolean,
      /** Leases have ended, of runs that may run beside others. */
      expired: Schema.Boolean,
      /** Leases have ended, of poison candidates. */
      poison: Schema.Boolean,
      limited: Schema.Boolean,
    }),
    execute: () =>
      sql`select d.*, exists (select from run_limits) as limited, pg_advisory_xact_lock_shared(${PAUSE_LOCK})
        from (select coalesce(bool_or(state = 'timed'), false) as timed,
            coalesce(bool_or(state = 'held' and attempt < ${POISON_ATTEMPT}), false) as expired,
            coalesce(bool_or(state = 'held' and attempt >= ${POISON_ATTEMPT}), false) as poison
          -- in the order of its index, said so that the planner does not read a small queue whole for it
          from (select state, attempt from run_queue where state in ('timed', 'held') and claimable_at <= now()
            order by claimable_at) due) d`,
  })

const lockLimits = (sql: PgClient.PgClient) => sql`select pg_advisory_xact_lock(${LIMIT_LOCK})`

const pausedIds = (sql: PgClient.PgClient) =>
  SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({ ids: IdList }),
    execute: () => sql`select ids from paused_ids`,
  })

const rooms = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Void,
    Result: Schema.Struct({
      kind: Schema.Literals(["customer", "agent_type", "every_customer", "every_agent_type"]),
      subject: Schema.String,
      room: Schema.Int,
    }),
    execute: () => sql`select kind, subject, room from limits_in_use`,
  })

/** A run whose lease was lost twice or more and that no pause binds: running it may be what ended its holders. */
const poisonCandidate = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Struct({ paused: IdList, maxAttempts: Schema.Int }),
    Result: RunId,
    execute: ({ maxAttempts, paused }) =>
      sql`select scheduled_run_id from run_queue
        where state = 'held' and claimable_at <= now() and attempt >= ${POISON_ATTEMPT} and attempt < ${maxAttempts}
          and (forced or not is_paused(hired_instance_id, customer_id, ${paused}::varchar[]))
        order by claimable_at limit 1 for update skip locked`,
  })

/** Runs whose lease was lost at their last attempt. */
const exhausted = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Int,
    Result: ClaimedRun,
    execute: (maxAttempts) =>
      sql`select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, attempt, fence,
          claimed_at, serial
        from run_queue where state = 'held' and claimable_at <= now() and attempt >= ${maxAttempts}
        order by claimable_at limit 100 for update skip locked`,
  })

/**
 * Lanes that may run, from lane to lane by the index, however many runs stand in each: up to `most` of each rank after the
 * one that the last walk ended at. A lane in which only paused hires wait is none. The walk goes backwards, so that it meets the
 * youngest run of each lane first: before the oldest lie the dead rows of those that were claimed, as long as a transaction
 * anywhere holds a snapshot.
 */
const walk = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Struct({ from: rowsFrom(LaneRow), most: Schema.Int, paused: IdList }),
    Result: Schema.Struct(LaneRow),
    execute: ({ from, most, paused }) => {
      // within a lane only hires differ: its customer is looked at once, after the walk
      const mayRun = sql`(q.forced or not is_paused(q.hired_instance_id, '', ${paused}::varchar[]))`
      const lane = sql`select q.rank, q.customer_id, q.agent_id from run_queue q
              where q.state = 'ready' and q.rank = k.rank and ${mayRun}`
      const youngest = sql`order by q.customer_id desc, q.agent_id desc, q.due_at desc limit 1`
      return sql`select l.* from json_to_recordset(${from}::json)
          as k (rank smallint, customer_id varchar, agent_id varchar), lateral (
          with recursive lane as (
            ((${lane} and k.customer_id = '' ${youngest})
            union all
            (${lane} and k.customer_id <> '' and (q.customer_id, q.agent_id) < (k.customer_id, k.agent_id) ${youngest}))
            union all
            select n.* from lane, lateral (
              ${lane} and (q.customer_id, q.agent_id) < (lane.customer_id, lane.agent_id) ${youngest}) n
          )
          select * from lane
          where rank = ${RANK.forced} or not is_paused('', customer_id, ${paused}::varchar[])
          limit ${most}) l
        -- while all is paused the other ranks are not walked at all
        where k.rank = ${RANK.forced} or not is_paused('', '', ${paused}::varchar[])
        order by rank, customer_id desc, agent_id desc`
    },
  })

const lockBudget = (sql: PgClient.PgClient) => sql`select from retry_budget where only_row for update`

/** Refills the budget of retries, after `lockBudget`; what it holds then. */
const refillBudget = (sql: PgClient.PgClient) =>
  SqlSchema.findOne({
    Request: Schema.Finite,
    Result: Schema.Struct({ tokens: Schema.Finite }),
    execute: (perSecond) =>
      sql`update retry_budget b set filled_at = greatest(now(), b.filled_at), tokens = r.tokens,
          completed_seen = r.completed_seen
        from retry_budget_now(${perSecond}) r where b.only_row returning b.tokens`,
  })

const chargeBudget = (sql: PgClient.PgClient) =>
  SqlSchema.void({
    Request: Schema.Int,
    execute: (retries) => sql`update retry_budget set tokens = greatest(tokens - ${retries}, 0) where only_row`,
  })

/** The statements; each is to be run inside the claim's transaction. */
export const lanes = Effect.map(PgClient.PgClient, (sql) => ({
  begin: begin(sql),
  lockLimits: lockLimits(sql),
  pausedIds: pausedIds(sql),
  rooms: rooms(sql),
  poisonCandidate: poisonCandidate(sql),
  exhausted: exhausted(sql),
  walk: walk(sql),
  lockBudget: lockBudget(sql),
  refillBudget: refillBudget(sql),
  chargeBudget: chargeBudget(sql),
}))
