/** The SQL of lists: newest first, or what expires first. */
import type { PgClient } from "@effect/sql-pg"
import { ExecutionStatus, EXPIRING_SECONDS, ReviewStatus, SEARCHED } from "@stint/domain/deliverables/Deliverables"
import { AgentTypeId, CustomerId, DeliverableId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { Instant } from "@stint/domain/Protocol"
import { InstantColumn } from "@stint/domain/Instants"
import { Effect, Schema } from "effect"
import type { Fragment } from "effect/sql/Statement"
import { findReadable } from "@stint/edge/Pg/Rows"
import { ShownRow } from "../Row.ts"
import { expired, hasStatus, isWaiting, selectRows } from "./Rows.ts"
import { keysThatExpire, keysThatStay, keysWithin } from "./Waiting.ts"

/** The key of a page of deliverables, newest first. */
export const After = Schema.Struct({ created_at: Instant, deliverable_id: DeliverableId })

/** The key of a page by expiry. What never expires stands at the end. */
export const AfterExpiry = Schema.Struct({
  expires_at: Schema.NullOr(Instant),
  created_at: Instant,
  deliverable_id: DeliverableId,
})

/** The same keys as they are in a row. */
const Place = Schema.Struct({ created_at: InstantColumn, deliverable_id: DeliverableId })
const ExpiryPlace = Schema.Struct({ ...Place.fields, expires_at: Schema.NullOr(InstantColumn) })

const filters = {
  customer_id: Schema.NullOr(CustomerId),
  /** Those of programs of 0.2.0 have none until it is filled in (Agents.ts). */
  agent_id: Schema.NullOr(AgentTypeId),
  goal_instance_id: Schema.NullOr(GoalInstanceId),
  hired_instance_id: Schema.NullOr(HiredInstanceId),
  /** Made from this instant on. */
  from: Schema.NullOr(Instant),
  /** Made before this instant. */
  to: Schema.NullOr(Instant),
  /** Only what waits for a decision and expires soon. */
  expiring: Schema.Boolean,
  limit: Schema.Int,
}

/** Which deliverables to list, newest first; null: any. Deleted ones are never listed. */
export const Listing = Schema.Struct({
  ...filters,
  review_status: Schema.NullOr(ReviewStatus),
  execution_status: Schema.NullOr(ExecutionStatus),
  /** A text of its title or payload, in any case, among the newest `SEARCHED` of what else is asked. */
  search: Schema.NullOr(Schema.String),
  after: Schema.NullOr(After),
})
export type Listing = typeof Listing.Type

/** Which of a customer's that wait for a decision to list, what expires first. */
export const ExpiryListing = Schema.Struct({ ...filters, customer_id: CustomerId, after: Schema.NullOr(AfterExpiry) })
export type ExpiryListing = typeof ExpiryListing.Type

/** Of `deliverables d` that wait: it expires within a day. */
export const soon = (sql: PgClient.PgClient) => [
  sql`d.expires_at > now()`,
  sql`d.expires_at <= now() + make_interval(secs => ${EXPIRING_SECONDS})`,
]

/** Of `deliverables d`: it waits, and expires within a day. */
export const isExpiring = (sql: PgClient.PgClient) => sql.and([isWaiting(sql), ...soon(sql)])

const equals = ["customer_id", "agent_id", "goal_instance_id", "hired_instance_id"] as const
type Filters = Pick<typeof Listing.Encoded, (typeof equals)[number] | "from" | "to" | "expiring">

/** When they were made. */
const madeWithin = (sql: PgClient.PgClient, { from, to }: Pick<Filters, "from" | "to">) => [
  ...(from === null ? [] : [sql`d.created_at >= ${from}::timestamptz`]),
  ...(to === null ? [] : [sql`d.created_at < ${to}::timestamptz`]),
]

/** What lists of the newest filter by. */
const conditions = (sql: PgClient.PgClient, listing: Filters) => [
  ...equals.flatMap((column) => listing[column] === null ? [] : [sql`d.${sql(column)} = ${listing[column]}`]),
  ...madeWithin(sql, listing),
  ...(listing.expiring ? [isExpiring(sql)] : []),
]

/** The keys of a page by expiry: of what expires, then of what never does, the oldest first. */
const byExpiryKeys = (sql: PgClient.PgClient, { after, limit, ...listing }: typeof ExpiryListing.Encoded) => {
  const period = madeWithin(sql, listing)
  const within = listing.expiring ? soon(sql) : []
  const expires = (where: ReadonlyArray<Fragment>) =>
    keysThatExpire(sql, listing, { where: [...within, ...where], period, limit })
  // what never expires does not expire soon
  const stays = (where: ReadonlyArray<Fragment>) =>
    listing.expiring ? [] : [keysThatStay(sql, listing, { where: [...where, ...period], limit })]
  const all = ([first, ...more]: ReadonlyArray<Fragment>) =>
    more.reduce((before, part) => sql`${before} union all select * from ${part} p`, sql`select * from ${first!} p`)
  if (after === null) return all([expires([sql`d.expires_at > now()`]), ...stays([])])
  const { created_at, deliverable_id, expires_at } = after
  return all(
    expires_at === null
      ? stays([sql`(d.created_at, d.deliverable_id) > (${created_at}::timestamptz, ${deliverable_id})`])
      : [
        expires([
          // one bound: of two the index would begin at the first draft that expires
          sql`d.expires_at >= greatest(${expires_at}::timestamptz, now() + interval '1 microsecond')`,
          sql`(d.expires_at, d.created_at, d.deliverable_id) >
              (${expires_at}::timestamptz, ${created_at}::timestamptz, ${deliverable_id})`,
        ]),
        ...stays([]),
      ],
  )
}

/** No index holds what drafts say: how many are read is bounded instead. */
const saysAmongNewest = (sql: PgClient.PgClient, asked: Fragment, text: string) => [
  sql`d.created_at >= coalesce((select d.created_at from deliverables d where ${asked}
        order by d.created_at desc, d.deliverable_id desc offset ${SEARCHED - 1} limit 1), '-infinity')`,
  sql`(position(lower(${text}) in lower(d.title)) > 0
        or exists (select from jsonb_path_query(d.payload, 'strict $.** ? (@.type() == "string")') as said
          where position(lower(${text}) in lower(said #>> '{}')) > 0))`,
]

/** The statements of lists. */
export const lists = (sql: PgClient.PgClient) => {
  const list = findReadable(sql, {
    what: "deliverables",
    Request: Listing,
    Key: Place,
    Result: ShownRow,
    query: ({ after, execution_status, limit, review_status, search, ...listing }) => {
      const inOrder = sql`order by d.created_at desc, d.deliverable_id desc`
      const stands = execution_status === null ? [] : [sql`d.execution_status = ${execution_status}`]
      const all = [
        sql`d.deleted_at is null`,
        ...conditions(sql, listing),
        ...stands,
      ]
      const later = after === null ? [] : [
        sql`(d.created_at, d.deliverable_id) < (${after.created_at}::timestamptz, ${after.deliverable_id})`,
      ]
      const { customer_id } = listing
      const whose = customer_id === null ? undefined : { ...listing, customer_id }
      const where = [...madeWithin(sql, listing), ...later]
      const take = sql`order by created_at desc, deliverable_id desc limit ${limit}`
      if (listing.expiring && search === null && whose !== undefined) {
        const until = [...soon(sql), ...stands]
        return sql`${selectRows(sql)} where d.deliverable_id = any (array(
            select deliverable_id from (${keysWithin(sql, whose, { until, where, take })}) k)) ${inOrder}`
      }
      if (review_status === "expired" && search === null) {
        // by the index of those that are marked, and that of those that wait: no index has both
        const some = (status: Fragment) =>
          sql`select d.created_at, d.deliverable_id from deliverables d where ${sql.and([...all, status, ...later])}
            ${inOrder} limit ${limit}`
        const { marked, passed } = expired(sql)
        const notMarked = whose === undefined
          ? some(passed)
          : keysWithin(sql, whose, { until: [sql`d.expires_at <= now()`, ...stands], where, take })
        return sql`${selectRows(sql)} where d.deliverable_id = any (array(
            select deliverable_id from ((${some(marked)}) union all (${notMarked})) k ${take})) ${inOrder}`
      }
      const asked = sql.and([...all, ...(review_status === null ? [] : [hasStatus(sql, review_status)])])
      return sql`${selectRows(sql)} where ${
        sql.and([asked, ...(search === null ? [] : saysAmongNewest(sql, asked, search)), ...later])
      } ${inOrder} limit ${limit}`
    },
  })
  const listByExpiry = findReadable(sql, {
    what: "deliverables",
    Request: ExpiryListing,
    Key: ExpiryPlace,
    Result: ShownRow,
    query: (listing) =>
      sql`${selectRows(sql)} where d.deliverable_id = any (array(
            select deliverable_id from (${byExpiryKeys(sql, listing)}) k
            order by expires_at nulls last, created_at, deliverable_id limit ${listing.limit}))
          order by d.expires_at nulls last, d.created_at, d.deliverable_id`,
  })
  return {
    list: (listing: Listing) => Effect.orDie(list(listing)),
    listByExpiry: (listing: ExpiryListing) => Effect.orDie(listByExpiry(listing)),
  }
}
