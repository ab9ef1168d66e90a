/** The gauges of deliverables. */
import { ReviewStatus } from "@stint/domain/deliverables/Deliverables"
import { type Gauge, reading } from "@stint/edge/Metrics"
import { Effect, Layer } from "effect"
import { MetricsRepo } from "./Metrics/Repo.ts"

/** Drafts by review status. Counting reads the whole table, so the figures may be 30 seconds old. */
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

/** Executions that are not delivered. */
const executions = reading(
  "executions",
  Effect.map(
    MetricsRepo,
    (repo) =>
      Effect.map(repo.undelivered, ({ count, failed, failed_last_hour, oldest_seconds }) => [
        { name: "deliverables_executions_waiting", help: "Executions that are not delivered yet", value: count },
        {
          name: "deliverables_executions_oldest_age_seconds",
          help: "How long ago the oldest of them was requested",
          value: oldest_seconds,
        },
        {
          name: "deliverables_executions_failed",
          help:
            "Executions that were given up, and not asked for again; those that may not be delivered any more aside",
          value: failed,
        },
        {
          name: "deliverables_executions_failed_last_hour",
          help: "Those of them that were given up in the last hour",
          value: failed_last_hour,
        },
      ]),
  ),
)

/** Channels of people that take no messages. */
const channels = reading(
  "notices",
  Effect.map(
    MetricsRepo,
    (repo) =>
      Effect.map(repo.deadChannels, (value) => [{
        name: "deliverables_notice_channels_dead",
        help: "Channels of people to which a message was given up, and none has arrived since",
        value,
      }]),
  ),
)

/** All gauges. */
export const metrics = Layer.mergeAll(drafts, executions, channels)
