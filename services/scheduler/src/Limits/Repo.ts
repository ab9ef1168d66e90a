/** The SQL of limits. A change and its line in the action log commit together or not at all. */
import { PgClient } from "@effect/sql-pg"
import type { Stretch, Taken } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { actionLogWriter } from "../ActionLog/Repo.ts"
import type { NewActionRow } from "../ActionLog/Row.ts"
import { Nudge } from "../Nudge.ts"
import { LimitChange, LimitKey, LimitRow } from "./Row.ts"

/** The limits' storage. */
export class LimitsRepo extends Context.Service<LimitsRepo, {
  /** By kind and subject. */
  list(page: Stretch<readonly [kind: string, subject: string]>): Effect.Effect<Taken<LimitRow, LimitKey>>
  /** Sets or removes a limit and logs the change with the limit before; all replicas are notified. */
  set(change: LimitChange, line: NewActionRow): Effect.Effect<LimitRow>
}>()("scheduler/LimitsRepo") {
  static readonly layer = Layer.effect(
    LimitsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const nudge = yield* Nudge
      const writeLine = yield* actionLogWriter
      const list = findReadable(sql, {
        what: "limits",
        Request: Schema.Struct({ kind: Schema.String, subject: Schema.String, limit: Schema.Int }),
        Key: LimitKey,
        Result: LimitRow,
        query: ({ kind, limit, subject }) =>
          sql`select * from run_limits where (kind, subject) > (${kind}, ${subject})
              order by kind, subject limit ${limit}`,
      })
      const remove = SqlSchema.findAll({
        Request: LimitKey,
        Result: LimitRow,
        execute: ({ kind, subject }) =>
          sql`delete from run_limits where kind = ${kind} and subject = ${subject} returning *`,
      })
      const put = SqlSchema.findOne({
        Request: Schema.Struct({ ...LimitChange.fields, by: Schema.String }),
        Result: LimitRow,
        execute: ({ by, kind, max_running, subject }) =>
          sql`insert into run_limits (kind, subject, max_running, set_by, updated_at)
              values (${kind}, ${subject}, ${max_running}, ${by}, now())
              on conflict (kind, subject) do update set max_running = excluded.max_running, set_by = excluded.set_by,
                updated_at = excluded.updated_at
              returning *`,
      })
      return LimitsRepo.of({
        list: ({ after: [kind, subject] = ["", ""], limit }) => Effect.orDie(list({ kind, subject, limit })),
        set: (change, line) =>
          Effect.orDie(sql.withTransaction(Effect.gen(function* () {
            const [before] = yield* remove(change)
            const now = change.max_running === null
              ? { ...change, set_by: line.operator, updated_at: yield* Clock.currentTimeMillis }
              : yield* put({ ...change, by: line.operator })
            yield* writeLine({
              ...line,
              action_metadata: { ...line.action_metadata, was: before?.max_running ?? null },
            })
            yield* nudge.inTransaction
            return now
          }))),
      })
    }),
  )
}
