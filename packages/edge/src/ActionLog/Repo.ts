/** The SQL of a service's action log, which is append-only. A line is written in the transaction of what it records. */
import { PgClient } from "@effect/sql-pg"
import { ActionLine, lineAt, type NewActionLine } from "@stint/domain/ActionLine"
import { InstantColumn } from "@stint/domain/Instants"
import { Context, DateTime, Effect, Layer, Schema } from "effect"
import type { Fragment } from "effect/sql/Statement"
import { type Stretch, type Taken, takenOf } from "../Paging.ts"
import { findReadable } from "../Pg/Rows.ts"

/** The key of a line in a list: epoch milliseconds, and its id. */
export type ActionKey = readonly [timestamp: number, log_id: string]

/** Which lines: of one operator, or of all. */
export interface ActionFilter extends Stretch<ActionKey> {
  readonly operator: string | undefined
}

/** The columns that place a line in a list. */
const Place = Schema.Struct({ timestamp: Schema.Date, log_id: Schema.String })

const ActionRow = Schema.Struct({ ...ActionLine.fields, timestamp: InstantColumn })

/** The lines of a service. */
export class ActionLogRepo extends Context.Service<ActionLogRepo, {
  /** Writes a line, inside the caller's transaction. A repetition of the same request finds its own line there. */
  write(line: NewActionLine): Effect.Effect<void>
  /** The latest first. */
  list(filter: ActionFilter): Effect.Effect<Taken<ActionLine, typeof Place.Type>>
}>()("stint/ActionLogRepo") {
  /**
   * In a table of the columns of a line. `others` are selects of such columns from tables of the service that hold lines of
   * their own: they are listed with it.
   */
  static layer(table: string, others: (sql: PgClient.PgClient) => ReadonlyArray<Fragment> = () => []) {
    return Layer.effect(
      ActionLogRepo,
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const columns = sql.csv(Object.keys(ActionLine.fields).map((column) => sql`${sql(column)}`))
        const lines = others(sql).reduce<Fragment>(
          (all, other) => sql`${all} union all ${other}`,
          sql`select ${columns} from ${sql(table)}`,
        )
        const list = findReadable(sql, {
          what: "action log",
          Key: Place,
          Request: Schema.Struct({
            operator: Schema.UndefinedOr(Schema.String),
            after: Schema.UndefinedOr(Schema.Tuple([Schema.Finite, Schema.String])),
            limit: Schema.Int,
          }),
          Result: ActionRow,
          query: ({ after, limit, operator }) =>
            sql`select * from (${lines}) lines where ${
              sql.and([
                sql`true`,
                ...(operator === undefined ? [] : [sql`operator = ${operator}`]),
                ...(after === undefined
                  ? []
                  : [sql`(timestamp, log_id) < (to_timestamp(${after[0]}::float8 / 1000), ${after[1]})`]),
              ])
            } order by timestamp desc, log_id desc limit ${limit}`,
        })
        return ActionLogRepo.of({
          write: (line) =>
            Effect.orDie(Effect.asVoid(
              sql`insert into ${sql(table)}
                select * from jsonb_populate_record(null::${sql(table)}, ${sql.json(line)}::jsonb
                  || jsonb_build_object('timestamp', date_trunc('milliseconds', clock_timestamp())))
                on conflict (log_id) do nothing`,
            )),
          list: (filter) => Effect.orDie(list(filter)),
        })
      }),
    )
  }

  /** In this process, for a service that keeps its rows itself. */
  static readonly layerMemory = Layer.sync(ActionLogRepo, () => {
    const lines = new Map<string, ActionLine>()
    const isAfter = ({ log_id, timestamp }: ActionLine, [at, id]: ActionKey) => {
      const millis = DateTime.toEpochMillis(timestamp)
      return millis < at || (millis === at && log_id < id)
    }
    return ActionLogRepo.of({
      write: (line) =>
        Effect.map(DateTime.now, (now) => {
          if (!lines.has(line.log_id)) lines.set(line.log_id, lineAt(line, now))
        }),
      list: ({ after, limit, operator }) =>
        Effect.sync(() => {
          const found = [...lines.values()].filter((line) =>
            (operator === undefined || line.operator === operator) && (after === undefined || isAfter(line, after))
          )
          return takenOf("action log", found.reverse().slice(0, limit), ({ log_id, timestamp }) => ({
            log_id,
            timestamp: DateTime.toDateUtc(timestamp),
          }))
        }),
    })
  })
}
