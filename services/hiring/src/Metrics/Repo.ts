/** What hiring's tables hold, counted. */
import { PgClient } from "@effect/sql-pg"
import type { SubscriptionStatus } from "@stint/domain/hiring/Subscriptions"
import { Context, Effect, Layer } from "effect"
import { Memory } from "../Engagements/Memory.ts"

/** The counts. */
export interface Counts {
  /** By status; one that no subscription has is absent. */
  readonly subscriptions: ReadonlyMap<SubscriptionStatus, number>
  /** Changes that the feed still serves. */
  readonly outbox: number
}

/** Counting. */
export class MetricsRepo extends Context.Service<MetricsRepo, { readonly counts: Effect.Effect<Counts> }>()(
  "hiring/MetricsRepo",
) {
  static readonly layerPg = Layer.effect(
    MetricsRepo,
    Effect.map(PgClient.PgClient, (sql) =>
      MetricsRepo.of({
        counts: Effect.orDie(Effect.gen(function* () {
          const subscriptions = yield* sql<{ status: SubscriptionStatus; n: number }>`
            select status, count(*)::int as n from subscriptions group by status`
          const [outbox] = yield* sql<{ n: number }>`select count(*)::int as n from hiring_outbox`
          return { subscriptions: new Map(subscriptions.map(({ n, status }) => [status, n])), outbox: outbox!.n }
        })),
      })),
  )

  static readonly layerMemory = Layer.effect(
    MetricsRepo,
    Effect.map(Memory, (memory) =>
      MetricsRepo.of({
        counts: Effect.sync(() => ({
          subscriptions: new Map(
            [...Map.groupBy(memory.subscriptions.values(), (row) => row.status)].map(([status, rows]) => [
              status,
              rows.length,
            ]),
          ),
          outbox: memory.outbox.length,
        })),
      })),
  )
}
