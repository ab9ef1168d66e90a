/** The engine's units of work on Postgres: each is one transaction. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { queueWrites } from "../Queue/Repo.ts"
import { claiming } from "./PgRepo/Claim.ts"
import { materialising } from "./PgRepo/Materialise.ts"
import { pauses } from "./PgRepo/Pauses.ts"
import { closing, settling } from "./PgRepo/Settle.ts"
import { EngineRepo } from "./Repo.ts"

/** The layer of `EngineRepo` on Postgres. */
export const layerPg = Layer.effect(
  EngineRepo,
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const { lockGoals, release } = yield* queueWrites
    const { paused, pausedBy } = yield* pauses
    const materialise = yield* materialising
    const claim = yield* claiming
    const settle = yield* settling

    const look = SqlSchema.findOne({
      Request: Schema.Void,
      Result: Schema.Struct({ ready: Schema.Boolean, ms: Schema.NullOr(Schema.Finite) }),
      execute: () =>
        sql`select exists (select from run_queue where ready) as ready, (extract(epoch from least(
              case when not 'global' = any(p.ids) then (
                select due_at from projected_goals where due_at is not null and not parked order by due_at limit 1) end,
              -- a lease in what is paused ends unseen: its resume is a nudge
              (select claimable_at from run_queue q where claimable_at is not null and not ready
                and (holder is null or forced or not (p.ids && ${pausedBy("q")})) order by claimable_at limit 1)
            ) - now()) * 1000)::float8 as ms from (${paused}) p`,
    })

    return EngineRepo.of({
      look: () => Effect.orDie(Effect.map(look(), ({ ms, ready }) => ({ ready, wake: ms ?? undefined }))),
      materialise,
      claim: (request) => Effect.orDie(sql.withTransaction(claim(request))),
      renew: (runs, leaseMs) =>
        Effect.orDie(Effect.map(
          sql<{ fence: bigint }>`
            update run_queue q set ready = false, claimable_at = now() + make_interval(secs => ${leaseMs / 1000})
            from json_to_recordset(${closing(runs.map((run) => ({ run })))}::json) as x (id varchar, fence bigint)
            where q.scheduled_run_id = x.id and q.fence = x.fence returning q.fence`,
          (rows) => new Set(rows.map((row) => Number(row.fence))),
        )),
      settle: (outcomes) => Effect.orDie(sql.withTransaction(settle(outcomes))),
      sweep: () =>
        Effect.orDie(sql.withTransaction(Effect.gen(function* () {
          const stuck = yield* sql<{ goal_instance_id: string }>`
            select distinct goal_instance_id from run_queue w where claimable_at is null and not exists (
              select from run_queue o where o.goal_instance_id = w.goal_instance_id and o.serial
                and o.claimable_at is not null)`
          const goals = stuck.map((row) => row.goal_instance_id)
          if (goals.length === 0) return 0
          yield* lockGoals(goals)
          return yield* release(goals)
        }))),
    })
  }),
)
