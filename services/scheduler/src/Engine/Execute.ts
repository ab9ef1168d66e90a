/** Executes claimed runs: one call to deliverables for all of them while their leases are held, then their outcomes. */
import { runKey } from "@stint/domain/scheduler/Runs"
import { delayAfter, reconnect, runRetry } from "@stint/edge/Schedules"
import { Clock, Effect, Schedule } from "effect"
import { Neighbours } from "@stint/edge/Neighbours"
import { Away, type CallFailed, Drafts, NO_ANSWER } from "../Clients.ts"
import type { ClaimedRun, Versions } from "../Model.ts"
import { ProjectionRepo } from "../Projection/Repo.ts"
import { Queue } from "../Queue.ts"
import { LEASE_MS } from "../Queue/Lease.ts"
import type { Outcome } from "../Queue/Outcome.ts"
import type { Written } from "../Queue/Outcomes.ts"
import { DOWNSTREAM, type makeBreaker } from "./Breaker.ts"
import { byCustomer, makeBulkhead } from "./Bulkhead.ts"
import { failed, isDrafted, outcomeOf } from "./Classify.ts"
import { makeRunSpans } from "./Spans.ts"

/** How long until a run may be claimed again that was claimed while deliverables went away, in milliseconds. */
const AWAY_DELAY = 200

/** How long until a run may be claimed again whose customer's calls fail, in milliseconds. */
const APART_DELAY = 2_000
/** How many calls of one claim run at once, when it is parted. */
const CALLS = 8

type Runs = ReadonlyArray<ClaimedRun>
/** The versions of runs' goals, by id, and of their hires. */
type Known = ReadonlyMap<string, Versions> | undefined

/** Holds the leases of runs until interrupted; ends when they can't be held any more, before a lease can end. */
const holdLeases = Effect.fnUntraced(function* (queue: Queue["Service"], runs: Runs) {
  let renewed = yield* Clock.currentTimeMillis
  while (true) {
    yield* Effect.sleep(LEASE_MS / 3)
    const still = yield* queue.renew(runs, LEASE_MS).pipe(Effect.timeout(LEASE_MS / 6), Effect.exit)
    const now = yield* Clock.currentTimeMillis
    if (still._tag === "Success" && still.value.size > 0) renewed = now
    else if (still._tag === "Success" || now - renewed >= LEASE_MS / 3 * 2) return
  }
})

/** An outcome for each run, with the delay before its next attempt drawn anew. */
const eachRun = (runs: Runs, outcome: (run: ClaimedRun, delayMs: number | undefined) => Outcome) =>
  Effect.forEach(runs, (run) => Effect.map(delayAfter(runRetry, run.attempt), (delay) => outcome(run, delay)))

const released = (runs: Runs, delayMs: number): ReadonlyArray<Outcome> =>
  runs.map((run) => ({ _tag: "Released", run, delayMs }))

