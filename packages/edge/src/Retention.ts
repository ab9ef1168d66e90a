/**
 * Deletes rows past their retention (domain.md, "Retention"): hourly, in small batches with pauses, so that no request
 * waits for it. Replicas may do it at the same time.
 */
import { Effect, Layer } from "effect"
import { retentionPass, upkeepBegins } from "./Schedules.ts"

/** How many rows one statement deletes. */
const BATCH = 500
/** The pause between two batches. */
const PAUSE = "50 millis"

/** Rows that are kept for a time. */
export interface RetentionJob {
  /** For the log: the table, or what happens to its rows. */
  readonly name: string
  /** How long they are kept, for the log. */
  readonly keeps: string
  /** How many rows are past their retention now. */
  readonly expired: Effect.Effect<number>
  /** Deletes (or expires) up to `limit` of those rows; how many it did. */
  readonly remove: (limit: number) => Effect.Effect<number>
}

/** Runs a job until no row is past its retention; how many rows it deleted. */
export const runJob = Effect.fnUntraced(function* (job: RetentionJob) {
  let total = 0
  while (true) {
    const gone = yield* job.remove(BATCH)
    total += gone
    if (gone === 0) return total
    yield* Effect.sleep(PAUSE)
  }
})

const runLogged = (job: RetentionJob) =>
  runJob(job).pipe(
    Effect.flatMap((gone) =>
      gone === 0 ? Effect.void : Effect.logInfo(`retention: ${gone} of ${job.name} (kept ${job.keeps})`)
    ),
    Effect.catchCause((cause) =>
      Effect.logWarning(`retention: ${job.name} failed and is tried again in an hour`, cause)
    ),
  )

/** Runs the jobs one after the other: first within a minute of the start, then hourly. */
export const layer = <E, R>(jobs: Effect.Effect<ReadonlyArray<RetentionJob>, E, R>): Layer.Layer<never, E, R> =>
  Layer.effectDiscard(Effect.gen(function* () {
    const all = yield* jobs
    yield* upkeepBegins.pipe(
      Effect.andThen(Effect.repeat(Effect.forEach(all, runLogged, { discard: true }), retentionPass)),
      Effect.forkScoped,
    )
  }))
