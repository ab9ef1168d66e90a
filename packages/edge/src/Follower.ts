/**
 * Follows a feed by its cursor. Each page is applied in one transaction with the cursor that follows it, so a change is
 * applied once, however often it is read and by however many replicas.
 */
import { Clock, Context, Effect, Fiber, Layer, Schema, type Scope } from "effect"
import { lasted } from "./Absence.ts"
import { StateMetrics } from "./Metrics.ts"
import { outage } from "./OutageLog.ts"
import { delayAfter, rebuildAgain, reconnect } from "./Schedules.ts"
import * as Watchdog from "./Watchdog.ts"

/** How long one poll may take before the watchdog says so: a long poll, and a page applied to a busy database. */
const POLL = "90 seconds"
/** The same for a rebuild from the snapshot, which reads and writes everything. */
const REBUILD = "10 minutes"

/** The feed no longer has what follows the cursor: the projection has to be rebuilt from a snapshot. `why` is for the log. */
export class CursorGone extends Schema.TaggedError<CursorGone>()("CursorGone", { why: Schema.String }) {}

/** How a follower fares. */
export interface Fares {
  /** When it last got a page, or began: epoch milliseconds. */
  workedAt: number
  /** Whether it has failed, or had to begin again, since then. */
  held: boolean
  /** How often it has rebuilt without a page in between. */
  rebuilds: number
  /** The service whose feed it is. */
  readonly of?: string
}

/** How each follower of the service fares, by its name; outside of a service they are the process'. */
export const Followers = Context.Reference<Map<string, Fares>>("stint/Followers", { defaultValue: () => new Map() })

/** A feed that brings nothing for so long is held up, in milliseconds: a restart or a deployment takes less. */
const HELD_UP_MS = 60_000

/** A follower that has got nothing from its feed, or had to begin again, for too long. */
export interface HeldUp {
  readonly feed: string
  /** The service whose feed it is, where that is known. */
  readonly of?: string
  /** When it last got a page, or began: epoch milliseconds. */
  readonly since: number
  /** One line for a person. */
  readonly detail: string
}

/** Those of these followers that are held up. */
export const heldUp = (followers: ReadonlyMap<string, Fares>, now: number): ReadonlyArray<HeldUp> =>
  [...followers].filter(([, { held, workedAt }]) => held && now - workedAt >= HELD_UP_MS)
    .map(([feed, { of, rebuilds, workedAt }]) => ({
      feed,
      ...(of === undefined ? {} : { of }),
      since: workedAt,
      detail: `no page of it was got for ${lasted(now - workedAt)}` +
        (rebuilds === 0 ? "" : `; what it tells was rebuilt ${rebuilds === 1 ? "once" : `${rebuilds} times`} since`),
    }))

/** The followers of a service, with their gauges. */
export const layer = Layer.unwrap(Effect.gen(function* () {
  const state = yield* StateMetrics
  const all = new Map<string, Fares>()
  const figures = Effect.map(
    Clock.currentTimeMillis,
    (now) =>
      [...all].flatMap(([feed, { held, rebuilds, workedAt }]) => [
        {
          name: "follower_held_seconds",
          help: "For how long a follower of a feed has got nothing from it; 0 while it follows",
          labels: { feed },
          value: held ? (now - workedAt) / 1000 : 0,
        },
        {
          name: "follower_rebuilds_in_a_row",
          help: "How often a follower has rebuilt its projection without a page of the feed in between",
          labels: { feed },
          value: rebuilds,
        },
      ]),
  )
  yield* state.add("followers", figures, "1 second")
  return Layer.succeed(Followers, all)
}))

/** A page of a feed. `cursor` is where the next one begins, also when `items` is empty. */
export interface FeedPage<Item> {
  readonly items: ReadonlyArray<Item>
  readonly cursor: string
}

/** A feed, and the projection that its changes are applied to. */
export interface Following<Item, E, R> {
  /** For the log and the watchdog. */
  readonly name: string
  /** The service whose feed it is: while that is away, the feed is held up for no other reason. */
  readonly of?: string
  /** The stored cursor; undefined before the first rebuild. */
  readonly load: Effect.Effect<string | undefined, E, R>
  /** The page after a cursor. It waits (long poll) while there is none: the follower asks again at once. */
  readonly fetch: (after: string) => Effect.Effect<FeedPage<Item>, E | CursorGone, R>
  /** After a page of so many items there is surely another one: it is asked for while this one is applied. Never unless given. */
  readonly full?: number
  /**
   * Applies a page and stores its cursor, in one transaction, if the stored cursor still is `after`; else it changes
   * nothing. Its result is ignored: the cursor is loaded anew either way.
   */
  readonly apply: (page: FeedPage<Item> & { readonly after: string }) => Effect.Effect<unknown, E, R>
  /**
   * Rebuilds the projection from a snapshot, and stores the feed's cursor from before the snapshot, if the stored one
   * still is `stale` (undefined: there is none). False: another replica does it, or has done it.
   */
  readonly rebuild: (stale: string | undefined) => Effect.Effect<boolean, E, R>
}

