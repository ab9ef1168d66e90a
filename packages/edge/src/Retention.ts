/**
 * Retention: what is past its time is removed by the service that owns it, hourly, in small batches with pauses between
 * them, so that nobody waits for it. Any number of replicas may do it at once: a row goes once.
 */
import { Effect, Layer, Random, Schedule } from "effect"

/** How many rows go at once. */
const BATCH = 500
/** Between two batches. */
const PAUSE = "50 millis"

/** Something that is kept for a time. */
export interface RetentionJob {
  /** What goes, for the log: a table, or what happens to its rows. */
  readonly name: string
  /** For how long it is kept, in words. */
  readonly keeps: string
  /** How many rows are past their time now. */
  readonly expired: Effect.Effect<number>
  /** Removes up to `limit` rows that are past their time; how many went. */
  readonly remove: (limit: number) => Effect.Effect<number>
}

/** Does one job to its end; how many rows went. */
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
    Effect.catchCause((cause) => Effect.logWarning(`retention: ${job.name} has to wait for the next hour`, cause)),
  )

/** Does all jobs one after the other within a minute of the start, and every hour from then on, give or take a fifth. */
export const layer = <E, R>(jobs: Effect.Effect<ReadonlyArray<RetentionJob>, E, R>): Layer.Layer<never, E, R> =>
  Layer.effectDiscard(Effect.gen(function* () {
    const all = yield* jobs
    const first = yield* Random.nextBetween(1_000, 60_000)
    yield* Effect.forEach(all, runLogged, { discard: true }).pipe(
      Effect.repeat(Schedule.spaced("1 hour").pipe(Schedule.jittered)),
      Effect.delay(first),
      Effect.forkScoped,
    )
  }))
