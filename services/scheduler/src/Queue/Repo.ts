/** The queue's statements, and the transaction that they run in. `Queue` is what calls them; nobody else does. */
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { counterWrites } from "./Repo/Counters.ts"
import { ending } from "./Repo/Ends.ts"
import { enqueueing } from "./Repo/Enqueue.ts"
import { lanes } from "./Repo/Lanes.ts"
import { makings } from "./Repo/Makings.ts"
import { transitions } from "./Repo/Transitions.ts"
import { unrecorded } from "./Repo/Unrecorded.ts"
import { IdList } from "./Row.ts"

/**
 * Settings of the scheduler's connections: an index goes before reading a table whole. The queue grows and empties faster
 * than the planner's statistics follow, and a plan that was made while it was empty is kept: it would read all of it for
 * each goal. `jit` is off: with enable_seqscan off the estimated cost would trigger it.
 */
export const PLANNER: Readonly<Record<string, string>> = { enable_seqscan: "off", jit: "off" }

const Goal = Schema.Struct({ goal_instance_id: Schema.String })

const statements = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient

  /** Locks goals in their order; in a statement of its own, so that the next one sees what the lock waited for. */
  const lockGoals = SqlSchema.findAll({
    Request: IdList,
    Result: Goal,
    execute: (goals) =>
      sql`select goal_instance_id from projected_goals where goal_instance_id = any(${goals}::varchar[])
          order by goal_instance_id for update`,
  })
  /** Goals whose next run is waiting though none is open; from goal to goal by the index, whatever waits behind each. */
  const stuckGoals = SqlSchema.findAll({
    Request: Schema.Void,
    Result: Goal,
    execute: () =>
      sql`with recursive goal as (
            (select goal_instance_id as id from run_queue where state = 'waiting' order by goal_instance_id limit 1)
            union all
            select next.id from goal g, lateral (select goal_instance_id as id from run_queue
              where state = 'waiting' and goal_instance_id > g.id order by goal_instance_id limit 1) next
          )
          select g.id as goal_instance_id from goal g left join lateral (
            select true as is_open from run_queue where goal_instance_id = g.id and serial and state <> 'waiting' limit 1) o
            on true
          where o.is_open is null`,
  })

  return {
    ...yield* enqueueing,
    ...yield* lanes,
    ...yield* transitions,
    ...yield* ending,
    ...yield* makings,
    ...yield* unrecorded,
    count: yield* counterWrites,
    lockGoals,
    stuckGoals,
    atomically: <A, E, R>(effect: Effect.Effect<A, E, R>) => sql.withTransaction(effect),
  }
})

/** The statements, inside the caller's transaction; `atomically` opens one. */
export class QueueRepo extends Context.Service<QueueRepo, Effect.Success<typeof statements>>()("scheduler/QueueRepo") {
  static readonly layer = Layer.effect(QueueRepo, statements)
}
