/**
 * Follows a feed by its cursor. Each page is applied in one transaction with the cursor that follows it, so a change is
 * applied once, however often it is read and by however many replicas.
 */
import { Effect, Schema } from "effect"
import { outage } from "./OutageLog.ts"
import { reconnect } from "./Schedules.ts"
import * as Watchdog from "./Watchdog.ts"

/** How long one poll may take before the watchdog says so: a long poll, and a page applied to a busy database. */
const POLL = "90 seconds"
/** The same for a rebuild from the snapshot, which reads and writes everything. */
const REBUILD = "10 minutes"

/** The feed no longer keeps what follows the cursor: the projection has to be rebuilt from a snapshot. */
export class CursorGone extends Schema.TaggedError<CursorGone>()("CursorGone", {}) {}

/** A page of a feed. `cursor` is where the next one begins, also when `items` is empty. */
export interface FeedPage<Item> {
  readonly items: ReadonlyArray<Item>
  readonly cursor: string
}

/** A feed, and the projection that its changes are applied to. */
export interface Following<Item, E, R> {
  /** For the log and the watchdog. */
  readonly name: string
  /** The stored cursor; undefined before the first rebuild. */
  readonly load: Effect.Effect<string | undefined, E, R>
  /** The page after a cursor. It waits (long poll) while there is none: the follower asks again at once. */
  readonly fetch: (after: string) => Effect.Effect<FeedPage<Item>, E | CursorGone, R>
  /**
   * Applies a page and stores its cursor, in one transaction, if the stored cursor still is `after`; else it changes
   * nothing. Its result is ignored: the cursor is loaded anew either way.
   */
  readonly apply: (page: FeedPage<Item> & { readonly after: string }) => Effect.Effect<unknown, E, R>
  /**
   * Rebuilds the projection from a snapshot, and stores the feed's cursor from before the snapshot, if the stored one
   * still is `stale` (undefined: there is none).
   */
  readonly rebuild: (stale: string | undefined) => Effect.Effect<unknown, E, R>
}

/**
 * Follows for ever. A failure or defect (the feed or the database is away) is retried by the schedule `reconnect`, which
 * starts over after each success. The log says when it has failed for some seconds, and when it goes on.
 */
export const follow = <Item, E, R>(feed: Following<Item, E, R>): Effect.Effect<never, never, R> => {
  const { failed, worked } = outage(feed.name)

  const rebuild = (stale: string | undefined) => Watchdog.guard(`${feed.name}: rebuild`, REBUILD)(feed.rebuild(stale))

  const poll = Effect.gen(function* () {
    yield* Watchdog.step("loads the cursor")
    const after = yield* feed.load
    if (after === undefined) return { stale: undefined }
    yield* Watchdog.step(`waits for the page after ${after}`)
    const page = yield* Effect.catchTag(
      feed.fetch(after) as Effect.Effect<FeedPage<Item>, CursorGone | E, R>,
      "CursorGone",
      () => Effect.succeed(undefined),
    )
    if (page === undefined) return { stale: after }
    if (page.cursor === after) return undefined
    yield* Watchdog.step(`applies ${page.items.length} changes after ${after}`)
    yield* feed.apply({ ...page, after })
    return undefined
  }) as Effect.Effect<{ readonly stale: string | undefined } | undefined, E, R>

  return Watchdog.guard(feed.name, POLL)(poll).pipe(
    Effect.flatMap((gone) => gone === undefined ? Effect.void : rebuild(gone.stale)),
    Effect.andThen(worked),
    Effect.sandbox,
    Effect.tapError(failed),
    Effect.retry(reconnect),
    Effect.orDie,
    Effect.forever,
  )
}
