/** The SQL of the metrics. */
import { PgClient } from "@effect/sql-pg"
import { ReviewStatus } from "@stint/domain/deliverables/Deliverables"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"

/** Pending executions. `oldest_seconds`: how long ago the oldest was requested first; 0 when none is pending. */
const Waiting = Schema.Struct({ count: Schema.Int, oldest_seconds: Schema.Number })
export type Waiting = typeof Waiting.Type

export class MetricsRepo extends Context.Service<MetricsRepo, {
  /** Drafts that are not deleted, by review status; a status without drafts is absent. */
  readonly drafts: Effect.Effect<ReadonlyMap<ReviewStatus, number>>
  readonly waiting: Effect.Effect<Waiting>
}>()("deliverables/MetricsRepo") {
  static readonly layer = Layer.effect(
    MetricsRepo,
    Effect.map(PgClient.PgClient, (sql) => {
      const drafts = SqlSchema.findAll({
        Request: Schema.Void,
        Result: Schema.Struct({ review_status: ReviewStatus, n: Schema.Int }),
        execute: () =>
          sql`select review_status, count(*)::int as n from deliverables where deleted_at is null
              group by review_status`,
      })
      const waiting = SqlSchema.findOne({
        Request: Schema.Void,
        Result: Waiting,
        execute: () =>
          sql`select count(*)::int as count,
                coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest_seconds
              from executions where state = 'pending'`,
      })
      return MetricsRepo.of({
        drafts: Effect.orDie(
          Effect.map(drafts(undefined), (rows) => new Map(rows.map(({ n, review_status }) => [review_status, n]))),
        ),
        waiting: Effect.orDie(waiting(undefined)),
      })
    }),
  )
}
