/** Every schedule of the edge and every retry policy of the services, by name (domain.md, "when it fails"). */
import { Duration, Effect, Random, Schedule } from "effect"

/** How many attempts a run has, the first included. */
export const MAX_ATTEMPTS = 5

/** Draws each delay from 50 to 100 % of itself, so that work which failed together is not retried together. */
const halfToFull = <O, I, E, R>(self: Schedule.Schedule<O, I, E, R>) =>
  Schedule.modifyDelay(
    self,
    ({ duration }) =>
      Effect.map(Random.next, (r) => Duration.millis(Math.round(Duration.toMillis(duration) * (0.5 + r / 2)))),
  )

/** Between the attempts of a run: 1, 2, 4, 8 minutes, each drawn from 50 to 100 % of it. */
export const runRetry = Schedule.exponential("1 minute", 2).pipe(halfToFull, Schedule.upTo({ times: MAX_ATTEMPTS - 1 }))

/** Between the attempts to deliver an alert: 1, 2, 4 and then every 8 minutes, each drawn from 50 to 100 % of it. */
export const deliveryRetry = Schedule.min([Schedule.exponential("1 minute", 2), Schedule.spaced("8 minutes")]).pipe(
  halfToFull,
)

/** Between the attempts to deliver an execution: 1, 2, 4 minutes and so on up to 6 hours, each drawn from 50 to 100 % of it. */
export const executionRetry = Schedule.min([Schedule.exponential("1 minute", 2), Schedule.spaced("6 hours")]).pipe(
  halfToFull,
)

/** Between the attempts to send a message to a person: 30 seconds, 1, 2 minutes and so on up to an hour, each drawn from 50 to 100 % of it. */
export const noticeRetry = Schedule.min([Schedule.exponential("30 seconds", 2), Schedule.spaced("1 hour")]).pipe(
  halfToFull,
)

/** Looking for dead letters that people were not told of. */
export const lookForUntold = Schedule.spaced("15 seconds").pipe(Schedule.jittered)

/** Looking for drafts that expire soon or have expired, to tell people; and for channels that are dead. */
export const lookAtExpiry = Schedule.spaced("10 seconds").pipe(Schedule.jittered)
export const lookAtChannels = Schedule.spaced("30 seconds").pipe(Schedule.jittered)

/** A delivery or a making while the service is away that knows whether, or of what, it may be made. */
export const unknownStanding = Schedule.spaced("5 seconds").pipe(halfToFull)

/** A maker that is away: after 1, 2, 4 and so on up to every 60 seconds, each drawn from 50 to 100 % of it. */
export const makerAway = Schedule.min([Schedule.exponential("1 second", 2), Schedule.spaced("1 minute")]).pipe(
  halfToFull,
)

/** Changes to a draft whose maker failed: after 5, 10 and 20 seconds, each drawn from 50 to 100 % of it; a person waits for them. */
export const changesAgain = Schedule.exponential("5 seconds", 2).pipe(halfToFull, Schedule.upTo({ times: 3 }))

/** Asking for a draft that is being made: after 1, 1.5, 2.3 and so on up to every 15 seconds, each drawn from 50 to 100 % of it. */
export const lookAtMaking = Schedule.min([Schedule.exponential("1 second", 1.5), Schedule.spaced("15 seconds")]).pipe(
  halfToFull,
)

/** Renewing the leases of makings, and writing what their makers say of their progress. */
export const renewMakings = Schedule.spaced("5 seconds")

/** Looking for deliveries that failed for good. */
export const lookAtFailures = Schedule.spaced("30 seconds")

/** A background loop whose feed or database does not answer: after 100 ms at first, at most every 2 seconds. */
export const reconnect = Schedule.min([Schedule.exponential("100 millis", 2), Schedule.spaced("2 seconds")]).pipe(
  halfToFull,
)

/** A projection that has to be rebuilt again right after it was: after 5, 10, 20, 40 and then every 60 seconds. */
export const rebuildAgain = Schedule.min([Schedule.exponential("5 seconds", 2), Schedule.spaced("1 minute")]).pipe(
  halfToFull,
)

