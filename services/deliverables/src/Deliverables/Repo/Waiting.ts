/**
 * The SQL of what waits for a decision, by when it expires, however much waits. One index of it is by customer, hire and expiry, so what
 * is asked of a customer is asked of each of its hires that has a draft which waits: these are few, and found one by one.
 */
import type { PgClient } from "@effect/sql-pg"
import type { Fragment } from "effect/sql/Statement"
import { isWaiting } from "./Rows.ts"

/** Of whom: of one customer, and where they are given of its hires of a type, of one hire, of one goal. */
export interface Of {
  readonly customer_id: string
  readonly agent_id: string | null
  readonly hired_instance_id: string | null
  readonly goal_instance_id: string | null
}

/** How many drafts of a period are sorted; where there are more, they are looked for in the order of expiry. */
const SORTED = 5_000

/** The hires of a customer whose drafts wait, each by one look at the index; of an agent type alone where one is asked for. */
const hiresThatWait = (sql: PgClient.PgClient, { agent_id, customer_id, hired_instance_id }: Of) => {
  const next = (later: Fragment) =>
    sql`(select d.hired_instance_id from deliverables d where ${
      isWaiting(sql)
    } and d.customer_id = ${customer_id} ${later}
          order by d.customer_id, d.hired_instance_id limit 1)`
  // A hire is of one type; a draft of 0.2.0 has none yet. In the order of the index, or the whole table might be looked through
  const ofType = agent_id === null ? sql`` : sql`and coalesce((
          select d.agent_id from deliverables d where ${
    isWaiting(sql)
  } and d.customer_id = ${customer_id} and d.hired_instance_id = hire
          order by d.expires_at, d.created_at, d.deliverable_id limit 1), ${agent_id}) = ${agent_id}`
  if (hired_instance_id !== null) {
    return sql`(select hire from (select ${hired_instance_id}::text as hire) given where true ${ofType})`
  }
  return sql`(with recursive hires (hire) as (
        ${next(sql``)}
        union all
        select ${next(sql`and d.hired_instance_id > hires.hire`)} from hires where hires.hire is not null
      ) select hire from hires where hire is not null ${ofType})`
}

/** The keys of drafts that wait: those of one hire after another, or of one goal. */
const keysOf = (sql: PgClient.PgClient, of: Of, has: ReadonlyArray<Fragment>, end: Fragment) => {
  const keys = (whose: Fragment) =>
    sql`select d.expires_at, d.created_at, d.deliverable_id from deliverables d
          where ${sql.and([isWaiting(sql), sql`d.customer_id = ${of.customer_id}`, whose, ...has])} ${end}`
  if (of.goal_instance_id === null) {
    return sql`select k.* from ${hiresThatWait(sql, of)} h cross join lateral (${
      keys(sql`d.hired_instance_id = h.hire`)
    }) k`
  }
  const { agent_id, goal_instance_id, hired_instance_id } = of
  return keys(sql.and([
    sql`d.goal_instance_id = ${goal_instance_id}`,
    ...(agent_id === null ? [] : [sql`d.agent_id = ${agent_id}`]),
    ...(hired_instance_id === null ? [] : [sql`d.hired_instance_id = ${hired_instance_id}`]),
  ]))
}

/**
 * When each was made and its id, of those within a range of expiry: `until` says of `d.expires_at` what it is. All of them are looked at,
 * in the index alone; `where` says what else holds of `d.created_at` and `d.deliverable_id`, and `take` orders and limits them.
 */
export const keysWithin = (
  sql: PgClient.PgClient,
  of: Of,
  { take, until, where }: {
    readonly until: ReadonlyArray<Fragment>
    readonly where: ReadonlyArray<Fragment>
    readonly take: Fragment
  },
) =>
  // OFFSET 0: else the first that match are looked for in the order of `take`, past all that do not. What else holds is judged outside:
  // within, Postgres 18 takes it for one skip of the index an instant, which it finds too dear
  sql`select d.created_at, d.deliverable_id from (${keysOf(sql, of, until, sql`offset 0`)}) d
        where ${where.length === 0 ? sql`true` : sql.and(where)} ${take}`

/** The keys of a page of what expires, in the order of expiry. */
export const keysThatExpire = (
  sql: PgClient.PgClient,
  of: Of,
  { limit, period, where }: {
    readonly where: ReadonlyArray<Fragment>
    /** When they were made; empty: at any time. */
    readonly period: ReadonlyArray<Fragment>
    readonly limit: number
  },
) => {
  const inOrder = sql`order by expires_at, created_at, deliverable_id limit ${limit}`
  const walked = keysOf(
    sql,
    of,
    [...where, ...period],
    sql`order by d.expires_at, d.created_at, d.deliverable_id limit ${limit}`,
  )
  if (period.length === 0 || of.goal_instance_id !== null) return sql`(select * from (${walked}) walked ${inOrder})`
  // The newest drafts often expire last: of a short period all are sorted, before all that expire earlier are passed
  const { agent_id, customer_id, hired_instance_id } = of
  const made = [sql`d.customer_id = ${customer_id}`, ...period]
  // OFFSET 0: they are found by when they were made
  const sorted = sql`select d.expires_at, d.created_at, d.deliverable_id from (
        select d.expires_at, d.created_at, d.deliverable_id, d.agent_id, d.hired_instance_id from deliverables d
        where ${sql.and([isWaiting(sql), ...made])} offset 0) d where ${
    sql.and([
      ...where,
      ...(agent_id === null ? [] : [sql`d.agent_id = ${agent_id}`]),
      ...(hired_instance_id === null ? [] : [sql`d.hired_instance_id = ${hired_instance_id}`]),
    ])
  }`
  // by what an index of them has, and nothing else
  const some = sql`select from deliverables d where ${
    sql.and([sql`d.deleted_at is null and d.review_status = 'pending_review'`, ...made])
  } limit ${SORTED + 1}`
  return sql`(with period as materialized (select count(*) <= ${SORTED} as is_short from (${some}) made)
        select * from (
          select * from (${sorted}) sorted where (select is_short from period)
          union all select * from (${walked}) walked where not (select is_short from period)) expiring ${inOrder})`
}

/** The keys of a page of what never expires, the oldest first. */
export const keysThatStay = (
  sql: PgClient.PgClient,
  of: Of,
  { limit, where }: { readonly where: ReadonlyArray<Fragment>; readonly limit: number },
) => {
  const typed = of.agent_id === null || of.goal_instance_id !== null ? [] : [sql`d.agent_id = ${of.agent_id}`]
  const never = [sql`d.expires_at is null`, ...where, ...typed]
  // by all columns of the index of hires, or Postgres would sort all of them
  const end = of.goal_instance_id === null
    ? sql`order by d.expires_at, d.created_at, d.deliverable_id limit ${limit}`
    : sql`order by d.created_at, d.deliverable_id limit ${limit}`
  return sql`(select * from (${keysOf(sql, of, never, end)}) never order by created_at, deliverable_id limit ${limit})`
}

/** How many of a customer's that wait expire within a range, counted up to a bound. */
export const countWithin = (
  sql: PgClient.PgClient,
  customer_id: string,
  until: ReadonlyArray<Fragment>,
  most: number,
) => {
  const of = { customer_id, agent_id: null, hired_instance_id: null, goal_instance_id: null }
  return sql`(select count(*)::int from (${keysOf(sql, of, until, sql``)} limit ${most}) counted)`
}
