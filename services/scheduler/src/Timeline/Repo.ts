/** The SQL of timelines: the versions of goals that govern the slots after an instant. */
import { PgClient } from "@effect/sql-pg"
import { decodeEach } from "@stint/edge/Pg/Rows"
import { Effect, Exit, Schema, Struct } from "effect"
import { GoalVersion } from "../Model.ts"
import { unreadVersion } from "../Timeline.ts"

/** How many versions of a goal are read at most: of more, the oldest are left out, and the first that is read stands for them. */
const VERSIONS = 500

const decode = decodeEach({
  what: "goal versions",
  Key: Schema.Struct(
    Struct.pick(GoalVersion.fields, ["goal_instance_id", "valid_from", "hired_instance_id", "customer_id"]),
  ),
  Result: GoalVersion,
})

const decodeAll = Schema.decodeUnknownEffect(Schema.Array(GoalVersion))

/**
 * Rows of `goal_history` as versions: all at once, which costs less, and one by one when some can't be read. One that can't
 * be read makes no runs, so that its goal's other versions hold.
 */
export const decodeVersions = (rows: ReadonlyArray<object>): Effect.Effect<ReadonlyArray<GoalVersion>> =>
  Effect.flatMap(
    Effect.exit(Effect.suspend(() => decodeAll(rows))),
    (all) =>
      Exit.isSuccess(all)
        ? Effect.succeed(all.value)
        : Effect.map(decode(rows), (entries) => entries.map(({ key, row }) => row ?? unreadVersion(key))),
  )

/** The versions of goals that hold after an instant each (ISO; `infinity`: the latest alone), the oldest first. */
export const versionsSince = Effect.map(
  PgClient.PgClient,
  (sql) => (goals: ReadonlyArray<{ readonly goal: string; readonly since: string }>) =>
    Effect.flatMap(
      sql`select h.* from json_to_recordset(${
        JSON.stringify(goals)
      }::json) as g (goal varchar, since timestamptz) cross join lateral (
            (select * from goal_history where goal_instance_id = g.goal and valid_from <= g.since
              order by valid_from desc limit 1)
            union all
            (select * from goal_history where goal_instance_id = g.goal and valid_from > g.since
              order by valid_from desc limit ${VERSIONS})) h
          order by h.goal_instance_id, h.valid_from`,
      (rows) => decodeVersions(rows as ReadonlyArray<object>),
    ),
)

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
