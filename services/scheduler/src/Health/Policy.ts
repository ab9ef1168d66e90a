/** What the figures come to: the thresholds of domain.md, "Health". */
import type { HealthStatus } from "@stint/domain/scheduler/Health"

/** The figures, as the database has them at one moment; instants in epoch milliseconds. */
export interface Vitals {
  readonly running: number
  readonly pending: number
  /** Of the pending ones, those that failed before and back off. */
  readonly retrying: number
  /** Those that could be claimed now. */
  readonly due: number
  /** For how many seconds the oldest of those has been due; null when none is. */
  readonly oldest_due_seconds: number | null
  /** Runs that ended well in the last hour. */
  readonly succeeded: number
  /** Runs that were dead-lettered in the last hour. */
  readonly failed: number
  readonly dead_letters: number
  readonly avg_duration_ms: number | null
  readonly last_run: number | null
  readonly last_success: number | null
  readonly last_failure: number | null
}

/** The share of runs that ended well, of those that finished in the last hour; undefined when none did. */
export const successRate = ({ failed, succeeded }: Vitals): number | undefined =>
  succeeded + failed === 0 ? undefined : succeeded / (succeeded + failed)

/** With nothing finished the dead letters alone decide. */
export const statusOf = (vitals: Vitals): HealthStatus => {
  const success = successRate(vitals) ?? 1
  if (success >= 0.95 && vitals.dead_letters < 5) return "healthy"
  return success >= 0.80 && vitals.dead_letters < 20 ? "degraded" : "down"
}
