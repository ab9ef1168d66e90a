/** What a scrape shows of deliverables. */
import { ReviewStatus } from "@stint/domain/deliverables/Approvals"
import { type Gauge, reading } from "@stint/edge/Metrics"
import { Effect, Layer } from "effect"
import { MetricsRepo } from "./Metrics/Repo.ts"

/** Drafts by review status; they are counted whole, so not at every scrape. */
const drafts = reading(
  "drafts",
  Effect.map(
    MetricsRepo,
    (repo) =>
      Effect.map(repo.drafts, (counts): ReadonlyArray<Gauge> =>
        ReviewStatus.literals.map((review_status) => ({
          name: "deliverables_drafts",
          help: "Drafts that are not deleted, by review status",
          labels: { review_status },
          value: counts.get(review_status) ?? 0,
        }))),
  ),
  "30 seconds",
)

/** Executions that wait for their delivery. */
const executions = reading(
  "executions",
  Effect.map(MetricsRepo, (repo) =>
    Effect.map(repo.waiting, ({ count, oldest_seconds }) => [
      { name: "deliverables_executions_waiting", help: "Executions that are not delivered yet", value: count },
      {
        name: "deliverables_executions_oldest_age_seconds",
        help: "For how long the oldest of them has waited",
        value: oldest_seconds,
      },
    ])),
)

/** All of it. */
export const metrics = Layer.merge(drafts, executions)
