/** The SQL of trial deliverables. */
import { PgClient } from "@effect/sql-pg"
import type { NewActionLine } from "@stint/domain/ActionLine"
import { TrialDeliverableId, TrialId } from "@stint/domain/Ids"
import { Instant } from "@stint/domain/Protocol"
import { InstantColumn } from "@stint/domain/Instants"
import { ActionLogRepo } from "@stint/edge/ActionLog/Repo"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Taken } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import { TrialDeliverableRow } from "./Row.ts"

/** The key of a page, newest first. */
export const After = Schema.Struct({ created_at: Instant, trial_deliverable_id: TrialDeliverableId })

/** The same key as it is in a row. */
const Place = Schema.Struct({ created_at: InstantColumn, trial_deliverable_id: TrialDeliverableId })

const Listing = Schema.Struct({ trial_id: TrialId, after: Schema.NullOr(After), limit: Schema.Int })

/** Trial deliverables: inserted once, never changed. */
export class TrialDeliverablesRepo extends Context.Service<TrialDeliverablesRepo, {
  /** Stores it, with its line of the action log where an operator does it. When the id exists, nothing is changed and the stored row is returned. */
  add(row: TrialDeliverableRow, line: NewActionLine | undefined): Effect.Effect<TrialDeliverableRow>
  /** A trial's, newest first. */
  list(listing: typeof Listing.Type): Effect.Effect<Taken<TrialDeliverableRow, typeof Place.Type>>
}>()("deliverables/TrialDeliverablesRepo") {
  static readonly layer = Layer.effect(
    TrialDeliverablesRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const log = yield* ActionLogRepo
      // as float8, since the client decodes bigint as BigInt; a CHECK keeps it within the safe integers
      const columns = sql.literal(
        "trial_deliverable_id, trial_id, file_name, file_path, file_size::float8, mime_type, description, created_at",
      )
      const add = SqlSchema.findOne({
        Request: TrialDeliverableRow,
        Result: TrialDeliverableRow,
        execute: (d) =>
          sql`with added as (
                insert into trial_deliverables
                  (trial_deliverable_id, trial_id, file_name, file_path, file_size, mime_type, description, created_at)
                values (${d.trial_deliverable_id}, ${d.trial_id}, ${d.file_name}, ${d.file_path}, ${d.file_size}::bigint,
                  ${d.mime_type}, ${d.description}, ${d.created_at})
                on conflict (trial_deliverable_id) do nothing
                returning *
              )
              select ${columns} from added
              union all
              select ${columns} from trial_deliverables where trial_deliverable_id = ${d.trial_deliverable_id}`,
      })
      const list = findReadable(sql, {
        what: "trial deliverables",
        Request: Listing,
        Key: Place,
        Result: TrialDeliverableRow,
        query: ({ after, limit, trial_id }) =>
          sql`select ${columns} from trial_deliverables where trial_id = ${trial_id} ${
            after === null ? sql`` : sql`and (created_at, trial_deliverable_id)
                      < (${after.created_at}::timestamptz, ${after.trial_deliverable_id})`
          } order by created_at desc, trial_deliverable_id desc limit ${limit}`,
      })
      return TrialDeliverablesRepo.of({
        add: (row, line) =>
          Effect.andThen(line === undefined ? Effect.void : log.write(line), add(row)).pipe(
            sql.withTransaction,
            Effect.orDie,
          ),
        list: (listing) => Effect.orDie(list(listing)),
      })
    }),
  )
}
