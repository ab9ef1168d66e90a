/** What a scrape of hiring shows. */
import { SubscriptionStatus } from "@stint/domain/hiring/SubscriptionStatus"
import { type Gauge, reading } from "@stint/edge/Metrics"
import { Effect } from "effect"
import { MetricsRepo } from "./Metrics/Repo.ts"

/** Counts subscriptions by status and the outbox's changes, whole tables, so at most every 30 seconds. */
export const worker = reading(
  "hiring",
  Effect.map(MetricsRepo, (repo) =>
    Effect.map(repo.counts, ({ outbox, subscriptions }): ReadonlyArray<Gauge> => [
      ...SubscriptionStatus.literals.map((status) => ({
        name: "hiring_subscriptions",
        help: "Subscriptions, by status",
        labels: { status },
        value: subscriptions.get(status) ?? 0,
      })),
      { name: "hiring_outbox_changes", help: "Changes of the last 7 days, which the feed serves", value: outbox },
    ])),
  "30 seconds",
)
