/** Counts of hiring's rows. */
import { PgClient } from "@effect/sql-pg"
import { SubscriptionStatus } from "@stint/domain/hiring/SubscriptionStatus"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"

export interface Counts {
  /** By status; a status that no subscription has is absent. */
  readonly subscriptions: ReadonlyMap<SubscriptionStatus, number>
  /** Changes in the outbox. */
  readonly outbox: number
}

export class MetricsRepo extends Context.Service<MetricsRepo, { readonly counts: Effect.Effect<Counts> }>()(
  "hiring/MetricsRepo",
) {
  static readonly layer = Layer.effect(
    MetricsRepo,
    Effect.map(PgClient.PgClient, (sql) => {
      const subscriptions = SqlSchema.findAll({
        Request: Schema.Void,
        Result: Schema.Struct({ status: SubscriptionStatus, n: Schema.Int }),
        execute: () => sql`select status, count(*)::int as n from subscriptions group by status`,
      })
      const outbox = SqlSchema.findOne({
        Request: Schema.Void,
        Result: Schema.Struct({ n: Schema.Int }),
        execute: () => sql`select count(*)::int as n from hiring_outbox`,
      })
      return MetricsRepo.of({
        counts: Effect.orDie(Effect.gen(function* () {
          const rows = yield* subscriptions()
          const { n } = yield* outbox()
          return { subscriptions: new Map(rows.map(({ n, status }) => [status, n])), outbox: n }
        })),
      })
    }),
  )
}
