/** Where the deliverables of trials are kept. */
import { PgClient } from "@effect/sql-pg"
import { TrialDeliverableId, TrialId } from "@stint/domain/Ids"
import { Instant } from "@stint/domain/Protocol"
import { Context, DateTime, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { MemoryTables } from "../MemoryTables.ts"
import { TrialDeliverableRow } from "./Row.ts"

/** Where a page goes on: after this one, newest first. */
export const After = Schema.Struct({ created_at: Instant, trial_deliverable_id: TrialDeliverableId })
export type After = typeof After.Type

const Listing = Schema.Struct({ trial_id: TrialId, after: Schema.NullOr(After), limit: Schema.Int })

/** Deliverables of trials: written once, never changed. */
export class TrialDeliverablesRepo extends Context.Service<TrialDeliverablesRepo, {
  /** Keeps it; one of that id that is there already stays, and is the answer. */
  add(row: TrialDeliverableRow): Effect.Effect<TrialDeliverableRow>
  /** A trial's, newest first. */
  list(listing: typeof Listing.Type): Effect.Effect<ReadonlyArray<TrialDeliverableRow>>
}>()("deliverables/TrialDeliverablesRepo") {
  static readonly layerPg = Layer.effect(
    TrialDeliverablesRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      // A bigint would come as one of JavaScript's; the CHECK keeps it within what a number holds
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
      const list = SqlSchema.findAll({
        Request: Listing,
        Result: TrialDeliverableRow,
        execute: ({ after, limit, trial_id }) =>
          sql`select ${columns} from trial_deliverables where trial_id = ${trial_id} ${
            after === null ? sql`` : sql`and (created_at, trial_deliverable_id)
                      < (${after.created_at}::timestamptz, ${after.trial_deliverable_id})`
          } order by created_at desc, trial_deliverable_id desc limit ${limit}`,
      })
      return TrialDeliverablesRepo.of({
        add: (row) => Effect.orDie(add(row)),
        list: (listing) => Effect.orDie(list(listing)),
      })
    }),
  )

  static readonly layerMemory = Layer.effect(
    TrialDeliverablesRepo,
    Effect.map(MemoryTables, ({ trialDeliverables }) =>
      TrialDeliverablesRepo.of({
        add: (row) =>
          Effect.sync(() => {
            const kept = trialDeliverables.get(row.trial_deliverable_id) ?? row
            trialDeliverables.set(row.trial_deliverable_id, kept)
            return kept
          }),
        list: ({ after, limit, trial_id }) =>
          Effect.sync(() =>
            [...trialDeliverables.values()]
              .filter((d) => d.trial_id === trial_id && (after === null || newestFirst(d, after) > 0))
              .sort(newestFirst).slice(0, limit)
          ),
      })),
  )
}

/** The order of lists: by age, then by id, both falling. */
const newestFirst = (a: After, b: After): number =>
  DateTime.toEpochMillis(b.created_at) - DateTime.toEpochMillis(a.created_at) ||
  (a.trial_deliverable_id < b.trial_deliverable_id ? 1 : a.trial_deliverable_id > b.trial_deliverable_id ? -1 : 0)
