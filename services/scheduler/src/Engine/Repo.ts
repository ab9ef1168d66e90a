/** The engine's units of work: materialise, claim, renew, settle. Each is one transaction; the database's clock judges. */
import type { ScheduledRunId } from "@stint/domain/Ids"
import { Context, type Effect } from "effect"
import type { ClaimedRun, GoalRow } from "../Model.ts"
import type { DuePlan, Open } from "./Plan.ts"
import type { Outcome } from "./Outcome.ts"

/** A goal that has fallen due, with what its decision needs. */
export interface DueGoal {
  readonly goal: GoalRow
  readonly timezone: string
  readonly open: Open
}

/** Who claims, how many at most, and for how long. */
export interface ClaimRequest {
  readonly holder: string
  readonly limit: number
  readonly leaseMs: number
  readonly maxAttempts: number
  /**
   * What to do when there is a run that two holders or more were lost with, which may be what killed them: take it, alone,
   * since nothing else is in hand; wait, taking nothing, until that is so; or skip it, since others have waited for it.
   */
  readonly suspects: "take" | "wait" | "skip"
  /** How many retries a second the budget gains by time alone. */
  readonly retriesPerSecond: number
}

/** How many slots one unit makes runs of before it leaves the other goals to the next: a day's catching up of one may be more. */
export const SLOTS_AT_ONCE = 2_000

/** What a claim took, and whether there may be more that could be taken now: another replica may have had it locked. */
export interface Claim {
  readonly runs: ReadonlyArray<ClaimedRun>
  /** It is one run that two holders were lost with: nothing else is to be in hand beside it. */
  readonly alone: boolean
  readonly open: boolean
}

/** The engine's storage. `layerPg` stands in PgRepo.ts, `layerMemory` in MemoryRepo.ts. */
export class EngineRepo extends Context.Service<EngineRepo, {
  /** Decides over up to `limit` goals that have fallen due, or puts those aside that are paused; how many there were. */
  materialise(limit: number, plan: (due: DueGoal, now: number) => DuePlan): Effect.Effect<number>
  /**
   * Takes due runs under a lease and a new fence each; counts their attempt. Lanes share (Fair.ts), and in a lane the
   * longest due goes first. It waits for a pause that is being written, and takes nothing that is paused, over a limit, or
   * a retry beyond the budget. A run whose holder was lost comes back when its lease ends: from its third attempt alone
   * and with nothing else in hand, so that it can take nobody along, and after its last as a dead letter.
   */
  claim(request: ClaimRequest): Effect.Effect<Claim>
  /** Holds these claims longer; those that are still held come back by fence. */
  renew(runs: ReadonlyArray<ClaimedRun>, leaseMs: number): Effect.Effect<ReadonlySet<number>>
  /** Writes outcomes, each only if its fence still stands; how many stood, and how many waiting runs may start now. */
  settle(outcomes: ReadonlyArray<Outcome>): Effect.Effect<{ readonly settled: number; readonly released: number }>
  /** Whether a run is ready, and in how many milliseconds the next falls due; undefined when none is to come. */
  look(): Effect.Effect<{ readonly ready: boolean; readonly wake: number | undefined }>
  /** Lets a waiting run start whose goal has none under way: what a crash between two units could leave behind. */
  sweep(): Effect.Effect<number>
}>()("scheduler/EngineRepo") {}

/** The id of a run's execution: one a run, so it is derived from the run's. */
export const runIdOf = (id: ScheduledRunId | string): string => id.replace(/^SCH-/, "RUN-")
