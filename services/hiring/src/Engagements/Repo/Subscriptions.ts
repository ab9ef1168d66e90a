/** The table `subscriptions`. */
import type { PgClient } from "@effect/sql-pg"
import { CustomerId, HiredInstanceId, SubscriptionId } from "@stint/domain/Ids"
import { SubscriptionStatus } from "@stint/domain/hiring/SubscriptionStatus"
import { Effect, type Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Stretch, Taken } from "@stint/edge/Paging"
import { pipelined } from "@stint/edge/Pg/Pipeline"
import { findReadable } from "@stint/edge/Pg/Rows"
import type { Target } from "../Repo.ts"
import { SubscriptionRow } from "../Row.ts"

const SubscriptionKey = Schema.Struct({ subscription_id: Schema.String })
type SubscriptionKey = typeof SubscriptionKey.Type

/** Which subscriptions a list has. */
const SubscriptionFilter = Schema.Struct({
  customer_id: Schema.NullOr(CustomerId),
  status: Schema.NullOr(SubscriptionStatus),
})
type SubscriptionFilter = typeof SubscriptionFilter.Type

/** Reads of subscriptions. */
export interface SubscriptionReads {
  find(id: SubscriptionId): Effect.Effect<Option.Option<SubscriptionRow>>
  /** By id; null filters nothing. */
  list(filter: SubscriptionFilter, stretch: Stretch<string>): Effect.Effect<Taken<SubscriptionRow, SubscriptionKey>>
}

/** The statements; those that lock or write belong in a transaction of their caller. */
export const subscriptionStatements = (sql: PgClient.PgClient) => {
  const find = SqlSchema.findOneOption({
    Request: SubscriptionId,
    Result: SubscriptionRow,
    execute: (id) => sql`select * from subscriptions where subscription_id = ${id}`,
  })
  const list = findReadable(sql, {
    what: "subscriptions",
    Key: SubscriptionKey,
    Request: Schema.Struct({
      ...SubscriptionFilter.fields,
      after: Schema.UndefinedOr(Schema.String),
      limit: Schema.Int,
    }),
    Result: SubscriptionRow,
    query: ({ after = "", customer_id, limit, status }) => {
      const conditions = [
        sql`subscription_id > ${after}`,
        ...(customer_id === null ? [] : [sql`customer_id = ${customer_id}`]),
        ...(status === null ? [] : [sql`status = ${status}`]),
      ]
      return sql`select * from subscriptions where ${sql.and(conditions)} order by subscription_id limit ${limit}`
    },
  })
  const lockById = SqlSchema.findOneOption({
    Request: SubscriptionId,
    Result: SubscriptionRow,
    execute: (id) => sql`select * from subscriptions where subscription_id = ${id} for update`,
  })
  const lockByHire = SqlSchema.findOneOption({
    Request: HiredInstanceId,
    Result: SubscriptionRow,
    execute: (id) =>
      sql`
        select * from subscriptions
        where subscription_id = (select subscription_id from hired_agents where hired_instance_id = ${id})
        for update`,
  })
  return {
    reads: {
      find: (id) => pipelined(Effect.orDie(find(id))),
      list: (filter, stretch) => pipelined(Effect.orDie(list({ ...filter, ...stretch }))),
    } satisfies SubscriptionReads,
    lock: (target: Target) =>
      Effect.orDie(
        "subscription_id" in target ? lockById(target.subscription_id) : lockByHire(target.hired_instance_id),
      ),
    insert: inserting(sql),
    update: updating(sql),
  }
}

/** `made`: whether the row is new; when that id is there already, it is the stored one. */
const inserting = (sql: PgClient.PgClient) =>
  SqlSchema.findOne({
    Request: SubscriptionRow,
    Result: Schema.Struct({ ...SubscriptionRow.fields, made: Schema.Boolean }),
    execute: (s) =>
      sql`
        insert into subscriptions (subscription_id, agent_id, customer_id, duration, status, anchor_at,
          current_period_start, current_period_end, cancel_at_period_end, past_due_since, ended_at, created_at, updated_at,
          version)
        values (${s.subscription_id}, ${s.agent_id}, ${s.customer_id}, ${s.duration}, ${s.status}, ${s.anchor_at},
          ${s.current_period_start}, ${s.current_period_end}, ${s.cancel_at_period_end},
          ${s.past_due_since}, ${s.ended_at}, ${s.created_at}, ${s.updated_at}, ${s.version})
        on conflict (subscription_id) do update set subscription_id = excluded.subscription_id
        returning *, xmax = 0 as made`,
  })

const updating = (sql: PgClient.PgClient) =>
  SqlSchema.void({
    Request: SubscriptionRow,
    execute: (s) =>
      sql`
        update subscriptions set status = ${s.status}, anchor_at = ${s.anchor_at},
          current_period_start = ${s.current_period_start}, current_period_end = ${s.current_period_end},
          cancel_at_period_end = ${s.cancel_at_period_end}, past_due_since = ${s.past_due_since},
          ended_at = ${s.ended_at}, updated_at = ${s.updated_at}, version = ${s.version}
        where subscription_id = ${s.subscription_id}`,
  })
