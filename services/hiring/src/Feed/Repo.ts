/** The outbox as a feed reads it. Two storages, `RepoPg.ts` and `RepoMemory.ts`. */
import type { Change } from "@stint/domain/hiring/Feed"
import { Context, type Effect } from "effect"
import type { Cursor } from "./Cursor.ts"

/** How long a change is kept, in days (domain.md, "Rules: the whole"). */
export const KEEP_DAYS = 7
/** How many changes one pruning step removes at most. */
export const PRUNE_BATCH = 1000

/** What follows a cursor. */
export interface Followed {
  /** What was at the cursor is no longer kept, or the cursor is of another database: the reader has missed something. */
  readonly gone: boolean
  readonly items: ReadonlyArray<{ readonly at: Cursor; readonly change: Change }>
  /** Changes are there that can't be served yet, because an older transaction may still commit one before them. */
  readonly held: boolean
}

/** What a follower waits for, taken before it looks: `changed` succeeds when a later look may find more. */
export interface Watch {
  readonly changed: Effect.Effect<void>
  /** Whether word of a change comes by itself; if not, look again now and then. */
  readonly live: boolean
}

/** The change feed's storage. */
export class FeedRepo extends Context.Service<FeedRepo, {
  /** At most `limit` changes after the cursor, in the order of their transactions. */
  after(cursor: Cursor, limit: number): Effect.Effect<Followed>
  /** At most `limit` requests to run between the two places, in order. */
  runs(after: Cursor, before: Cursor, limit: number): Effect.Effect<Followed["items"]>
  /** The place that everything committed by now comes before, and nothing that commits later. */
  readonly end: Effect.Effect<Cursor>
  readonly watch: Effect.Effect<Watch>
  /** Removes up to a batch of changes that are past their time; how many went. */
  readonly prune: Effect.Effect<number>
}>()("hiring/FeedRepo") {}
