/** The table `goal_instances`. */
import type { PgClient } from "@effect/sql-pg"
import { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { InstantColumn } from "@stint/domain/Instants"
import { Effect, type Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Stretch, Taken } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import { GoalRow, GoalState } from "../Row.ts"

const Instant = InstantColumn

/** A place among the goals of a hire by their age: when one was added, and its id. */
export const GoalPlace = Schema.Struct({ created_at: Instant, goal_instance_id: Schema.String })
export type GoalPlace = typeof GoalPlace.Type

/** Any text: a row with an id of another form is named as well. */
const GoalKey = Schema.Struct({ goal_instance_id: Schema.String })
export type GoalKey = typeof GoalKey.Type

/** Reads of goals. */
export interface GoalReads {
  /** A hire's, oldest first. */
  list(hired_instance_id: HiredInstanceId, stretch: Stretch<GoalPlace>): Effect.Effect<Taken<GoalRow, GoalPlace>>
  find(id: GoalInstanceId): Effect.Effect<Option.Option<GoalRow>>
  /** What the feed says of every hire's, by id. */
  states(stretch: Stretch<string>): Effect.Effect<Taken<GoalState, GoalKey>>
  /** Those of the ids that exist, by id. */
  byIds(ids: ReadonlyArray<GoalInstanceId>): Effect.Effect<Taken<GoalRow, GoalKey>>
}

/** The statements; those that write belong in a transaction of their caller. */
export const goalStatements = (sql: PgClient.PgClient) => ({
  reads: reading(sql),
  under: readingUnder(sql),
  put: putting(sql),
  remove: SqlSchema.void({
    Request: GoalInstanceId,
    execute: (id) => sql`delete from goal_instances where goal_instance_id = ${id}`,
  }),
  keepSlot: SqlSchema.void({
    Request: Schema.Struct({ goal_instance_id: GoalInstanceId, request_id: Schema.String, scheduled_time: Instant }),
    execute: ({ goal_instance_id, request_id, scheduled_time }) =>
      sql`
        update goal_instances set last_run_slot = ${scheduled_time}, last_run_request = ${request_id}
        where goal_instance_id = ${goal_instance_id}`,
  }),
})

const reading = (sql: PgClient.PgClient): GoalReads => {
  // Ages are compared by the millisecond, which is what a cursor holds
  const age = sql`date_trunc('milliseconds', created_at)`
  const list = findReadable(sql, {
    what: "goals",
    Key: GoalPlace,
    Request: Schema.Struct({
      hired_instance_id: HiredInstanceId,
      after: Schema.UndefinedOr(GoalPlace),
      limit: Schema.Int,
    }),
    Result: GoalRow,
    query: ({ after, hired_instance_id, limit }) =>
      sql`
        select * from goal_instances where hired_instance_id = ${hired_instance_id}
          and (${age}, goal_instance_id) > (${
        after === undefined ? sql`'-infinity'` : sql`${after.created_at}`
      }::timestamptz, ${after?.goal_instance_id ?? ""})
        order by ${age}, goal_instance_id limit ${limit}`,
  })
  const states = findReadable(sql, {
    what: "goals",
    Key: GoalKey,
    Request: Schema.Struct({ after: Schema.UndefinedOr(Schema.String), limit: Schema.Int }),
    Result: GoalState,
    query: ({ after = "", limit }) =>
      sql`
        select goal_instance_id, hired_instance_id, frequency, coalesce(settings->'schedule', '{}') as schedule, enabled,
          default_at, updated_at, version
        from goal_instances where goal_instance_id > ${after} order by goal_instance_id limit ${limit}`,
  })
  const find = SqlSchema.findOneOption({
    Request: GoalInstanceId,
    Result: GoalRow,
    execute: (id) => sql`select * from goal_instances where goal_instance_id = ${id}`,
  })
  const byIds = findReadable(sql, {
    what: "goals",
    Key: GoalKey,
    Request: Schema.Array(GoalInstanceId),
    Result: GoalRow,
    query: (ids) =>
      sql`select * from goal_instances where goal_instance_id = any(${ids}::text[]) order by goal_instance_id`,
  })
  return {
    list: (hired_instance_id, stretch) => Effect.orDie(list({ hired_instance_id, ...stretch })),
    find: (id) => Effect.orDie(find(id)),
    states: (stretch) => Effect.orDie(states(stretch)),
    byIds: (ids) => Effect.orDie(byIds(ids)),
  }
}

/** A hire's goal of that id, or all of its goals. */
const readingUnder = (sql: PgClient.PgClient) => {
  const under = SqlSchema.findAll({
    Request: Schema.Struct({ hired_instance_id: HiredInstanceId, goal: Schema.NullOr(Schema.String) }),
    Result: GoalRow,
    execute: ({ goal, hired_instance_id }) =>
      sql`
        select * from goal_instances
        where hired_instance_id = ${hired_instance_id} and goal_instance_id = coalesce(${goal}, goal_instance_id)`,
  })
  return (hired_instance_id: HiredInstanceId, goal: string | null) => Effect.orDie(under({ hired_instance_id, goal }))
}

/** Leaves alone the slot that a goal keeps of its runs: `keepSlot` writes that. */
const putting = (sql: PgClient.PgClient) =>
  SqlSchema.void({
    Request: GoalRow,
    execute: (g) =>
      sql`
        insert into goal_instances (goal_instance_id, hired_instance_id, goal_template_id, frequency, settings, enabled,
          default_at, created_at, updated_at, version)
        values (${g.goal_instance_id}, ${g.hired_instance_id}, ${g.goal_template_id}, ${g.frequency},
          ${sql.json(g.settings)}, ${g.enabled}, ${g.default_at}, ${g.created_at}, ${g.updated_at}, ${g.version})
        on conflict (goal_instance_id) do update set
          goal_template_id = excluded.goal_template_id, frequency = excluded.frequency, settings = excluded.settings,
          enabled = excluded.enabled, default_at = excluded.default_at, updated_at = excluded.updated_at,
          version = excluded.version`,
  })
