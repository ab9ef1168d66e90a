/** Pure: the status that the figures mean (domain.md, "Health"). */
import type { HealthStatus } from "@stint/domain/scheduler/Health"
import type { Vitals } from "./Row.ts"

/** The share of completed runs among those that finished in the last hour, 0 to 1; undefined when none finished. */
export const successRate = ({ failed, succeeded }: Vitals): number | undefined =>
  succeeded + failed === 0 ? undefined : succeeded / (succeeded + failed)

/** The status. When no run finished, the dead letters alone decide. */
export const statusOf = (vitals: Vitals): HealthStatus => {
  const success = successRate(vitals) ?? 1
  if (success >= 0.95 && vitals.dead_letters < 5) return "healthy"
  return success >= 0.80 && vitals.dead_letters < 20 ? "degraded" : "down"
}
