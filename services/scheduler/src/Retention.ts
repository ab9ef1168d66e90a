/** What the scheduler keeps for how long (domain.md, "Retention"); the action log is kept for ever. */
import * as Audit from "@stint/edge/Audit"
import type { AuditRepo } from "@stint/edge/Audit/Repo"
import type { RetentionJob } from "@stint/edge/Retention"
import { Effect } from "effect"
import { DAYS, RetentionRepo } from "./Retention/Repo.ts"

/** The jobs, in the order in which they are done: what expires first, so that its days begin to count. */
export const jobs: Effect.Effect<ReadonlyArray<RetentionJob>, never, RetentionRepo | AuditRepo> = Effect.gen(
  function* () {
    const repo = yield* RetentionRepo
    return [
      { name: "scheduler_dlq, open to expired", keeps: "7 days from the first failure", ...repo.expiring },
      { name: "scheduler_dlq", keeps: `${DAYS.deadLetters} days after it was closed`, ...repo.deadLetters },
      { name: "scheduled_goal_runs", keeps: `${DAYS.runs} days after the end`, ...repo.runs },
      { name: "goal_runs", keeps: `${DAYS.executions} days after the end`, ...repo.executions },
      { name: "missed_slots", keeps: `${DAYS.missedSlots} days`, ...repo.missedSlots },
      { name: "goal_history", keeps: `${DAYS.history} days after the next row of the goal`, ...repo.history },
      { name: "scheduler_alerts", keeps: `${DAYS.alerts} days after the end`, ...repo.alerts },
      yield* Audit.retention,
    ]
  },
)
