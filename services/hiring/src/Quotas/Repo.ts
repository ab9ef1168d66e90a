/** The statements of quotas; each belongs in the transaction that adds what was counted. */
import type { PgClient } from "@effect/sql-pg"
import { CustomerId, HiredInstanceId } from "@stint/domain/Ids"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { QUOTA_LOCK } from "../Locks.ts"
import type { Counts } from "../Quotas.ts"

const N = Schema.Struct({ n: Schema.Int })

/** Locks what a customer has, and counts it. The lock is taken by a statement of its own: the count sees all before it. */
export const quotaStatements = (sql: PgClient.PgClient) => {
  const lock = SqlSchema.void({
    Request: CustomerId,
    execute: (customer_id) => sql`select pg_advisory_xact_lock(${QUOTA_LOCK}::int, hashtext(${customer_id}))`,
  })
  const engaged = SqlSchema.findOne({
    Request: Schema.Struct({ customer_id: CustomerId, hired_instance_id: Schema.NullOr(HiredInstanceId) }),
    Result: Schema.Struct({ hires: Schema.Int, goals: Schema.Int, of_hire: Schema.Int }),
    execute: ({ customer_id, hired_instance_id }) =>
      sql`
        with live as (
          select h.hired_instance_id from hired_agents h join subscriptions s using (subscription_id)
          where h.customer_id = ${customer_id} and h.active and s.status <> 'canceled')
        select (select count(*)::int from live) as hires,
          (select count(*)::int from goal_instances join live using (hired_instance_id)) as goals,
          (select count(*)::int from goal_instances where hired_instance_id = ${hired_instance_id}) as of_hire`,
  })
  const subscribed = SqlSchema.findOne({
    Request: CustomerId,
    Result: N,
    execute: (customer_id) =>
      sql`select count(*)::int as n from subscriptions where customer_id = ${customer_id} and status <> 'canceled'`,
  })
  return {
    /** Locks what a customer has; whoever counts it does so in a statement of its own. */
    lock,
    /** What a customer has; `hired_instance_id` is the hire that is written, null for a new one. */
    engagements: (customer_id: CustomerId, hired_instance_id: HiredInstanceId | null): Effect.Effect<Counts> =>
      lock(customer_id).pipe(
        Effect.andThen(engaged({ customer_id, hired_instance_id })),
        Effect.map(({ goals, hires, of_hire }) => ({ liveHires: hires, goals, goalsOfHire: of_hire })),
        Effect.orDie,
      ),
    /** How many subscriptions of a customer are not canceled. */
    subscriptions: (customer_id: CustomerId): Effect.Effect<number> =>
      lock(customer_id).pipe(Effect.andThen(subscribed(customer_id)), Effect.map(({ n }) => n), Effect.orDie),
  }
}
