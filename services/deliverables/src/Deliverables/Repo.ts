/** The SQL of reading, listing and deleting deliverables. */
import { PgClient } from "@effect/sql-pg"
import { DeliverableId } from "@stint/domain/Ids"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { counts } from "./Repo/Counts.ts"
import { lists } from "./Repo/Lists.ts"
import { selectRows } from "./Repo/Rows.ts"
import { DeliverableRow } from "./Row.ts"

export { After, AfterExpiry, type ExpiryListing, type Listing } from "./Repo/Lists.ts"
export { selectRows } from "./Repo/Rows.ts"

/** The `last_error` of an execution that was pending when its deliverable was deleted. */
export const DELETED = "The deliverable was deleted before it was delivered"

const statements = Effect.map(PgClient.PgClient, (sql) => {
  const find = SqlSchema.findOneOption({
    Request: DeliverableId,
    Result: DeliverableRow,
    execute: (id) => sql`${selectRows(sql)} where d.deliverable_id = ${id}`,
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
  return {
    ...lists(sql),
    /** One, deleted or not. */
    find: (id: DeliverableId) => Effect.orDie(find(id)),
    /** How many wait for what, of a customer; null: of all. */
    counts: counts(sql),
    /**
     * Marks it deleted and fails its execution if that is pending. False when it was written since it had that version, or
     * deleted.
     */
    remove: (id: DeliverableId, version: number) =>
      Effect.orDie(Effect.map(remove({ id, version }), (gone) => gone.length > 0)),
  }
})

/** Deliverables. */
export class DeliverablesRepo extends Context.Service<DeliverablesRepo, Effect.Success<typeof statements>>()(
  "deliverables/DeliverablesRepo",
) {
  static readonly layer = Layer.effect(DeliverablesRepo, statements)
}