/** Makes the drafts of claimed runs: an outcome for each. */
export const makeCall = Effect.fnUntraced(function* (breaker: Effect.Success<typeof makeBreaker>) {
  const drafts = yield* Drafts
  const projection = yield* ProjectionRepo
  const neighbours = yield* Neighbours
  const bulkhead = makeBulkhead()

  /** Those that the claim decided by, where it tells them. Else they are read, after the claim: so they are those, or newer. */
  const versionsOf = (runs: Runs, decidedBy: Known) =>
    decidedBy !== undefined ? Effect.succeed(decidedBy) : Effect.catchDefect(
      projection.versions(runs.map((run) => run.goal_instance_id)),
      () => Effect.succeed(new Map<string, Versions>()),
    )

  /** A call that got no answer says nothing of deliverables: it may be away, or slow at these runs. So it is asked. */
  const make = (runs: Runs, decidedBy: Known) =>
    Effect.flatMap(versionsOf(runs, decidedBy), (versions) => drafts.make(runs, versions)).pipe(
      Effect.catchTag(
        "CallFailed",
        (error) =>
          NO_ANSWER.has(error.type)
            ? Effect.flatMap(
              neighbours.ask(DOWNSTREAM),
              (fault) => Effect.fail(fault === undefined ? error : new Away({ how: fault.how, message: fault.detail })),
            )
            : Effect.fail(error),
      ),
      Effect.tapErrorTag("Away", ({ how, message }) => neighbours.failed(DOWNSTREAM, { how, detail: message })),
      Effect.tap(() => neighbours.answered(DOWNSTREAM)),
    )

  const alone = (run: ClaimedRun, error: CallFailed): Effect.Effect<ReadonlyArray<Outcome>> => {
    if (NO_ANSWER.has(error.type) && !bulkhead.isCharged(run)) return Effect.succeed(released([run], APART_DELAY))
    return eachRun([run], (run, delay) => failed(run, { type: error.type, message: error.message }, delay))
  }

  const one = Effect.fnUntraced(function* (runs: Runs, decidedBy: Known): Effect.fn.Return<ReadonlyArray<Outcome>> {
    const answered = yield* Effect.result(breaker.through(make(runs, decidedBy)))
    if (answered._tag === "Success") {
      const byKey = new Map(answered.success.map((answer) => [answer.idempotency_key, answer]))
      bulkhead.answered(runs)
      const outcomes: Array<Outcome> = []
      for (const run of runs) {
        const answer = byKey.get(runKey(run.goal_instance_id, run.scheduled_time))
        // nearly all have a draft, and need no delay: to step the schedule for each cost more than all else here
        const delay = answer !== undefined && isDrafted(answer) ? undefined : yield* delayAfter(runRetry, run.attempt)
        outcomes.push(outcomeOf(run, answer, delay))
      }
      return outcomes
    }
    const error = answered.failure
    if (error._tag !== "CallFailed") return released(runs, AWAY_DELAY)
    const customers = byCustomer(runs)
    if (customers.length > 1) {
      yield* Effect.logWarning(
        `a call for ${customers.length} customers failed, and is made for each: ${error.message}`,
      )
      return (yield* Effect.forEach(customers, (own) => one(own, decidedBy), { concurrency: CALLS })).flat()
    }
    bulkhead.failed(runs)
    if (runs.length === 1) return yield* alone(runs[0]!, error)
    yield* Effect.logWarning(
      `a call for ${runs.length} runs of ${runs[0]!.customer_id} failed, and is made for fewer: ${error.message}`,
    )
    return released(runs, AWAY_DELAY)
  })

  return Effect.fnUntraced(function* (runs: Runs, decidedBy: Known) {
    const { groups, later } = bulkhead.part(runs)
    const outcomes = yield* Effect.forEach(
      groups,
      (group) => Effect.ensuring(one(group, decidedBy), Effect.sync(() => bulkhead.done(group))),
      { concurrency: CALLS },
    )
    return [...outcomes.flat(), ...released(later, APART_DELAY)]
  })
})

/**
 * Whether these outcomes left nothing behind that the engine could go on with: no retry, and no run that waited for these. Where not
 * all were written nobody knows: they may have been by a commit whose answer was lost, which then released what waited.
 */
const isQuiet = (outcomes: ReadonlyArray<Outcome>, { released, written }: Written) =>
  released === 0 && written === outcomes.length && outcomes.every(({ _tag }) => _tag === "Completed")

/**
 * Executes runs, under the versions that they were decided by, if these are known; interrupted, it releases them. `setAside` is
 * told when some of them are being made. True when there may be something to do now that there was not before.
 */
export const makeExecute = Effect.fnUntraced(function* (
  call: Effect.Success<ReturnType<typeof makeCall>>,
  setAside: Effect.Effect<void>,
) {
  const queue = yield* Queue
  const spans = yield* makeRunSpans

  const write = (outcomes: ReadonlyArray<Outcome>) =>
    queue.writeOutcomes(outcomes).pipe(
      // the database may restart meanwhile: an outcome that is written twice finds its fence gone and changes nothing
      Effect.sandbox,
      Effect.retry(reconnect.pipe(Schedule.upTo({ duration: LEASE_MS }))),
      Effect.tap(outcomes.some(({ _tag }) => _tag === "Making") ? setAside : Effect.void),
      Effect.map((written) => !isQuiet(outcomes, written)),
      Effect.catchCause((cause) =>
        Effect.as(
          Effect.logWarning("outcomes could not be written; the runs are retried when their leases end", cause),
          true,
        )
      ),
    )

  return (runs: Runs, decidedBy?: ReadonlyMap<string, Versions>) =>
    Effect.raceFirst(spans(runs, call(runs, decidedBy)), Effect.as(holdLeases(queue, runs), undefined)).pipe(
      Effect.flatMap((outcomes) =>
        outcomes === undefined
          ? Effect.as(Effect.logWarning(`stopped ${runs.length} runs: their leases could not be renewed`), true)
          : write(outcomes)
      ),
      Effect.onInterrupt(() => write(released(runs, 0))),
    )
})
