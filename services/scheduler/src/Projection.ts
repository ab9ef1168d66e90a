/**
 * The projection of hiring: which goals may run, and when each falls due next. It follows hiring's feed. While hiring is away,
 * goals go on falling due as they were last received, and the feed is retried (packages/edge/src/Follower.ts).
 */
import type { GoalInstanceId } from "@stint/domain/Ids"
import { GoalDisabled, GoalNotFound, HireNotRunnable } from "@stint/domain/hiring/Goals"
import { Unavailable } from "@stint/domain/Problem"
import { CursorGone, follow } from "@stint/edge/Follower"
import { reconnect } from "@stint/edge/Schedules"
import * as Watchdog from "@stint/edge/Watchdog"
import { Context, Effect, Layer, Option } from "effect"
import { Hiring, PAGE } from "./Clients.ts"
import { Nudge } from "./Nudge.ts"
import { notRunnable } from "./Projection/History.ts"
import { type ProjectedGoal, ProjectionRepo } from "./Projection/Repo.ts"
import type { Rebuild } from "./Projection/Repo/Rebuild.ts"

/** How long one long poll waits for a change, in milliseconds. */
const LONG_POLL = 25_000
/** How often, and how many times, a goal that hiring knows is looked up until the feed has brought it; milliseconds. */
const LOOK_AGAIN = 100
const LOOKS = 20
/** How long the next slots of all goals are derived before it is said that this takes long. */
const REDERIVATION = "10 minutes"

export class Projection extends Context.Service<Projection, {
  /**
   * A goal that may run, with its hire. A goal that is not projected may be newer than the feed was read: hiring is asked
   * before it is a 404.
   */
  runnable(
    id: GoalInstanceId,
  ): Effect.Effect<ProjectedGoal, GoalNotFound | GoalDisabled | HireNotRunnable | Unavailable>
}>()("scheduler/Projection") {
  static readonly layer = Layer.effect(
    Projection,
    Effect.gen(function* () {
      const repo = yield* ProjectionRepo
      const hiring = yield* Hiring

      const find = Effect.fnUntraced(function* (id: GoalInstanceId) {
        const known = yield* repo.find(id)
        if (Option.isSome(known)) return known.value
        const { goals } = yield* hiring.lookup(id).pipe(
          Effect.mapError(() =>
            new Unavailable({
              detail: "hiring can't be reached, and the scheduler has not yet received this goal; try again",
            })
          ),
        )
        if (goals.length === 0) return yield* new GoalNotFound({ detail: id })
        for (let looks = 0; looks < LOOKS; looks++) {
          yield* Effect.sleep(LOOK_AGAIN)
          const arrived = yield* repo.find(id)
          if (Option.isSome(arrived)) return arrived.value
        }
        return yield* new Unavailable({ detail: "the scheduler has not yet received this goal from hiring; try again" })
      })

      const runnable = Effect.fn("Projection.runnable")(function* (id: GoalInstanceId) {
        const found = yield* find(id)
        if (!found.hire.runnable) return yield* new HireNotRunnable({ detail: notRunnable(found.hire).words })
        if (!found.goal.enabled) return yield* new GoalDisabled({ detail: "Its customer has switched it off" })
        return found
      })

      return Projection.of({ runnable })
    }),
  )

  /** Follows hiring's feed; begins again from a snapshot when its cursor is gone. */
  static readonly worker = Layer.effectDiscard(Effect.gen(function* () {
    const hiring = yield* Hiring
    const repo = yield* ProjectionRepo
    const nudge = yield* Nudge

    /** Reads the whole snapshot over what is projected; undefined when another replica took over. */
    const readSnapshot = Effect.fnUntraced(function* (under: Rebuild) {
      const kept = { hires: new Set<string>(), goals: new Set<string>() }
      let next: string | undefined
      let feedCursor: string
      let back = 0
      do {
        const page = yield* hiring.snapshot(next)
        const wentBack = yield* repo.overwrite(page.items, under)
        if (wentBack === undefined) return undefined
        back += wentBack
        for (const item of page.items) {
          if (item.type === "hire") kept.hires.add(item.hired_instance_id)
          if (item.type === "goal") kept.goals.add(item.goal_instance_id)
        }
        for (const id of page.unread?.hires ?? []) kept.hires.add(id)
        for (const id of page.unread?.goals ?? []) kept.goals.add(id)
        next = page.next ?? undefined
        feedCursor = page.feed_cursor
      } while (next !== undefined)
      const removed = yield* repo.finishRebuild(kept, under, feedCursor)
      return removed && { ...removed, back }
    })

    const rebuild = Effect.fn("Projection.rebuild")(function* (stale: string | undefined) {
      const under = yield* repo.beginRebuild(stale ?? null)
      if (under === undefined) return false
      const done = yield* Effect.onError(readSnapshot(under), () => repo.abandonRebuild(under))
      if (done === undefined) return false
      yield* nudge.here
      const { back, goals, hires } = done
      if (back + goals + hires > 0) {
        yield* Effect.logWarning(
          `hiring's feed: the snapshot has no more ${goals} goals and ${hires} hires that were projected, which were ` +
            `removed, and older versions of ${back}, which were overwritten. After a restore: npx stint db reconcile`,
        )
      }
      return true
    })

    yield* follow({
      name: "hiring's feed",
      of: "hiring",
      load: Effect.map(repo.cursor(), (cursor) => cursor ?? undefined),
      fetch: (after) =>
        hiring.changes(after, LONG_POLL).pipe(
          Effect.catchTag("FeedGone", ({ why }) => Effect.fail(new CursorGone({ why }))),
        ),
      full: PAGE,
      apply: ({ after, cursor, items }) => Effect.andThen(repo.apply(items, { after, to: cursor }), nudge.here),
      rebuild,
    }).pipe(Effect.forkScoped)
  }))

  /** Derives once, at the start, when every goal falls due next: tz data and program may be others than when it was stored. */
  static readonly rederivation = Layer.effectDiscard(Effect.gen(function* () {
    const repo = yield* ProjectionRepo
    const nudge = yield* Nudge
    const all = Effect.gen(function* () {
      let moved = 0
      for (let after: string | undefined = ""; after !== undefined;) {
        const page: Effect.Success<ReturnType<typeof repo.rederive>> = yield* repo.rederive(after).pipe(
          Effect.sandbox,
          Effect.retry(reconnect),
        )
        after = page.last
        moved += page.moved
        if (page.moved > 0) yield* nudge.here
      }
      if (moved > 0) {
        yield* Effect.logWarning(`${moved} goals fall due at another instant than was stored: tz data changed`)
      }
    })
    yield* Effect.forkScoped(Watchdog.guard("derivation of the next slots", REDERIVATION)(all))
  }))
}
