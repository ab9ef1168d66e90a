/** Where answers find their facts: everything by goal and index, in one consistent reading. */
import { Context, type Effect, type Option } from "effect"
import type { ActionRow } from "../Controls/Repo.ts"
import type { GoalRow, HireRow } from "../Model.ts"
import type { HistoryRow } from "../Projection/History.ts"
import type { Facts, OldExecution, OtherRun, ReachedLimit, RunFacts } from "./Facts.ts"
import type { Pause } from "./Pauses.ts"

/** How many rows of a goal's history before an instant, and after it, an answer looks at. */
export const HISTORY_ROWS = 100
/** How many runs of a minute, and how many pauses of a scope while a slot waited, an answer looks at. */
export const MOST = 200
/** How far from the closing of a dead letter the line of it stands in the log at most, in ms: both are of one transaction. */
export const LINE_NEAR = 60_000
/** How far runs before or after one are looked through for the one that decided over it. */
export const NEAR = 50

/** A run of a goal by its slot. */
export interface SlotRun {
  readonly scheduled_run_id: string
  /** Epoch ms. */
  readonly slot: number
  readonly ofSchedule: boolean
}

/** The answers' storage. `layerPg` stands in PgRepo.ts, `layerMemory` in MemoryRepo.ts. Instants are epoch ms. */
export class AnswersRepo extends Context.Service<AnswersRepo, {
  /** What is read inside is of one instant: a run that ends meanwhile is either there or ended, never lost between. */
  atOnce<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R>
  /** A goal and its hire as they are projected now. */
  goal(id: string): Effect.Effect<Option.Option<{ readonly goal: GoalRow; readonly hire: HireRow }>>
  /** The rows of a goal around an instant, the oldest first, and when the first that is kept begins. */
  history(
    id: string,
    at: number,
  ): Effect.Effect<{ readonly rows: ReadonlyArray<HistoryRow>; readonly since: number | null }>
  /** The runs of a goal whose slots are in [from, to), the earliest first. */
  runsIn(id: string, from: number, to: number): Effect.Effect<ReadonlyArray<SlotRun>>
  run(scheduled_run_id: string): Effect.Effect<RunFacts | null>
  /** The execution under a key whose run is not kept any more. */
  execution(idempotency_key: string): Effect.Effect<OldExecution | null>
  /** The missed range of a goal that holds a slot. */
  missed(id: string, slot: number): Effect.Effect<Facts["missed"]>
  letter(run: string): Effect.Effect<Facts["letter"]>
  /** Who discarded a dead letter of the goal, by the action log around its closing. */
  discard(id: string, dlq_id: string, closed_at: number): Effect.Effect<Facts["discard"]>
  /** The pause and resume lines of scopes that say what was paused in [from, to], and what follows it. */
  pauseLines(
    scopes: ReadonlyArray<Pause["scope"]>,
    from: number,
    to: number,
  ): Effect.Effect<ReadonlyArray<ActionRow>>
  /** The run of the goal that a waiting one waits behind. */
  ahead(id: string, waiting: SlotRun): Effect.Effect<Facts["ahead"]>
  /** The limits of a live run's customer and agent type that are reached now. */
  limitsReached(scheduled_run_id: string): Effect.Effect<ReadonlyArray<ReachedLimit>>
  /** The nearest run of the goal, before or after a slot, that was open when that one was closed. */
  openAt(id: string, slot: number, closed_at: number, which: "before" | "after"): Effect.Effect<OtherRun | null>
}>()("scheduler/AnswersRepo") {}
