/** Trials in Postgres. */
import { PgClient } from "@effect/sql-pg"
import type { TrialId } from "@stint/domain/Ids"
import { Array, DateTime, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Statement } from "effect/sql/Statement"
import { TrialsRepo } from "./Repo.ts"
import { TrialRow } from "./Rows.ts"

/** The layer of `TrialsRepo` over a Postgres client. */
export const layerPg = Layer.effect(
  TrialsRepo,
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const rows = SqlSchema.findAll({
      Request: Schema.Any,
      Result: TrialRow,
      execute: (statement: Statement<unknown>) => statement,
    })
    const begin = SqlSchema.findOne({
      Request: TrialRow,
      Result: TrialRow,
      execute: (t) =>
        sql`
        insert into trials (trial_id, agent_id, customer_name, customer_email, company, phone, start_date, end_date,
          status, customer_id, created_at, updated_at)
        values (${t.trial_id}, ${t.agent_id}, ${t.customer_name}, ${t.customer_email}, ${t.company}, ${t.phone},
          ${t.start_date}, ${t.end_date}, ${t.status}, ${t.customer_id}, ${t.created_at}, ${t.updated_at})
        on conflict (trial_id) do update set trial_id = excluded.trial_id
        returning *`,
    })
    const one = (id: TrialId) => sql`trial_id = ${id}`
    return TrialsRepo.of({
      begin: (row) => Effect.orDie(begin(row)),
      find: (id) => Effect.orDie(Effect.map(rows(sql`select * from trials where ${one(id)}`), Array.head)),
      list: ({ customer_id, status }, { after, limit }) =>
        Effect.orDie(rows(sql`
          select * from trials where ${
          sql.and([
            sql`trial_id > ${after ?? ""}`,
            ...customer_id === undefined ? [] : [sql`customer_id = ${customer_id}`],
            ...status === undefined ? [] : [sql`status = ${status}`],
          ])
        }
          order by trial_id limit ${limit}`)),
      end: (id, status, now) =>
        Effect.orDie(Effect.map(
          rows(sql`
            update trials set status = ${status}, updated_at = ${DateTime.toDateUtc(now)}
            where ${one(id)} and status = 'active' returning *`),
          Array.head,
        )),
      remove: (id) =>
        Effect.orDie(Effect.map(rows(sql`delete from trials where ${one(id)} returning *`), (gone) => gone.length > 0)),
    })
  }),
)
