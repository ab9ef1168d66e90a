/** What the queue counts: the increments of one claim, or of one batch of outcomes, written in its transaction. */
import type { Outcome } from "./Outcome.ts"

/** The upper bounds of the lateness buckets, in seconds. */
export const LATENESS_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600]
/** The upper bounds of the duration buckets, in seconds. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** The label of an outcome in the counter `runs`; labels are published as metrics, so they keep their names. */
export const COUNTED_AS = {
  Completed: "completed",
  Retry: "retried",
  Dead: "dead_lettered",
  Gone: "gone",
  Released: "handed_back",
  Making: "set_aside",
} as const satisfies Record<Outcome["_tag"], string>

/** Increments of counters, by name and label. */
export class Increments {
  readonly #values = new Map<string, number>()

  /** Adds to a counter. */
  add(name: string, label: string, value: number): void {
    if (value === 0) return
    const key = `${name} ${label}`
    this.#values.set(key, (this.#values.get(key) ?? 0) + value)
  }

  /** Counts how late a claim was, in seconds, in its histogram; above the highest bound as `+Inf`. SQL counts into the others. */
  lateness(seconds: number): void {
    this.add("lateness", String(LATENESS_BUCKETS.find((bound) => seconds <= bound) ?? "+Inf"), 1)
    this.add("lateness", "sum", Math.max(seconds, 0))
  }

  /** Counts outcomes of one kind. */
  outcome(tag: Outcome["_tag"], count: number): void {
    this.add("runs", COUNTED_AS[tag], count)
  }

  /** All increments, sorted: every writer locks counters in the same order, so two never deadlock. */
  entries(): ReadonlyArray<{ readonly name: string; readonly label: string; readonly value: number }> {
    return [...this.#values].sort(([a], [b]) => a < b ? -1 : 1).map(([key, value]) => {
      const at = key.indexOf(" ")
      return { name: key.slice(0, at), label: key.slice(at + 1), value }
    })
  }
}
