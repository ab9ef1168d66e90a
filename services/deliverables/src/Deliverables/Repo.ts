/** The SQL of reading, listing and deleting deliverables. */
import { PgClient } from "@effect/sql-pg"
import { DeliverableCounts, ReviewStatus, SEARCHED } from "@stint/domain/deliverables/Deliverables"
import { AgentTypeId, CustomerId, DeliverableId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { Instant } from "@stint/domain/Protocol"
import { InstantColumn } from "@stint/domain/Instants"
import { Context, Effect, Layer, type Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Fragment } from "effect/sql/Statement"
import type { Taken } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import { DeliverableRow, ShownRow } from "./Row.ts"

/** The key of a page of deliverables, newest first. */
export const After = Schema.Struct({ created_at: Instant, deliverable_id: DeliverableId })

/** The same key as it is in a row. */
const Place = Schema.Struct({ created_at: InstantColumn, deliverable_id: DeliverableId })

/** Which deliverables to list, newest first; null: any. Deleted ones are never listed. */
export const Listing = Schema.Struct({
  customer_id: Schema.NullOr(CustomerId),
  /** Those of programs of 0.2.0 have none until it is filled in (Agents.ts). */
  agent_id: Schema.NullOr(AgentTypeId),
  goal_instance_id: Schema.NullOr(GoalInstanceId),
  hired_instance_id: Schema.NullOr(HiredInstanceId),
  review_status: Schema.NullOr(ReviewStatus),
  /** Made from this instant on. */
  from: Schema.NullOr(Instant),
  /** Made before this instant. */
  to: Schema.NullOr(Instant),
  /** A text of its title or payload, in any case, among the newest `SEARCHED` of what else is asked. */
  search: Schema.NullOr(Schema.String),
  after: Schema.NullOr(After),
  limit: Schema.Int,
})
export type Listing = typeof Listing.Type

/** The `last_error` of an execution that was pending when its deliverable was deleted. */
export const DELETED = "The deliverable was deleted before it was delivered"

/** Selects rows as `DeliverableRow`: `deliverables` as `d`, joined with its execution as `e`. */
export const selectRows = (sql: PgClient.PgClient) =>
  sql`select d.*, e.delivery_id, e.state as execution_state, e.requested_by, e.attempts, e.last_error, e.next_attempt_at,
        e.refusal
      from deliverables d left join executions e on e.deliverable_id = d.deliverable_id`

/** Deliverables. */
export class DeliverablesRepo extends Context.Service<DeliverablesRepo, {
  /** One, deleted or not. */
  find(id: DeliverableId): Effect.Effect<Option.Option<DeliverableRow>>
  list(listing: Listing): Effect.Effect<Taken<DeliverableRow, typeof Place.Type>>
  /** How many wait for what, of a customer; null: of all. */
  counts(customer_id: CustomerId | null): Effect.Effect<DeliverableCounts>
  /**
   * Marks it deleted and fails its execution if that is pending. False when it was written since it had that version, or
   * deleted.
   */
  remove(id: DeliverableId, version: number): Effect.Effect<boolean>
}>()("deliverables/DeliverablesRepo") {
  static readonly layer = Layer.effect(
    DeliverablesRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const find = SqlSchema.findOneOption({
        Request: DeliverableId,
        Result: DeliverableRow,
        execute: (id) => sql`${selectRows(sql)} where d.deliverable_id = ${id}`,
      })
      // no index holds what drafts say: how many are read is bounded instead
      const amongNewest = (asked: Fragment) =>
        sql`d.created_at >= coalesce((select d.created_at from deliverables d where ${asked}
              order by d.created_at desc, d.deliverable_id desc offset ${SEARCHED - 1} limit 1), '-infinity')`
      const says = (text: string) =>
        sql`(position(lower(${text}) in lower(d.title)) > 0
              or exists (select from jsonb_path_query(d.payload, 'strict $.** ? (@.type() == "string")') as said
                where position(lower(${text}) in lower(said #>> '{}')) > 0))`
      const list = findReadable(sql, {
        what: "deliverables",
        Request: Listing,
        Key: Place,
        Result: ShownRow,
        query: ({ after, from, limit, search, to, ...equal }) => {
          const asked = sql.and([
            sql`d.deleted_at is null`,
            ...Object.entries(equal).flatMap(([column, value]) =>
              value === null ? [] : [sql`d.${sql(column)} = ${value}`]
            ),
            ...(from === null ? [] : [sql`d.created_at >= ${from}::timestamptz`]),
            ...(to === null ? [] : [sql`d.created_at < ${to}::timestamptz`]),
          ])
          return sql`${selectRows(sql)} where ${
            sql.and([
              asked,
              ...(search === null ? [] : [amongNewest(asked), says(search)]),
              ...(after === null ? [] : [
                sql`(d.created_at, d.deliverable_id) < (${after.created_at}::timestamptz, ${after.deliverable_id})`,
              ]),
            ])
          } order by d.created_at desc, d.deliverable_id desc limit ${limit}`
        },
      })
      const counts = SqlSchema.findOne({
        Request: Schema.NullOr(CustomerId),
        Result: DeliverableCounts,
        execute: (customer_id) => {
          const its = customer_id === null ? sql`` : sql`and customer_id = ${customer_id}`
          return sql`select
              (select count(*)::int from deliverables
                where review_status = 'pending_review' and deleted_at is null ${its}) as pending_review,
              (select count(*)::int from deliverables
                where review_status = 'approved' and execution_status = 'not_executed' and not executing
                  and deleted_at is null ${its}) as approved_waiting,
              (select count(*)::int from executions
                where state = 'failed' and refusal is null ${its}) as delivery_failed`
        },
      })
      const remove = SqlSchema.findAll({
        Request: Schema.Struct({ id: DeliverableId, version: Schema.Int }),
        Result: Schema.Struct({ deliverable_id: DeliverableId }),
        execute: ({ id, version }) =>
          sql`with gone as (
                update deliverables set deleted_at = now(), updated_at = now(), executing = false
                where deliverable_id = ${id} and version = ${version} and deleted_at is null returning deliverable_id
              ), failed as (
                update executions set state = 'failed', last_error = ${DELETED}, next_attempt_at = null,
                  locked_until = null, refusal = 'deliverable_deleted'
                where state = 'pending' and deliverable_id in (select deliverable_id from gone)
              ) select deliverable_id from gone`,
      })
      return DeliverablesRepo.of({
        find: (id) => Effect.orDie(find(id)),
        list: (listing) => Effect.orDie(list(listing)),
        counts: (customer_id) => Effect.orDie(counts(customer_id)),
        remove: (id, version) => Effect.orDie(Effect.map(remove({ id, version }), (gone) => gone.length > 0)),
      })
    }),
  )
}
