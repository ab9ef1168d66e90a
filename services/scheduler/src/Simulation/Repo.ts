/** The SQL of simulations: it only reads. */
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { ScheduledGoal } from "./Row.ts"

export class SimulationRepo extends Context.Service<SimulationRepo, {
  /** The goals that run by their schedule (enabled, of a runnable hire, not on_demand), by id, after an id. */
  goals(after: string, limit: number): Effect.Effect<ReadonlyArray<ScheduledGoal>>
}>()("scheduler/SimulationRepo") {
  static readonly layer = Layer.effect(
    SimulationRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const goals = SqlSchema.findAll({
        Request: Schema.Struct({ after: Schema.String, limit: Schema.Int }),
        Result: ScheduledGoal,
        execute: ({ after, limit }) =>
          sql`select g.goal_instance_id, g.hired_instance_id, g.frequency, g.schedule, g.default_at, h.timezone
              from projected_goals g join projected_hires h using (hired_instance_id)
              where g.goal_instance_id > ${after} and g.enabled and h.runnable and g.frequency <> 'on_demand'
              order by g.goal_instance_id limit ${limit}`,
      })
      return SimulationRepo.of({ goals: (after, limit) => Effect.orDie(goals({ after, limit })) })
    }),
  )
}