/** Between two looks whether another replica has rebuilt, in milliseconds. */
const LOOK_AGAIN = 1_000

/**
 * Follows for ever. A failure or defect (the feed or the database is away) is retried by the schedule `reconnect`, which
 * starts over after each success. The log says when it has failed for some seconds, and when it goes on. A projection that
 * has to be rebuilt again right after it was waits by the schedule `rebuildAgain`, and says so.
 */
export const follow = <Item, E, R>(feed: Following<Item, E, R>): Effect.Effect<never, never, R> => {
  const { failed, worked } = outage(feed.name)

  const faring = Effect.gen(function* () {
    const all = yield* Followers
    let fares = all.get(feed.name)
    if (fares === undefined) {
      const { of } = feed
      fares = {
        workedAt: yield* Clock.currentTimeMillis,
        held: false,
        rebuilds: 0,
        ...(of === undefined ? {} : { of }),
      }
      all.set(feed.name, fares)
    }
    return fares
  })

  const rebuild = Effect.fnUntraced(function* ({ stale, why }: Gone) {
    const fares = yield* faring
    fares.held = true
    if (stale !== undefined) yield* Effect.logWarning(`${feed.name}: begins again from a snapshot: ${why}`)
    if (fares.rebuilds > 0) {
      const wait = (yield* delayAfter(rebuildAgain, fares.rebuilds)) ?? 0
      yield* Effect.logError(
        `${feed.name}: its cursor was refused right after a rebuild, ${fares.rebuilds} in a row; ` +
          `the next one waits ${Math.round(wait / 1000)} s`,
      )
      yield* Effect.sleep(wait)
    }
    const done = yield* Watchdog.guard(`${feed.name}: rebuild`, REBUILD)(feed.rebuild(stale))
    if (done) fares.rebuilds++
    else yield* Effect.sleep(LOOK_AGAIN)
  })

  /** The page after a cursor that was asked for already. */
  let ahead: Ahead<Item, E> | undefined

  const pageAfter = Effect.fnUntraced(function* (after: string) {
    const asked = ahead
    ahead = undefined
    if (asked?.after === after) return yield* Fiber.join(asked.page)
    if (asked !== undefined) yield* Fiber.interrupt(asked.page)
    return yield* feed.fetch(after)
  })

  const askAhead = Effect.fnUntraced(function* ({ cursor: after, items }: FeedPage<Item>) {
    if (items.length >= (feed.full ?? Infinity)) ahead = { after, page: yield* Effect.forkScoped(feed.fetch(after)) }
  })

  const poll = Effect.gen(function* () {
    yield* Watchdog.step("loads the cursor")
    const after = yield* feed.load
    if (after === undefined) return { stale: undefined, why: "there is no cursor" }
    yield* Watchdog.step(`waits for the page after ${after}`)
    const page = yield* Effect.catchTag(
      pageAfter(after) as Effect.Effect<FeedPage<Item>, CursorGone | E, R>,
      "CursorGone",
      (gone) => Effect.succeed({ stale: after, why: (gone as CursorGone).why }),
    )
    if ("stale" in page) return page
    if (page.cursor === after) return undefined
    yield* askAhead(page)
    yield* Watchdog.step(`applies ${page.items.length} changes after ${after}`)
    yield* feed.apply({ ...page, after })
    return undefined
  }) as Effect.Effect<Gone | undefined, E, R | Scope.Scope>

  const followed = Effect.gen(function* () {
    const fares = yield* faring
    fares.workedAt = yield* Clock.currentTimeMillis
    fares.held = false
    fares.rebuilds = 0
    yield* worked
  })

  return Watchdog.guard(feed.name, POLL)(poll).pipe(
    Effect.flatMap((gone) => gone === undefined ? followed : rebuild(gone)),
    Effect.sandbox,
    Effect.tapError((cause) => Effect.andThen(failed(cause), Effect.map(faring, (fares) => void (fares.held = true)))),
    Effect.retry(reconnect),
    Effect.orDie,
    Effect.forever,
    Effect.scoped,
  )
}

/** A page that was asked for before the one before it was applied. */
interface Ahead<Item, E> {
  readonly after: string
  readonly page: Fiber.Fiber<FeedPage<Item>, E | CursorGone>
}

/** Why a projection has to be rebuilt; `stale` is the cursor that is gone, undefined when there is none. */
interface Gone {
  readonly stale: string | undefined
  readonly why: string
}
