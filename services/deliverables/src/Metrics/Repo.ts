/** What the tables of deliverables hold, counted. */
import { PgClient } from "@effect/sql-pg"
import type { ReviewStatus } from "@stint/domain/deliverables/Approvals"
import { Clock, Context, DateTime, Effect, Layer } from "effect"
import { MemoryTables } from "../MemoryTables.ts"

/** Executions that are committed and not delivered yet. */
export interface Waiting {
  readonly count: number
  /** For how many seconds the oldest of them has waited since it was asked for; 0 when none waits. */
  readonly oldest_seconds: number
}

/** Counting. */
export class MetricsRepo extends Context.Service<MetricsRepo, {
  /** Drafts that are not deleted, by review status; a status that none has is absent. */
  readonly drafts: Effect.Effect<ReadonlyMap<ReviewStatus, number>>
  readonly waiting: Effect.Effect<Waiting>
}>()("deliverables/MetricsRepo") {
  static readonly layerPg = Layer.effect(
    MetricsRepo,
    Effect.map(PgClient.PgClient, (sql) =>
      MetricsRepo.of({
        drafts: Effect.orDie(Effect.map(
          sql<{ review_status: ReviewStatus; n: number }>`
            select review_status, count(*)::int as n from deliverables where deleted_at is null group by review_status`,
          (rows) => new Map(rows.map(({ n, review_status }) => [review_status, n])),
        )),
        waiting: Effect.orDie(Effect.map(
          sql<Waiting>`select count(*)::int as count,
              coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest_seconds
            from executions where state = 'pending'`,
          (rows) => rows[0]!,
        )),
      })),
  )

  static readonly layerMemory = Layer.effect(
    MetricsRepo,
    Effect.map(MemoryTables, (tables) =>
      MetricsRepo.of({
        drafts: Effect.sync(() => {
          const kept = [...tables.deliverables.values()].filter((row) => row.deleted_at === null)
          return new Map(
            [...Map.groupBy(kept, (row) => row.review_status)].map(([status, rows]) => [status, rows.length]),
          )
        }),
        waiting: Effect.map(Clock.currentTimeMillis, (now) => {
          const rows = [...tables.executions.values()].filter((row) => row.state === "pending")
          const oldest = Math.min(now, ...rows.map((row) => DateTime.toEpochMillis(row.created_at)))
          return { count: rows.length, oldest_seconds: (now - oldest) / 1000 }
        }),
      })),
  )
}
