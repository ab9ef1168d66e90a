/** What an explanation rests on: rows as they were written when it was decided. All instants are epoch milliseconds. */
import type { DeadLetterState } from "@stint/domain/scheduler/DeadLetters"
import type { MissedCode, Run } from "@stint/domain/scheduler/Runs"
import type { Pause } from "./Pauses.ts"
import type { Segment } from "./Segments.ts"

/** A run, with what of it a person otherwise does not see. */
export interface RunFacts {
  readonly run: Run
  /** When it may be claimed; null while it waits for its goal's runs before it, and when it is final. */
  readonly claimable_at: number | null
  /** It runs while paused. */
  readonly forced: boolean
  readonly closed_at: number | null
  /** When it was made: its slot was decided then; null when that is not known. */
  readonly made_at: number | null
  /** Who asked for it, when it is not of the schedule. */
  readonly asked_by: string | null
  /** What it had been skipped for, before it was backfilled. */
  readonly skipped_for: string | null
}

/** Another run of the goal that decided over this one. */
export interface OtherRun {
  readonly scheduled_run_id: string
  readonly slot: number
}

/** A limit on how many runs are under way at once, that is reached. */
export interface ReachedLimit {
  readonly kind: "customer" | "agent_type"
  readonly subject: string
  readonly max_running: number
}

/** An execution whose run was removed since: it is kept longer. */
export interface OldExecution {
  readonly status: "pending" | "running" | "completed" | "failed"
  readonly started_at: number
  readonly completed_at: number | null
  readonly deliverable_id: string | null
  readonly error: { readonly type: string; readonly message: string } | null
}

/** The facts. */
export interface Facts {
  readonly now: number
  readonly at: number
  /** What the goal was to do since when; the last one holds now. */
  readonly segments: ReadonlyArray<Segment>
  /** The segment that governs the slot, or `at`; undefined before what is known. */
  readonly segment: Segment | undefined
  /** Since when what the goal does is known here; null when it never was. */
  readonly known_since: number | null
  readonly slot: number | null
  readonly starts_at: number | null
  readonly run: RunFacts | null
  readonly old: OldExecution | null
  readonly missed: {
    readonly from: number
    readonly to: number
    readonly reason: string
    readonly reason_code: MissedCode
    readonly recorded_at: number
  } | null
  /** The first slot of the goal that is not decided yet; null when there is none. */
  readonly undecided: number | null
  readonly letter: {
    readonly dlq_id: string
    readonly error: string | null
    readonly state: DeadLetterState
    readonly expires_at: number
    readonly closed_at: number | null
  } | null
  /** Pauses that touched the slot. */
  readonly pauses: ReadonlyArray<Pause>
  /** Who discarded the dead letter, and why. */
  readonly discard: { readonly by: string; readonly reason: string | null } | null
  /** The run that it waits behind, and how many there are before it. */
  readonly ahead: OtherRun & { readonly count: number } | null
  /** The limits that keep it from starting, though it is due. */
  readonly limits: ReadonlyArray<ReachedLimit>
  /** The run that was open when it was skipped, or that runs instead. */
  readonly rival: OtherRun | null
  readonly previous_slot: number | null
  readonly next_slot: number | null
}
