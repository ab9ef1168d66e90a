/** What a scrape shows of hiring. */
import { SubscriptionStatus } from "@stint/domain/hiring/Subscriptions"
import { type Gauge, reading } from "@stint/edge/Metrics"
import { Effect } from "effect"
import { MetricsRepo } from "./Metrics/Repo.ts"

/** Subscriptions by status and the outbox's depth; they are counted whole, so not at every scrape. */
export const metrics = reading(
  "hiring",
  Effect.map(MetricsRepo, (repo) =>
    Effect.map(repo.counts, ({ outbox, subscriptions }): ReadonlyArray<Gauge> => [
      ...SubscriptionStatus.literals.map((status) => ({
        name: "hiring_subscriptions",
        help: "Subscriptions, by status",
        labels: { status },
        value: subscriptions.get(status) ?? 0,
      })),
      { name: "hiring_outbox_changes", help: "Changes that the feed still serves, of the last 7 days", value: outbox },
    ])),
  "30 seconds",
)
