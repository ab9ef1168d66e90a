/** Which due goals are decided over next, on Postgres: the longest due, and, when there are more, some of every customer. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { pauses } from "./Pauses.ts"

/** How many customers one walk looks at; it goes on where it ended. A customer costs 5 us. */
const CUSTOMERS = 2_000

const Locked = Schema.Struct({ goal_instance_id: Schema.String, paused: Schema.Boolean })

/** Locks due goals that nobody else has locked, and tells which are paused. To be run inside a transaction. */
export const lockingDue = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const { paused, pausedBy } = yield* pauses
  let cursor = ""

  const longest = SqlSchema.findAll({
    Request: Schema.Int,
    Result: Locked,
    execute: (limit) =>
      sql`select g.goal_instance_id, p.ids && ${pausedBy("g")} as paused from projected_goals g, (${paused}) p
          where g.due_at <= now() and not g.parked and not 'global' = any(p.ids)
          order by g.due_at limit ${limit} for update of g skip locked`,
  })
  const walk = SqlSchema.findAll({
    Request: Schema.String,
    Result: Schema.Struct({ customer_id: Schema.String, due: Schema.Boolean }),
    execute: (after) =>
      sql`with recursive customer as (
            (select customer_id, due_at from projected_goals
              where due_at is not null and not parked and customer_id > ${after} order by customer_id, due_at limit 1)
            union all
            select n.* from customer c, lateral (select customer_id, due_at from projected_goals
              where due_at is not null and not parked and customer_id > c.customer_id
              order by customer_id, due_at limit 1) n
          )
          select customer_id, due_at <= now() as due from customer limit ${CUSTOMERS}`,
  })
  const ofEach = SqlSchema.findAll({
    Request: Schema.Any,
    Result: Locked,
    execute: ([customers, each]: [ReadonlyArray<string>, number]) =>
      sql`select g.* from unnest(${customers}::varchar[]) as c (customer_id), (${paused}) p, lateral (
            select goal_instance_id, p.ids && ${pausedBy("d")} as paused from projected_goals d
            where d.customer_id = c.customer_id and d.due_at <= now() and not d.parked and not 'global' = any(p.ids)
            order by d.due_at limit ${each} for update skip locked) g`,
  })

  return Effect.fnUntraced(function* (limit: number) {
    const half = Math.ceil(limit / 2)
    const first = yield* longest(half)
    if (first.length < half) return first
    const customers = yield* walk(cursor)
    const waiting = customers.filter((customer) => customer.due).map((customer) => customer.customer_id)
    const due = waiting.slice(0, half)
    cursor = due.length < waiting.length
      ? due.at(-1)!
      : customers.length < CUSTOMERS
      ? ""
      : customers.at(-1)!.customer_id
    if (due.length === 0) return first
    const more = yield* ofEach([due, Math.ceil(half / due.length)])
    return [...new Map([...first, ...more].map((goal) => [goal.goal_instance_id, goal])).values()]
  })
})