/** A call to another service within a person's request: one retry after 50 ms, for a connection that was closed. */
export const onceMore = Schedule.spaced("50 millis").pipe(Schedule.upTo({ times: 1 }))

/** A start that waits for its database. */
export const awaitDatabase = Schedule.spaced("500 millis")

/** Renewing the reservation of an Idempotency-Key: three times within its hold of 30 seconds. */
export const renewKey = Schedule.spaced("10 seconds")

/** Pruning Idempotency-Keys. */
export const pruneKeys = Schedule.spaced("10 minutes")

/** Forgetting the buckets of rates that are full. */
export const pruneRates = Schedule.spaced("10 minutes")

/** When upkeep that nobody waits for begins: within a minute of a start, since the start itself has enough to do, and replicas spread. */
export const upkeepBegins = Effect.flatMap(Random.nextBetween(1_000, 60_000), Effect.sleep)

/** Deleting rows past their retention: hourly, give or take a fifth, so that replicas spread. */
export const retentionPass = Schedule.spaced("1 hour").pipe(Schedule.jittered)

/** Between the batches of a long deletion, so that others get at the rows. */
export const betweenBatches = Schedule.spaced("100 millis")

/** Between the attempts of a migration whose scripts did not get their locks, for half a minute. */
export const migrateAgain = Schedule.spaced("250 millis").pipe(halfToFull, Schedule.upTo({ duration: "30 seconds" }))

/** Between two looks whether running services have done what a command waits for. */
export const lookAgain = Schedule.spaced("250 millis")

/** Looking for hires that a program of 0.2.0 wrote without telling the feed. */
export const announcing = Schedule.spaced("10 seconds").pipe(Schedule.jittered)

/** Reading a file anew that says which tokens hold: revocation has to reach every service within a minute. */
export const rereadFile = Schedule.spaced("10 seconds")

/** Fetching an issuer's keys anew, in the background. */
export const refetchKeys = Schedule.spaced("30 seconds")

/** Saying that a replica is here. */
export const sayHere = Schedule.spaced("15 seconds")

/** Upkeep that no caller waits for. */
export const hourly = Schedule.spaced("1 hour")

/** Probing a service that can't be reached: after 0.25, 0.5, 1, 2, then every 4 seconds, within the 5 s of domain.md. */
export const probe = Schedule.min([Schedule.exponential("250 millis", 2), Schedule.spaced("4 seconds")])

/**
 * Asking a service that this one needs whether it is ready: for the first time after a start, and again while it never was, thirty times. All of
 * them often start together, and each question costs the one that is asked what it needs for its start.
 */
export const pollFirst = "1 second"

/** The same while it is ready. */
export const pollHere = "10 seconds"

/** Asking what changed, for pages that listen. */
export const lookForChanges = "2 seconds"

/** Showing an event stream that it is not dead: proxies end what is silent for long. */
export const heartbeat = "15 seconds"

/** Looking for parts that are away, to alarm about them. */
export const watchAway = Schedule.spaced("5 seconds")

/** Looking for feeds that are held up, to alarm about them. */
export const watchFeeds = Schedule.spaced("10 seconds")

/** Looking whether due work waits for too long. */
export const watchLate = Schedule.spaced("10 seconds")

/**
 * The same while it is away: it is known to be back within the 5 s of domain.md. Not more often: each answer of a scheduler
 * that says it can't do its work costs its database two statements.
 */
export const pollAway = "3 seconds"

/** Trying a write of the database of this service while it can't be written. */
export const tryWrites = "1 second"

/**
 * The delay in milliseconds before the attempt that follows attempt `failed` (from 1), by a schedule stepped to it;
 * undefined when the schedule has ended. The delay is stored, so it survives the process.
 */
export const delayAfter = <O, E, R>(
  schedule: Schedule.Schedule<O, void, E, R>,
  failed: number,
): Effect.Effect<number | undefined, E, R> =>
  Effect.gen(function* () {
    const step = yield* Schedule.toStep(schedule)
    for (let attempt = 1; attempt <= failed; attempt++) {
      const next = yield* Effect.exit(step(0, undefined))
      if (next._tag === "Failure") return undefined
      if (attempt === failed) return Duration.toMillis(next.value[1])
    }
    return undefined
  })
