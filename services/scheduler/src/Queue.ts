/**
 * The queue of live runs (`run_queue`): every verb that puts a run in, claims it, and takes it out. Its states, and what
 * leads from one to another, stand in `Queue/Repo/Transitions.ts`.
 */
import { runKey, type RunOrigin } from "@stint/domain/scheduler/Runs"
import type { ScheduledRunId } from "@stint/domain/Ids"
import { Ids } from "@stint/edge/Ids"
import { Context, Effect, Layer, type Schema } from "effect"
import { type Cancellation, type ClaimedRun, iso, isoOf, type NewRun } from "./Model.ts"
import { type Claim, type ClaimRequest, makeClaim } from "./Queue/Claim.ts"
import { RANK } from "./Queue/Fair.ts"
import type { Outcome } from "./Queue/Outcome.ts"
import { makeWriteOutcomes, type Written } from "./Queue/Outcomes.ts"
import type { Making } from "@stint/domain/Making"
import { QueueRepo } from "./Queue/Repo.ts"
import type { Which } from "./Queue/Repo/Ends.ts"
import type { Looked } from "./Queue/Repo/Makings.ts"
import type { Next, Recorded, Started } from "./Queue/Repo/Unrecorded.ts"
import { fencedOf } from "./Queue/Row.ts"

/** A cancelled run that is to run after all. */
export interface Requeued {
  readonly scheduled_run_id: string
  /** Epoch milliseconds. */
  readonly claimable_at: number
  /** Whether it runs while paused; false unless it says. */
  readonly forced?: boolean
  /** What it is from now on; what it was, unless it says. */
  readonly origin?: RunOrigin
  /** Joins its `run_metadata`, which loses the reason for which it was cancelled. */
  readonly note?: Record<string, Schema.Json>
}

/** The next look at a run whose draft is being made. */
export interface NextLook {
  readonly run: ClaimedRun
  /** Null: what was said before. */
  readonly making: Making | null
  readonly delayMs: number
}

/** A run that was cancelled. */
export interface Cancelled {
  readonly scheduled_run_id: string
  readonly goal_instance_id: string
}

/** The cancellation by a person, who is named to operators only, and why. */
export const byOperator = (subject: string, reason: string | undefined): Cancellation => ({
  code: "cancelled_by_operator",
  words: `cancelled by ${subject}${reason === undefined ? "" : `: ${reason}`}`,
  metadata: { cancelled_by: subject, ...(reason === undefined ? {} : { cancel_reason: reason }) },
})

/** The rank of a run that was never tried. */
const rankOf = (run: NewRun): number =>
  run.queue?.forced ? RANK.forced : run.origin === "manual" || run.origin === "trigger" ? RANK.person : RANK.schedule

const rowOf = ({ cancelled, queue, slot, ...run }: NewRun) => ({
  ...run,
  scheduled_time: isoOf(slot),
  idempotency_key: runKey(run.goal_instance_id, slot),
  run_metadata: cancelled === undefined
    ? run.run_metadata
    : { ...run.run_metadata, ...cancelled.metadata, reason: cancelled.words },
  reason_code: cancelled?.code ?? null,
  queued: queue !== undefined,
  serial: queue?.serial ?? false,
  caught_up: queue?.caught_up ?? false,
  forced: queue?.forced ?? false,
  rank: rankOf({ ...run, slot, ...(queue === undefined ? {} : { queue }) }),
  due_at: iso(queue?.due_at),
  claimable_at: iso(queue?.claimable_at),
})

const startedRowsOf = (runs: ReadonlyArray<NewRun>) => ({
  runs: runs.map((run) => run.scheduled_run_id),
  goals: runs.map((run) => run.goal_instance_id),
  hires: runs.map((run) => run.hired_instance_id),
  customers: runs.map((run) => run.customer_id),
  slots: runs.map((run) => isoOf(run.slot)),
  serial: runs.map((run) => run.queue?.serial ?? false),
  caught_up: runs.map((run) => run.queue?.caught_up ?? false),
  dues: runs.map((run) => isoOf(run.queue?.due_at ?? run.slot)),
})

const claimedOf = (run: NewRun, { claimed_at, fence }: Started): ClaimedRun => ({
  scheduled_run_id: run.scheduled_run_id,
  goal_instance_id: run.goal_instance_id,
  hired_instance_id: run.hired_instance_id,
  customer_id: run.customer_id,
  scheduled_time: run.slot,
  attempt: 1,
  fence,
  claimed_at,
  serial: run.queue?.serial ?? false,
})

