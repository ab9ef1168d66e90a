/** The SQL of what is ahead. */
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { GoalRow } from "../Model.ts"
import { versionsSince } from "../Timeline/Repo.ts"

/** A goal, and what of its hire its slots hang on. */
export const AheadGoal = Schema.Struct({
  ...GoalRow.fields,
  timezone: Schema.String,
  runnable: Schema.Boolean,
  hire_reason: Schema.NullOr(Schema.String),
})
export type AheadGoal = typeof AheadGoal.Type

const optional = Schema.optionalKey(Schema.String)

const statements = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  return {
    versionsSince: yield* versionsSince,
    /** The goals of a filter, at most `limit`. */
    goals: SqlSchema.findAll({
      Request: Schema.Struct({
        customer_id: optional,
        hired_instance_id: optional,
        goal_instance_id: optional,
        limit: Schema.Int,
      }),
      Result: AheadGoal,
      execute: (f) =>
        sql`select g.*, h.timezone, h.runnable, h.reason as hire_reason
            from projected_goals g join projected_hires h using (hired_instance_id) where ${
          sql.and([
            sql`(g.frequency <> 'on_demand' or g.next_slot is not null)`,
            ...(f.customer_id === undefined ? [] : [sql`h.customer_id = ${f.customer_id}`]),
            ...(f.hired_instance_id === undefined ? [] : [sql`g.hired_instance_id = ${f.hired_instance_id}`]),
            ...(f.goal_instance_id === undefined ? [] : [sql`g.goal_instance_id = ${f.goal_instance_id}`]),
          ])
        } limit ${f.limit}`,
    }),
  }
})

export class UpcomingRepo
  extends Context.Service<UpcomingRepo, Effect.Success<typeof statements>>()("scheduler/UpcomingRepo") {
  static readonly layer = Layer.effect(UpcomingRepo, statements)
}
