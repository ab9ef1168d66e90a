/** Makings are kept for a month after their end; their calls for good. */
import { Effect } from "effect"
import type { RetentionJob } from "@stint/edge/Retention"
import { MakingsRepo } from "./Repo.ts"

/** Removes makings that ended long ago. */
export const retention: Effect.Effect<RetentionJob, never, MakingsRepo> = Effect.map(
  MakingsRepo,
  ({ expired, removeExpired }) => ({ name: "makings", keeps: "30 days", expired, remove: removeExpired }),
)