const recordedOf = (which: Which): Recorded =>
  "goal_instance_id" in which
    ? { goals: [which.goal_instance_id] }
    : "hired_instance_id" in which
    ? { hire: which.hired_instance_id }
    : { runs: [which.scheduled_run_id] }

/** Who claims as it makes, and for how long. */
export type Start = Pick<ClaimRequest, "holder" | "leaseMs">

/** The queue. Faults of the database are defects: they roll back whatever transaction they happen in. */
export class Queue extends Context.Service<Queue, {
  // In the caller's transaction

  /** Makes runs; those that were made. A slot or request that has a run already makes none. */
  enqueue(runs: ReadonlyArray<NewRun>): Effect.Effect<ReadonlyArray<ScheduledRunId>>
  /**
   * Makes runs and claims them at once, and says when goals fall due next; the runs that were made. They stand in the queue alone
   * until `record`, which their first renewal is as well. The caller has locked the goals, and holds the pause lock; this is the
   * last statement of its transaction.
   */
  start(runs: ReadonlyArray<NewRun>, lease: Start, next: Next): Effect.Effect<ReadonlyArray<ClaimedRun>>
  /** Puts cancelled runs back under their keys, with all their attempts; those that were cancelled. */
  requeue(runs: ReadonlyArray<Requeued>): Effect.Effect<ReadonlyArray<ScheduledRunId>>
  /** Cancels live runs, also held ones: what their holders make is discarded. */
  cancel(which: Which, why: Cancellation, only?: "unclaimed_slots"): Effect.Effect<ReadonlyArray<Cancelled>>
  /** Removes runs that were never claimed, live or cancelled, as if never made; those that were removed. */
  remove(runs: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<ScheduledRunId>>
  /**
   * Locks goals against whoever else decides over their runs, and records those that are not yet; the goals that there are.
   * Before a cancel and a releaseNext.
   */
  lockGoals(goals: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>>
  /** Makes the next waiting run of each goal ready, unless one of the goal's serial runs is open; how many. */
  releaseNext(goals: ReadonlyArray<string>): Effect.Effect<number>

  // In a transaction of its own

  /**
   * Records runs that stand in the queue alone, before somebody reads them; false when there was none. While the database can't
   * be written a reader sees what is recorded.
   */
  record(which: Recorded): Effect.Effect<boolean>
  /**
   * Takes ready runs under a lease and a new fence each, and counts their attempt. Lanes share (Queue/Fair.ts), and in a
   * lane the longest due goes first. It waits for a pause that is being written, and takes nothing that is paused, over a
   * limit, or a retry beyond the budget. A run whose lease ended comes back: from its third attempt alone, with nothing else
   * in hand, so that it can take no other run along, and after its last as a dead letter.
   */
  claim(request: ClaimRequest): Effect.Effect<Claim>
  /** Extends the leases of held runs; the fences that still stand. */
  renew(runs: ReadonlyArray<ClaimedRun>, leaseMs: number): Effect.Effect<ReadonlySet<number>>
  /** Completes, retries, releases, cancels and dead-letters held runs, each only if its fence still stands. */
  writeOutcomes(outcomes: ReadonlyArray<Outcome>): Effect.Effect<Written>
  /** Takes runs whose drafts are being made, and which are to be asked for again; of one that is not under way any more no run. */
  readonly takeLooks: Effect.Effect<ReadonlyArray<Looked>>
  /** When they are asked for next, and what was said of them, if anything was. */
  lookAgain(looks: ReadonlyArray<NextLook>): Effect.Effect<void>
  /** Forgets the makings of these claims. */
  forgetMakings(claims: ReadonlyArray<Pick<ClaimedRun, "scheduled_run_id" | "fence">>): Effect.Effect<void>
  /** Milliseconds until the next is to be asked for; undefined when none is being made. */
  readonly nextLook: Effect.Effect<number | undefined>
  /** Makes runs ready that are waiting behind no run: what a crash between two units of work can leave; how many. */
  readonly releaseStuck: Effect.Effect<number>
}>()("scheduler/Queue") {
  static readonly layer = Layer.effect(
    Queue,
    Effect.gen(function* () {
      const repo = yield* QueueRepo
      const ids = yield* Ids
      const writeOutcomes = makeWriteOutcomes(repo, ids.next("DLQ"))
      const claim = makeClaim(repo, writeOutcomes)
      const idsOf = (rows: ReadonlyArray<{ readonly scheduled_run_id: string }>) =>
        rows.map((row) => row.scheduled_run_id as ScheduledRunId)
      const lockGoals = Effect.fnUntraced(function* (goals: ReadonlyArray<string>) {
        const locked = (yield* repo.lockGoals(goals)).map((row) => row.goal_instance_id)
        if (locked.length > 0) yield* repo.record({ goals: locked }, { wait: true })
        return locked
      })
      const releaseNext = Effect.fnUntraced(function* (goals: ReadonlyArray<string>) {
        return goals.length === 0 ? 0 : (yield* repo.releaseNext({ goals, counted: [] })).length
      })
      const releaseStuck = Effect.gen(function* () {
        const goals = (yield* repo.stuckGoals()).map((row) => row.goal_instance_id)
        if (goals.length === 0) return 0
        yield* lockGoals(goals)
        return yield* releaseNext(goals)
      })

      const start = Effect.fnUntraced(function* (runs: ReadonlyArray<NewRun>, lease: Start, next: Next) {
        const taken = yield* repo.start({ ...lease, ...startedRowsOf(runs), next })
        const made = new Map(taken.map((run) => [run.scheduled_run_id, run]))
        return runs.flatMap((run): ReadonlyArray<ClaimedRun> => {
          const claim = made.get(run.scheduled_run_id)
          return claim === undefined ? [] : [claimedOf(run, claim)]
        })
      })
      const cancel = Effect.fnUntraced(function* (where: Which, why: Cancellation, only?: "unclaimed_slots") {
        const { code, metadata = {}, words } = why
        if (only === undefined) yield* repo.record(recordedOf(where), { wait: true })
        return yield* repo.cancel({ where, code, words, metadata, onlyUnclaimedSlots: only !== undefined })
      })
      const renew = Effect.fnUntraced(function* (runs: ReadonlyArray<ClaimedRun>, leaseMs: number) {
        yield* repo.record({ runs: runs.map((run) => run.scheduled_run_id) }, { wait: true })
        return new Set((yield* repo.renew({ runs: runs.map(fencedOf), leaseMs })).map((row) => row.fence))
      })

      return Queue.of({
        enqueue: (runs) => Effect.orDie(Effect.map(repo.enqueue(runs.map(rowOf)), idsOf)),
        requeue: (runs) =>
          Effect.orDie(Effect.map(
            repo.requeue(runs.map(({ claimable_at, forced = false, note = {}, origin = null, scheduled_run_id }) => ({
              id: scheduled_run_id,
              claimable_at: new Date(claimable_at).toISOString(),
              forced,
              origin,
              note,
            }))),
            idsOf,
          )),
        start: (runs, lease, next) => Effect.orDie(start(runs, lease, next)),
        cancel: (where, why, only) => Effect.orDie(cancel(where, why, only)),
        remove: (runs) => Effect.orDie(Effect.map(repo.remove(runs), idsOf)),
        lockGoals: (goals) => Effect.orDie(lockGoals(goals)),
        releaseNext: (goals) => Effect.orDie(releaseNext(goals)),
        claim: (request) => Effect.orDie(repo.atomically(claim(request))),
        // of a goal or a run also what is ending just now: its reader then finds the end
        record: (which) => {
          const wait = typeof which === "object" && ("goals" in which || "runs" in which)
          return Effect.orDie(repo.recordForReader(which, { wait }))
        },
        renew: (runs, leaseMs) => Effect.orDie(repo.atomically(renew(runs, leaseMs))),
        writeOutcomes: (outcomes) =>
          Effect.orDie(
            outcomes.every(({ _tag }) => _tag === "Completed")
              ? writeOutcomes(outcomes)
              : repo.atomically(writeOutcomes(outcomes)),
          ),
        takeLooks: Effect.orDie(Effect.suspend(() => repo.takeLooks())),
        lookAgain: (looks) =>
          Effect.orDie(
            repo.lookAgain(
              looks.map(({ delayMs, making, run }) => ({ ...fencedOf(run), delay: delayMs / 1000, making })),
            ),
          ),
        forgetMakings: (claims) => Effect.orDie(repo.forget(claims.map(fencedOf))),
        nextLook: Effect.orDie(Effect.map(Effect.suspend(() => repo.nextLook()), ({ wait }) => wait ?? undefined)),
        releaseStuck: Effect.orDie(repo.atomically(releaseStuck)),
      })
    }),
  ).pipe(Layer.provide(QueueRepo.layer))
}
