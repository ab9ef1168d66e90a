/** The action log's SQL. A line is written in the transaction of the action that it records, by the feature that acts. */
import { PgClient } from "@effect/sql-pg"
import { Action } from "@stint/domain/scheduler/ActionLog"
import type { Stretch, Taken } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import { Context, Effect, Layer, Schema } from "effect"
import { Millis } from "../Model.ts"
import { ActionRow, type NewActionRow } from "./Row.ts"

/** The key of a line in a list. */
export type ActionKey = readonly [timestamp: number, log_id: string]

const Place = Schema.Struct({ timestamp: Millis, log_id: Schema.String })

/** Which lines; undefined filters nothing. Written in [from, to), epoch milliseconds. */
export interface ActionFilter extends Stretch<ActionKey> {
  readonly operator: string | undefined
  readonly action?: Action | undefined
  readonly from?: number | undefined
  readonly to?: number | undefined
}

export class ActionLogRepo extends Context.Service<ActionLogRepo, {
  /** The latest first. */
  list(filter: ActionFilter): Effect.Effect<Taken<ActionRow, typeof Place.Type>>
}>()("scheduler/ActionLogRepo") {
  static readonly layer = Layer.effect(
    ActionLogRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const list = findReadable(sql, {
        what: "action log",
        Key: Place,
        Request: Schema.Struct({
          operator: Schema.UndefinedOr(Schema.String),
          action: Schema.optional(Action),
          from: Schema.optional(Millis),
          to: Schema.optional(Millis),
          after: Schema.UndefinedOr(Schema.Tuple([Millis, Schema.String])),
          limit: Schema.Int,
        }),
        Result: ActionRow,
        query: ({ action, after, from, limit, operator, to }) =>
          sql`select * from scheduler_action_log where ${
            sql.and([
              sql`true`,
              ...(operator === undefined ? [] : [sql`operator = ${operator}`]),
              ...(action === undefined ? [] : [sql`action = ${action}`]),
              ...(from === undefined ? [] : [sql`timestamp >= ${from}`]),
              ...(to === undefined ? [] : [sql`timestamp < ${to}`]),
              ...(after === undefined ? [] : [sql`(timestamp, log_id) < (${after[0]}, ${after[1]})`]),
            ])
          } order by timestamp desc, log_id desc limit ${limit}`,
      })
      return ActionLogRepo.of({ list: (filter) => Effect.orDie(list(filter)) })
    }),
  )
}

/** Writes a line, inside the caller's transaction. A repetition of the same request finds its own line there. */
export const actionLogWriter = Effect.map(
  PgClient.PgClient,
  (sql) => (row: NewActionRow) =>
    sql`insert into scheduler_action_log (log_id, action, operator, timestamp, goal_instance_id, reason, action_metadata)
      values (${row.log_id}, ${row.action}, ${row.operator}, date_trunc('milliseconds', clock_timestamp()), ${row.goal_instance_id}, ${row.reason},
        ${sql.json(row.action_metadata)})
      on conflict (log_id) do nothing`,
)
