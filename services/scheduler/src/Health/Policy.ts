/** Pure: the status that the figures mean (domain.md, "Health"). */
import type { HealthStatus, ProblemHow } from "@stint/domain/scheduler/Health"
import type { Vitals } from "./Row.ts"

/** The share of completed runs among the attempts that ended in the last hour, 0 to 1; undefined when none did. */
export const successRate = ({ failed, succeeded }: Vitals): number | undefined =>
  succeeded + failed === 0 ? undefined : succeeded / (succeeded + failed)

/** A part that is away, work that is late or that stands still; `since` in epoch milliseconds. */
export interface HealthProblem {
  readonly part: string
  readonly how: ProblemHow
  readonly since: number
  readonly detail: string
  readonly seen_by?: string
}

/** The status. When no run finished, the dead letters alone decide; with a problem it is never healthy. */
export const statusOf = (vitals: Vitals, problems: ReadonlyArray<HealthProblem>): HealthStatus => {
  const success = successRate(vitals) ?? 1
  if (success >= 0.95 && vitals.dead_letters < 5) return problems.length === 0 ? "healthy" : "degraded"
  return success >= 0.80 && vitals.dead_letters < 20 ? "degraded" : "down"
}
