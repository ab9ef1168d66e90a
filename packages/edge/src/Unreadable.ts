/**
 * Rows that can't be read: their content decodes by no schema of ours, or they are too large. One such row must not stop
 * the list, page, lookup, feed or job that meets it: it is set aside, logged once and counted, and the rest goes on.
 */
import { Context, Effect, Layer } from "effect"
import { StateMetrics } from "./Metrics.ts"

/** How many rows are remembered as logged; when there are more they are logged again. */
const REMEMBERED = 1_000

/** The rows that a service could not read since its start. */
class Tally {
  readonly #logged = new Set<string>()
  readonly counts = new Map<string, number>()

  /** Counts a row; whether it is the first time that this row is met. */
  add(what: string, key: string): boolean {
    const row = `${what} ${key}`
    if (this.#logged.has(row)) return false
    if (this.#logged.size >= REMEMBERED) this.#logged.clear()
    this.#logged.add(row)
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
    return true
  }
}

/** The tally of the service that a fiber belongs to; outside of a service it is the process'. */
export const UnreadableRows = Context.Reference<Tally>("stint/UnreadableRows", { defaultValue: () => new Tally() })

/**
 * Says that a row is set aside: a log line and the metric `stint_unreadable_rows`, once a row. `what` names its kind
 * ("hires"), a label of the metric; `key` the row, `why` what is wrong with it, without any value of it.
 */
export const setAside = (what: string, key: string, why: string): Effect.Effect<void> =>
  Effect.flatMap(
    UnreadableRows,
    (tally) =>
      tally.add(what, key)
        ? Effect.logError(`a stored row can't be read and is set aside: ${what} ${key}: ${why}`)
        : Effect.void,
  )

/** A tally of the service's own, with the metric `stint_unreadable_rows`. */
export const layer = Layer.unwrap(Effect.gen(function* () {
  const state = yield* StateMetrics
  const tally = new Tally()
  const rows = Effect.sync(() =>
    [...tally.counts].map(([what, value]) => ({
      name: "unreadable_rows",
      help: "Stored rows that could not be read since the start, and were set aside",
      labels: { what },
      value,
    }))
  )
  yield* state.add("unreadable rows", rows, "1 second")
  return Layer.succeed(UnreadableRows, tally)
}))
