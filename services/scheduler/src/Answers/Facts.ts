/** The facts about an instant of a goal, from which `why` decides. All instants are epoch milliseconds. */
import type { RunRow } from "../Runs/Row.ts"
import type { Pause } from "./Pauses.ts"
import type {
  DeadLetterOfRun,
  Discard,
  DroppedRange,
  MissedRange,
  OldExecution,
  OtherRun,
  ReachedLimit,
  RunAhead,
  RunDetails,
} from "./Row.ts"
import type { Segment } from "../Timeline.ts"

/** A run with its details. */
export interface RunFacts extends Readonly<typeof RunDetails.Type> {
  readonly run: RunRow
}

export interface Facts {
  readonly now: number
  /** The instant that was asked about. */
  readonly at: number
  /** The versions of the goal over time; the last one holds now. */
  readonly segments: ReadonlyArray<Segment>
  /** The segment that governs the slot, or `at`; undefined before the first. */
  readonly segment: Segment | undefined
  /** Since when the goal is known here; null when it never was. */
  readonly known_since: number | null
  readonly slot: number | null
  readonly starts_at: number | null
  readonly run: RunFacts | null
  readonly old: OldExecution | null
  readonly missed: MissedRange | null
  /** The slot was dropped before it was decided. */
  readonly dropped: DroppedRange | null
  /** The first slot of the goal that is not decided yet; null when there is none. */
  readonly undecided: number | null
  readonly deadLetter: DeadLetterOfRun | null
  readonly discard: Discard | null
  /** The pauses during which the slot could have started. */
  readonly pauses: ReadonlyArray<Pause>
  /** The run that it waits for. */
  readonly ahead: RunAhead | null
  /** The reached limits that keep it from starting, though it is due. */
  readonly limits: ReadonlyArray<ReachedLimit>
  /** The run that was open when the slot was skipped, or that runs instead. */
  readonly rival: OtherRun | null
  readonly previous_slot: number | null
  readonly next_slot: number | null
}
