/** The SQL of deliveries: reading executions, and arming one again for a person. */
import { PgClient } from "@effect/sql-pg"
import { DeliveryId } from "@stint/domain/deliverables/Deliveries"
import { DeliveryRefusal, DeliveryState } from "@stint/domain/deliverables/Deliverables"
import { CustomerId } from "@stint/domain/Ids"
import { Instant } from "@stint/domain/Protocol"
import { InstantColumn } from "@stint/domain/Instants"
import type { Taken } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import { Context, Effect, Layer, type Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { CHANNEL } from "../Executions/Repo.ts"
import { isBacked } from "../Executions/Repo/Intents.ts"
import { DeliveryRow, Retry } from "./Row.ts"

/** The key of a page of deliveries, newest first. */
export const After = Schema.Struct({ created_at: Instant, delivery_id: Schema.String })

/** The same key as it is in a row. */
const Place = Schema.Struct({ created_at: InstantColumn, delivery_id: Schema.String })

/** Which deliveries to list; null: any. */
const Listing = Schema.Struct({
  customer_id: Schema.NullOr(CustomerId),
  state: Schema.NullOr(DeliveryState),
  after: Schema.NullOr(After),
  limit: Schema.Int,
})

/** The condition of a state on the wire. */
const isIn = (sql: PgClient.PgClient, state: DeliveryState) => {
  switch (state) {
    case "waiting":
      return sql`e.state = 'pending'`
    case "delivered":
      return sql`e.state = 'delivered'`
    case "failed":
      return sql`e.state = 'failed' and e.refusal is null`
    case "refused":
      return sql`e.state = 'failed' and e.refusal is not null`
  }
}

/** Deliveries. */
export class DeliveriesRepo extends Context.Service<DeliveriesRepo, {
  find(id: string): Effect.Effect<Option.Option<DeliveryRow>>
  list(listing: typeof Listing.Type): Effect.Effect<Taken<DeliveryRow, typeof Place.Type>>
  /**
   * Arms one that failed, or makes the next attempt of one that waits due now, with its line in the audit log. Not armed, and
   * nothing is changed, when it is delivered, refused, under way, its deliverable is deleted, or what it was approved by has
   * lapsed since it failed: `lapsed` says how. One whose line is there already was armed by this request before.
   */
  retry(retry: Retry): Effect.Effect<{ readonly armed: boolean; readonly lapsed: DeliveryRefusal | null }>
  /** The customers with deliveries that failed for good in the last so many seconds, and how many each. */
  failedOf(seconds: number): Effect.Effect<ReadonlyArray<{ readonly customer_id: string; readonly n: number }>>
}>()("deliverables/DeliveriesRepo") {
  static readonly layer = Layer.effect(
    DeliveriesRepo,
    Effect.map(PgClient.PgClient, (sql) => DeliveriesRepo.of({ ...reads(sql), ...writes(sql) })),
  )
}

const reads = (sql: PgClient.PgClient) => {
  const select =
    sql`select e.delivery_id, e.deliverable_id, e.approval_id, e.target, e.content_sha256, e.state, e.requested_by, e.attempts,
      e.last_error, e.next_attempt_at, e.locked_until, e.fence, e.created_at, e.delivered_at, e.customer_id, e.armed_at,
      e.armed_attempts, e.refusal, e.gave_up_at, d.hired_instance_id, d.goal_instance_id, coalesce(e.locked_until > now(), false) as held
    from executions e join deliverables d on d.deliverable_id = e.deliverable_id`
  const find = SqlSchema.findOneOption({
    Request: DeliveryId,
    Result: DeliveryRow,
    execute: (id) => sql`${select} where e.delivery_id = ${id}`,
  })
  const list = findReadable(sql, {
    what: "deliveries",
    Request: Listing,
    Key: Place,
    Result: DeliveryRow,
    query: ({ after, customer_id, limit, state }) =>
      sql`${select} where ${
        sql.and([
          sql`true`,
          ...(customer_id === null ? [] : [sql`e.customer_id = ${customer_id}`]),
          ...(state === null ? [] : [isIn(sql, state)]),
          ...(after === null
            ? []
            : [sql`(e.created_at, e.delivery_id) < (${after.created_at}::timestamptz, ${after.delivery_id})`]),
        ])
      } order by e.created_at desc, e.delivery_id desc limit ${limit}`,
  })
  const failedOf = SqlSchema.findAll({
    Request: Schema.Int,
    Result: Schema.Struct({ customer_id: Schema.String, n: Schema.Int }),
    execute: (seconds) =>
      sql`select customer_id, count(*)::int as n from executions
          where state = 'failed' and refusal is null and gave_up_at > now() - make_interval(secs => ${seconds})
          group by customer_id order by n desc limit 50`,
  })
  return {
    find: (id: string) => Effect.orDie(find(id)),
    list: (listing: typeof Listing.Type) => Effect.orDie(list(listing)),
    failedOf: (seconds: number) => Effect.orDie(failedOf(seconds)),
  }
}

const writes = (sql: PgClient.PgClient) => {
  const retry = SqlSchema.findOne({
    Request: Retry,
    Result: Schema.Struct({ armed: Schema.Boolean, lapsed: Schema.NullOr(DeliveryRefusal) }),
    execute: (r) =>
      sql`with d as (
            select * from deliverables
            where deliverable_id = ${r.deliverable_id} and deleted_at is null and execution_status = 'not_executed'
            for update
          ), lapsed as (
            select case when d.approval_id is distinct from e.approval_id then 'approval_withdrawn' else 'approval_expired' end as why
            from deliverables d join executions e using (deliverable_id)
            where e.delivery_id = ${r.delivery_id} and e.state = 'failed' and e.approval_id is not null
              and (d.approval_id is distinct from e.approval_id or not ${
        isBacked(sql, { content_sha256: sql`e.content_sha256`, target: sql`e.target` })
      })
          ), armed as (
            update executions e set state = 'pending', next_attempt_at = now(), armed_at = now(),
              armed_attempts = e.attempts
            from d where e.deliverable_id = d.deliverable_id and e.delivery_id = ${r.delivery_id}
              and (e.state = 'failed' and e.refusal is null
                or e.state = 'pending' and (e.locked_until is null or e.locked_until <= now()))
              and not exists (select from delivery_action_log where log_id = ${r.log_id})
              and not exists (select from lapsed)
            returning e.*
          ), said as (
            insert into delivery_action_log (log_id, action, operator, role, delivery_id, deliverable_id, customer_id, reason, timestamp)
            select ${r.log_id}, 'delivery_retry', ${r.operator}, ${r.role}, delivery_id, deliverable_id, customer_id,
              ${r.reason}, date_trunc('milliseconds', clock_timestamp()) from armed
          ), executing as (
            update deliverables set executing = true, updated_at = now()
            from armed where deliverables.deliverable_id = armed.deliverable_id
          )
          select exists (select from armed) or exists (select from delivery_action_log where log_id = ${r.log_id}) as armed,
            (select why from lapsed) as lapsed, (select pg_notify(${CHANNEL}, '')::text from armed) as notified`,
  })
  return { retry: (r: Retry) => Effect.orDie(retry(r)) }
}
