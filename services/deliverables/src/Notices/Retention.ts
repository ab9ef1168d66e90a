/** Messages and what they told are kept for 90 days; tokens of links until they end. */
import { Effect } from "effect"
import type { RetentionJob } from "@stint/edge/Retention"
import { NoticesRepo } from "./Repo.ts"

/** Removes what is old. */
export const retention: Effect.Effect<RetentionJob, never, NoticesRepo> = Effect.map(
  NoticesRepo,
  ({ expired, removeExpired }) => ({ name: "notices", keeps: "90 days", expired, remove: removeExpired }),
)
