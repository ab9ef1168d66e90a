/**
 * Follows a feed by cursor: page after page, each applied together with the cursor that it leads to, so that what was
 * read is applied once however often it is read, and by however many replicas.
 */
import { Effect, Schema } from "effect"
import { outage } from "./Outage.ts"
import { reconnect } from "./Schedules.ts"

/** The feed no longer keeps what comes after the cursor: the follower starts again from what is. */
export class CursorGone extends Schema.TaggedError<CursorGone>()("CursorGone", {}) {}

/** A stretch of a feed; `cursor` is where to go on, also when `items` is empty. */
export interface Stretch<Item> {
  readonly items: ReadonlyArray<Item>
  readonly cursor: string
}

/** A feed, and the place where its changes end up. */
export interface Following<Item, E, R> {
  /** For the log. */
  readonly name: string
  /** The stored cursor; undefined before the first rebuild. */
  readonly load: Effect.Effect<string | undefined, E, R>
  /** The stretch after a cursor. It waits (long poll) while there is nothing: the follower asks again at once. */
  readonly fetch: (after: string) => Effect.Effect<Stretch<Item>, E | CursorGone, R>
  /**
   * Applies a stretch and moves the cursor on, in one transaction, if the stored cursor still is `after`; else changes
   * nothing. What it returns does not matter: the cursor is loaded anew either way.
   */
  readonly apply: (stretch: Stretch<Item> & { readonly after: string }) => Effect.Effect<unknown, E, R>
  /**
   * Makes the place agree with what is, and stores the feed's cursor from before it looked, if the stored one still is
   * `stale` (undefined: none).
   */
  readonly rebuild: (stale: string | undefined) => Effect.Effect<unknown, E, R>
}

/**
 * Follows for ever. Whatever fails (the feed or the database is away, a defect) is tried again by the schedule
 * `reconnect`, which starts over after each success; the log says when it has failed for some seconds and when it goes on.
 */
export const follow = <Item, E, R>(feed: Following<Item, E, R>): Effect.Effect<never, never, R> => {
  const { failed, worked } = outage(feed.name)

  const step = Effect.gen(function* () {
    const after = yield* feed.load
    if (after === undefined) return yield* feed.rebuild(undefined)
    const stretch = yield* Effect.catchTag(
      feed.fetch(after) as Effect.Effect<Stretch<Item>, CursorGone | E, R>,
      "CursorGone",
      () => Effect.succeed(undefined),
    )
    if (stretch === undefined) return yield* feed.rebuild(after)
    if (stretch.cursor !== after) yield* feed.apply({ ...stretch, after })
  }) as Effect.Effect<void, E, R>

  return step.pipe(
    Effect.andThen(worked),
    Effect.sandbox,
    Effect.tapError(failed),
    Effect.retry(reconnect),
    Effect.orDie,
    Effect.forever,
  )
}
