/** Goals that have fallen due: the longest due of all, and the longest due of each customer. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { IdList } from "../../Queue/Row.ts"

/** A due goal that nobody else has locked, and whether a pause binds it. */
export const LockedGoal = Schema.Struct({ goal_instance_id: Schema.String, paused: Schema.Boolean })
export type LockedGoal = typeof LockedGoal.Type

/** The statements; each is to be run inside the caller's transaction. */
export const dueGoals = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient

  const lockLongestDue = SqlSchema.findAll({
    Request: Schema.Int,
    Result: LockedGoal,
    execute: (limit) =>
      sql`select g.goal_instance_id, is_paused(g.hired_instance_id, g.customer_id, p.ids) as paused
          from projected_goals g, paused_ids p
          where g.due_at <= now() and not g.parked and not is_paused('', '', p.ids)
          order by g.due_at limit ${limit} for update of g skip locked`,
  })
  /** Customers that have goals to come, from customer to customer by the index, and whether one of them is due. */
  const walkCustomers = SqlSchema.findAll({
    Request: Schema.Struct({ after: Schema.String, most: Schema.Int }),
    Result: Schema.Struct({ customer_id: Schema.String, due: Schema.Boolean }),
    execute: ({ after, most }) =>
      sql`with recursive customer as (
            (select customer_id, due_at from projected_goals
              where due_at is not null and not parked and customer_id > ${after} order by customer_id, due_at limit 1)
            union all
            select n.* from customer c, lateral (select customer_id, due_at from projected_goals
              where due_at is not null and not parked and customer_id > c.customer_id
              order by customer_id, due_at limit 1) n
          )
          select customer_id, due_at <= now() as due from customer limit ${most}`,
  })
  const lockDueOfEach = SqlSchema.findAll({
    Request: Schema.Struct({ customers: IdList, each: Schema.Int, besides: IdList }),
    Result: LockedGoal,
    execute: ({ besides, customers, each }) =>
      sql`select g.* from unnest(${customers}::varchar[]) as c (customer_id), paused_ids p, lateral (
            select goal_instance_id, is_paused(d.hired_instance_id, d.customer_id, p.ids) as paused from projected_goals d
            where d.customer_id = c.customer_id and d.due_at <= now() and not d.parked and not is_paused('', '', p.ids)
              and d.goal_instance_id <> all(${besides}::varchar[])
            order by d.due_at limit ${each} for update skip locked) g`,
  })

  return { lockLongestDue, walkCustomers, lockDueOfEach }
})
