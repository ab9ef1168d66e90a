/** The SQL of timelines: the versions of goals that govern the slots after an instant. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { GoalVersion } from "../Model.ts"

/** How many versions of a goal are read at most: of more, the oldest are left out, and the first that is read stands for them. */
const VERSIONS = 500

/** The versions of goals that hold after an instant each (ISO; `infinity`: the latest alone), the oldest first. */
export const versionsSince = Effect.map(PgClient.PgClient, (sql) =>
  SqlSchema.findAll({
    Request: Schema.fromJsonString(Schema.Array(Schema.Struct({ goal: Schema.String, since: Schema.String }))),
    Result: GoalVersion,
    execute: (goals) =>
      sql`select h.* from json_to_recordset(${goals}::json) as g (goal varchar, since timestamptz) cross join lateral (
            (select * from goal_history where goal_instance_id = g.goal and valid_from <= g.since
              order by valid_from desc limit 1)
            union all
            (select * from goal_history where goal_instance_id = g.goal and valid_from > g.since
              order by valid_from desc limit ${VERSIONS})) h
          order by h.goal_instance_id, h.valid_from`,
  }))

/** Versions by their goals, the oldest first. */
export const byGoal = (versions: ReadonlyArray<GoalVersion>): Map<string, Array<GoalVersion>> => {
  const found = new Map<string, Array<GoalVersion>>()
  for (const version of versions) {
    const of = found.get(version.goal_instance_id)
    if (of === undefined) found.set(version.goal_instance_id, [version])
    else of.push(version)
  }
  return found
}
