/** The SQL that begins what a person asked a maker to change: within the transaction that records the decision. */
import type { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import { type NewMaking, queueMakings } from "../../Makings/Repo/Asks.ts"

/**
 * Queues the making and marks its deliverable as revised, so that nothing is decided meanwhile. The caller's transaction has locked the
 * deliverable's row and stored the decision; it dies where the row is not the one that was decided on.
 */
export const beginRevising = (sql: PgClient.PgClient, making: NewMaking) =>
  Effect.gen(function* () {
    const begun = yield* sql`
      update deliverables set revising_since = now(), updated_at = now()
      where deliverable_id = ${making.deliverable_id} and revision = ${making.base_revision} and revising_since is null
        and review_status = 'pending_review' and deleted_at is null
      returning deliverable_id`
    if (begun.length !== 1) {
      return yield* Effect.die(new Error(`${making.deliverable_id} is not the draft whose changes were asked for`))
    }
    yield* queueMakings(sql, [making])
  })
