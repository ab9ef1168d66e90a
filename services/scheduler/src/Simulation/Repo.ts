/** The goals that the scheduler has, as a simulation reads them. */
import { PgClient } from "@effect/sql-pg"
import { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { GoalRow } from "../Model.ts"
import { Store } from "../Store.ts"

/** A goal that a clock starts, with the zone of its hire. */
const ScheduledGoal = Schema.Struct({
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  frequency: GoalRow.fields.frequency,
  schedule: GoalRow.fields.schedule,
  default_at: GoalRow.fields.default_at,
  timezone: Schema.String,
})
export type ScheduledGoal = typeof ScheduledGoal.Type

/** The simulation's storage; it only reads. */
export class SimulationRepo extends Context.Service<SimulationRepo, {
  /** The goals that run by themselves (enabled, of a runnable hire, not on_demand), by id, after one of them. */
  goals(after: string, limit: number): Effect.Effect<ReadonlyArray<ScheduledGoal>>
}>()("scheduler/SimulationRepo") {
  static readonly layerPg = Layer.effect(
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

  static readonly layerMemory = Layer.effect(
    SimulationRepo,
    Effect.map(Store, (store) =>
      SimulationRepo.of({
        goals: (after, limit) =>
          Effect.sync(() =>
            [...store.goals.values()].flatMap((goal): ReadonlyArray<ScheduledGoal> => {
              const hire = store.hires.get(goal.hired_instance_id)
              return hire?.runnable && goal.enabled && goal.frequency !== "on_demand" && goal.goal_instance_id > after
                ? [{ ...goal, timezone: hire.timezone }]
                : []
            }).sort((a, b) => a.goal_instance_id < b.goal_instance_id ? -1 : 1).slice(0, limit)
          ),
      })),
  )
}
