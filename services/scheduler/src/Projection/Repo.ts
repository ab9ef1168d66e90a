/** Where the projection of hiring is kept. One method per atomic unit. */
import type { Change } from "@stint/domain/hiring/Feed"
import { Context, type Effect } from "effect"

/** How many milliseconds a manual run moves on at most to find a free slot. */
export const FREE_SLOT_TRIES = 1000

/** The projection's storage. `layerPg` stands in PgRepo.ts, `layerMemory` in MemoryRepo.ts. */
export class ProjectionRepo extends Context.Service<ProjectionRepo, {
  /** How far the feed was followed; null before the first snapshot. */
  cursor(): Effect.Effect<string | null>
  /**
   * Applies changes and moves the cursor, together or not at all. False, and nothing happened, when the cursor is not
   * `after` any more: another replica was faster.
   */
  apply(
    changes: ReadonlyArray<Change>,
    move: { readonly after: string | null; readonly to: string | null },
  ): Effect.Effect<boolean>
  /** Ends what a complete snapshot no longer has: goals that are not among `goals`. */
  retain(goals: ReadonlySet<string>): Effect.Effect<void>
}>()("scheduler/ProjectionRepo") {}
