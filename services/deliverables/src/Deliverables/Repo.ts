/** Where deliverables are read, listed and deleted. One method per atomic unit. */
import { PgClient } from "@effect/sql-pg"
import { ReviewStatus } from "@stint/domain/deliverables/Approvals"
import { CustomerId, DeliverableId, HiredInstanceId } from "@stint/domain/Ids"
import { Instant } from "@stint/domain/Protocol"
import { Clock, Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { joined, MemoryTables } from "../MemoryTables.ts"
import { columns, from } from "./Repo/Columns.ts"
import { DeliverableRow } from "./Row.ts"

/** Where a page of deliverables goes on: after this one, newest first. */
export const After = Schema.Struct({ created_at: Instant, deliverable_id: DeliverableId })
export type After = typeof After.Type

/** Which deliverables, newest first; deleted ones are in no list. */
export const Listing = Schema.Struct({
  customer_id: Schema.NullOr(CustomerId),
  hired_instance_id: Schema.NullOr(HiredInstanceId),
  review_status: Schema.NullOr(ReviewStatus),
  after: Schema.NullOr(After),
  limit: Schema.Int,
})
export type Listing = typeof Listing.Type

/** Why an execution that was on its way is not delivered any more. */
export const DELETED = "The deliverable was deleted before it was delivered"

/** Deliverables. */
export class DeliverablesRepo extends Context.Service<DeliverablesRepo, {
  /** One, deleted or not. */
  find(id: DeliverableId): Effect.Effect<Option.Option<DeliverableRow>>
  list(listing: Listing): Effect.Effect<ReadonlyArray<DeliverableRow>>
  /** Marks it deleted and stops its execution, if that is still on its way; whether it was there. */
  remove(id: DeliverableId): Effect.Effect<boolean>
}>()("deliverables/DeliverablesRepo") {
  static readonly layerPg = Layer.effect(
    DeliverablesRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const find = SqlSchema.findOneOption({
        Request: DeliverableId,
        Result: DeliverableRow,
        execute: (id) => sql`select ${columns(sql)} ${from(sql)} where d.deliverable_id = ${id}`,
      })
      const list = SqlSchema.findAll({
        Request: Listing,
        Result: DeliverableRow,
        execute: ({ after, customer_id, hired_instance_id, limit, review_status }) =>
          sql`select ${columns(sql)} ${from(sql)} where ${
            sql.and([
              sql`d.deleted_at is null`,
              ...(customer_id === null ? [] : [sql`d.customer_id = ${customer_id}`]),
              ...(hired_instance_id === null ? [] : [sql`d.hired_instance_id = ${hired_instance_id}`]),
              ...(review_status === null ? [] : [sql`d.review_status = ${review_status}`]),
              ...(after === null ? [] : [
                sql`(d.created_at, d.deliverable_id) < (${after.created_at}::timestamptz, ${after.deliverable_id})`,
              ]),
            ])
          } order by d.created_at desc, d.deliverable_id desc limit ${limit}`,
      })
      const remove = SqlSchema.findAll({
        Request: DeliverableId,
        Result: Schema.Struct({ deliverable_id: DeliverableId }),
        execute: (id) =>
          sql`with gone as (
                update deliverables set deleted_at = now(), updated_at = now(), executing = false
                where deliverable_id = ${id} and deleted_at is null returning deliverable_id
              ), stopped as (
                update executions set state = 'failed', last_error = ${DELETED}, next_attempt_at = null,
                  locked_until = null
                where state = 'pending' and deliverable_id in (select deliverable_id from gone)
              ) select deliverable_id from gone`,
      })
      return DeliverablesRepo.of({
        find: (id) => Effect.orDie(find(id)),
        list: (listing) => Effect.orDie(list(listing)),
        remove: (id) => Effect.orDie(Effect.map(remove(id), (gone) => gone.length > 0)),
      })
    }),
  )

  static readonly layerMemory = Layer.effect(
    DeliverablesRepo,
    Effect.map(MemoryTables, (tables) =>
      DeliverablesRepo.of({
        find: (id) =>
          Effect.sync(() => Option.map(Option.fromUndefinedOr(tables.deliverables.get(id)), (d) => joined(tables, d))),
        list: ({ after, customer_id, hired_instance_id, limit, review_status }) =>
          Effect.sync(() =>
            [...tables.deliverables.values()]
              .filter((d) =>
                d.deleted_at === null && (customer_id === null || d.customer_id === customer_id) &&
                (hired_instance_id === null || d.hired_instance_id === hired_instance_id) &&
                (review_status === null || d.review_status === review_status) &&
                (after === null || newestFirst(d, after) > 0)
              )
              .sort(newestFirst).slice(0, limit).map((d) => joined(tables, d))
          ),
        remove: (id) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const stored = tables.deliverables.get(id)
            return stored !== undefined && removeStored(tables, id, DateTime.makeUnsafe(now))
          }),
      })),
  )
}

/** The order of lists: by age, then by id, both falling. */
const newestFirst = (a: After, b: After): number =>
  DateTime.toEpochMillis(b.created_at) - DateTime.toEpochMillis(a.created_at) ||
  (a.deliverable_id < b.deliverable_id ? 1 : a.deliverable_id > b.deliverable_id ? -1 : 0)

/** Marks a row in memory deleted and stops its execution; whether it was there. */
export const removeStored = (tables: MemoryTables["Service"], id: string, now: DateTime.Utc): boolean => {
  const stored = tables.deliverables.get(id)!
  if (stored.deleted_at !== null) return false
  tables.deliverables.set(id, { ...stored, deleted_at: now, updated_at: now, executing: false })
  const execution = tables.executions.get(id)
  if (execution?.state === "pending") {
    tables.executions.set(id, {
      ...execution,
      state: "failed",
      last_error: DELETED,
      next_attempt_at: null,
      locked_until: null,
    })
  }
  return true
}
