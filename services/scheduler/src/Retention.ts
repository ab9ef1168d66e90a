/** What the scheduler keeps for how long (domain.md, "Retention"); the action log is kept for ever. */
import { RETENTION } from "@stint/domain/Retention"
import { Alarms } from "@stint/edge/Alarm"
import type { AlarmRepo } from "@stint/edge/Alarm/Repo"
import * as Audit from "@stint/edge/Audit"
import type { AuditRepo } from "@stint/edge/Audit/Repo"
import { layer, type RetentionJob } from "@stint/edge/Retention"
import { Effect } from "effect"
import { RetentionRepo } from "./Retention/Repo.ts"

/** The jobs, in the order in which they are done: expiry first, since an expired dead letter no longer keeps its runs. */
export const jobs: Effect.Effect<ReadonlyArray<RetentionJob>, never, RetentionRepo | AuditRepo | AlarmRepo> = Effect
  .gen(
    function* () {
      const repo = yield* RetentionRepo
      const { alerts, deadLetters, executions, goalHistory, missedSlots, runs } = RETENTION
      return [
        {
          name: "scheduler_dlq, open to expired",
          keeps: `${deadLetters} days after the first failure`,
          ...repo.expiry,
        },
        { name: "scheduler_dlq", keeps: `${deadLetters} days after it was closed`, ...repo.deadLetters },
        { name: "scheduled_goal_runs", keeps: `${runs} days after the end`, ...repo.runs },
        { name: "goal_runs", keeps: `${executions} days after the end`, ...repo.executions },
        { name: "dropped_slots", keeps: `${missedSlots} days`, ...repo.droppedSlots },
        { name: "missed_slots", keeps: `${missedSlots} days`, ...repo.missedSlots },
        { name: "goal_history", keeps: `${goalHistory} days after the next version of the goal`, ...repo.history },
        { name: "scheduler_alerts", keeps: `${alerts} days after the end`, ...repo.alerts },
        yield* Alarms.retention,
        yield* Audit.retention,
      ]
    },
  )

/** Does the jobs every hour. */
export const worker = layer(jobs)
