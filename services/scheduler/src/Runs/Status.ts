/** Pure: what a person sees of a run, derived from what is stored of it (domain.md, "States"). */
import type { RunStatus, ScheduledRunStatus } from "@stint/domain/scheduler/Runs"

/** The same case by case as the statement that lists runs by it (`Runs/Repo.ts`). */
export const statusOf = (run: {
  readonly status: ScheduledRunStatus
  /** Whether it belongs, or belonged, to a dead letter. */
  readonly dead: boolean
  readonly held: boolean
  /** Charged attempts of a live run. */
  readonly attempt: number
}): RunStatus => {
  if (run.status === "completed") return "completed"
  if (run.status === "cancelled") return run.dead ? "dead_lettered" : "cancelled"
  return run.held ? "running" : run.attempt > 0 ? "retrying" : "pending"
}
