/** The SQL of the metrics. */
import { PgClient } from "@effect/sql-pg"
import { ReviewStatus } from "@stint/domain/deliverables/Deliverables"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"

/** Executions that are not delivered. `oldest_seconds`: how long ago the oldest pending one was requested first; 0 without any. */
const Undelivered = Schema.Struct({
  count: Schema.Int,
  oldest_seconds: Schema.Number,
  failed: Schema.Int,
  failed_last_hour: Schema.Int,
})
export type Undelivered = typeof Undelivered.Type

export class MetricsRepo extends Context.Service<MetricsRepo, {
  /** Drafts that are not deleted, by review status; a status without drafts is absent. */
  readonly drafts: Effect.Effect<ReadonlyMap<ReviewStatus, number>>
  readonly undelivered: Effect.Effect<Undelivered>
  /** How many channels of people are dead, as the alert `notice_channel_dead` counts them. */
  readonly deadChannels: Effect.Effect<number>
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
      const undelivered = SqlSchema.findOne({
        Request: Schema.Void,
        Result: Undelivered,
        execute: () =>
          sql`select count(*)::int as count,
                coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest_seconds,
                (select count(*)::int from executions where state = 'failed' and refusal is null) as failed,
                (select count(*)::int from executions where state = 'failed' and refusal is null
                  and gave_up_at > now() - interval '1 hour') as failed_last_hour
              from executions where state = 'pending'`,
      })
      const deadChannels = SqlSchema.findOne({
        Request: Schema.Void,
        Result: Schema.Struct({ n: Schema.Int }),
        execute: () => sql`select count(*)::int as n from reviewer_channels where dead_since is not null`,
      })
      return MetricsRepo.of({
        deadChannels: Effect.orDie(Effect.map(deadChannels(undefined), ({ n }) => n)),
        drafts: Effect.orDie(
          Effect.map(drafts(undefined), (rows) => new Map(rows.map(({ n, review_status }) => [review_status, n]))),
        ),
        undelivered: Effect.orDie(undelivered(undefined)),
      })
    }),
  )
}
