/** What others follow: the feed of changes, what is for a reader that begins, and the lookup (domain.md, "Feed"). */
import {
  type Change,
  FeedCursorGone,
  type FeedPage,
  type LookedUpHire,
  type SnapshotPage,
} from "@stint/domain/hiring/Feed"
import type { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import type { InvalidRequest } from "@stint/domain/Problem"
import { Health } from "@stint/edge/Health"
import { decodeCursor } from "@stint/edge/Paging"
import { Clock, Context, DateTime, Duration, Effect, Layer, Schedule, Schema } from "effect"
import { Base64Url } from "effect/encoding"
import { goalChange, hireChange, isGone, notRunnable } from "./Engagements/Policy.ts"
import { EngagementsRepo } from "./Engagements/Repo.ts"
import type { GoalRow, Hired } from "./Engagements/Rows.ts"
import * as Cursor from "./Feed/Cursor.ts"
import { FeedRepo, KEEP_DAYS, PRUNE_BATCH, type Watch } from "./Feed/Repo.ts"

/** How many entries a page has unless the reader says. */
const DEFAULT_PAGE = 500
/** How soon a follower looks again when an older transaction is still open, in milliseconds. */
const HELD_MS = 20
/** How often it looks while the database tells nothing of itself, in milliseconds. */
const DEAF_MS = 1000

/** What a snapshot holds, in this order: a hire comes before its goals, and those before what is asked of them. */
const LISTS = ["hires", "goals", "runs"] as const
type List = typeof LISTS[number]

/** A stretch of one of them; `last` is where it goes on. */
interface Page {
  readonly items: ReadonlyArray<Change>
  readonly last: string | undefined
}

/** Where a snapshot goes on: in which list, after which place, and from where the feed is to be followed. */
const Next = Schema.Struct({ from: Schema.Literals(LISTS), after: Schema.String, feed_cursor: Schema.String })

/** What is asked of the lookup. */
export interface Wanted {
  readonly goal_instance_ids?: ReadonlyArray<GoalInstanceId>
  readonly hired_instance_ids?: ReadonlyArray<HiredInstanceId>
}

/** What other services may ask. */
export class Feed extends Context.Service<Feed, {
  /** What follows the cursor; waits up to `wait_ms` for something when there is nothing. */
  changes(
    query: { readonly after: string; readonly limit?: number; readonly wait_ms?: number },
  ): Effect.Effect<FeedPage, FeedCursorGone | InvalidRequest>
  /** A page of what is: hires, goals, requests to run. Follow the feed from its cursor once the last page is read. */
  snapshot(query: { readonly next?: string; readonly limit?: number }): Effect.Effect<SnapshotPage, InvalidRequest>
  /** The goals and hires asked for that there are, and the hires of those goals. */
  lookup(wanted: Wanted): Effect.Effect<{
    readonly goals: ReadonlyArray<GoalRow>
    readonly hires: ReadonlyArray<LookedUpHire>
  }>
}>()("hiring/Feed") {
  static readonly layerNoDeps = Layer.effect(
    Feed,
    Effect.gen(function* () {
      const feed = yield* FeedRepo
      const engagements = yield* EngagementsRepo
      const health = yield* Health
      const nextOf = decodeCursor(Next)

      /** Succeeds with true when the service goes away. */
      const wait = (watch: Watch, held: boolean, left: number) => {
        const look = held ? HELD_MS : watch.live ? left : DEAF_MS
        return Effect.raceAllFirst([
          Effect.as(held ? Effect.never : watch.changed, false),
          Effect.as(Effect.sleep(Duration.millis(Math.min(look, left))), false),
          Effect.as(health.draining, true),
        ])
      }

      const changes = Effect.fn("Feed.changes")(
        function* (query: { readonly after: string; readonly limit?: number; readonly wait_ms?: number }) {
          const cursor = yield* Cursor.decode(query.after)
          const limit = Math.trunc(query.limit ?? DEFAULT_PAGE)
          const until = (yield* Clock.currentTimeMillis) + (query.wait_ms ?? 0)
          while (true) {
            // Taken before the look, so that what is committed in between is not slept over
            const watch = yield* feed.watch
            const { gone, held, items } = yield* feed.after(cursor, limit)
            if (gone) {
              const detail = `The feed keeps ${KEEP_DAYS} days: read the snapshot, and follow from its feed_cursor`
              return yield* new FeedCursorGone({ detail })
            }
            const last = items.at(-1)
            if (last !== undefined) {
              return { items: items.map(({ change }) => change), cursor: Cursor.encode(last.at) }
            }
            const left = until - (yield* Clock.currentTimeMillis)
            if (left <= 0 || (yield* wait(watch, held, left))) return { items: [], cursor: query.after }
          }
        },
      )

      // The lists of a snapshot one after another; a list answers with what follows a place in it, and that place anew
      const lists: Record<
        List,
        (after: string, before: Cursor.Cursor, limit: number) => Effect.Effect<Page, InvalidRequest>
      > = {
        hires: (after, _, limit) =>
          Effect.map(engagements.allHires({ after, limit }), (hires) => ({
            items: hires.map(({ hire, subscription }) => hireChange(subscription, hire)),
            last: hires.at(-1)?.hire.hired_instance_id,
          })),
        goals: (after, _, limit) =>
          Effect.map(engagements.allGoals({ after, limit }), (goals) => ({
            items: goals.map((goal) => goalChange(goal)),
            last: goals.at(-1)?.goal_instance_id,
          })),
        // A request is not a state, but one that nobody has read yet would be lost to a reader that begins here
        runs: Effect.fnUntraced(function* (after, before, limit) {
          const from = after === "" ? Cursor.START : yield* Cursor.decode(after)
          const runs = yield* feed.runs(from, before, limit)
          const last = runs.at(-1)
          return {
            items: runs.map(({ change }) => change),
            last: last === undefined ? undefined : Cursor.encode(last.at),
          }
        }),
      }

      const snapshot = Effect.fn("Feed.snapshot")(
        function* (query: { readonly next?: string; readonly limit?: number }) {
          const limit = Math.trunc(query.limit ?? DEFAULT_PAGE)
          // Taken before the first page is read: what is written from then on is in the feed after it
          const next = (yield* nextOf(query.next)) ??
            { from: LISTS[0], after: "", feed_cursor: Cursor.encode(yield* feed.end) }
          const { feed_cursor } = next
          const before = yield* Cursor.decode(feed_cursor)
          const items: Array<Change> = []
          let { after } = next
          for (const list of LISTS.slice(LISTS.indexOf(next.from))) {
            const page = yield* lists[list](after, before, limit - items.length)
            items.push(...page.items)
            if (items.length === limit) {
              const place = { from: list, after: page.last ?? after, feed_cursor }
              return { items, next: Base64Url.encode(JSON.stringify(place)), feed_cursor }
            }
            after = ""
          }
          return { items, next: null, feed_cursor }
        },
      )

      const lookup = Effect.fn("Feed.lookup")(function* (wanted: Wanted) {
        const goals = yield* engagements.goalsOf(wanted.goal_instance_ids ?? [])
        const ids = new Set([
          ...wanted.hired_instance_ids ?? [],
          ...goals.map(({ hired_instance_id }) => hired_instance_id),
        ])
        const hires = ids.size === 0 ? [] : yield* engagements.hiresOf([...ids])
        const now = yield* DateTime.now
        return { goals, hires: hires.map((hired) => lookedUp(hired, now)) }
      })

      return Feed.of({ changes, snapshot, lookup })
    }),
  )
}

const lookedUp = ({ hire, subscription }: Hired, now: DateTime.Utc): LookedUpHire => {
  const reason = notRunnable(subscription, hire)
  return {
    hired_instance_id: hire.hired_instance_id,
    subscription_id: hire.subscription_id,
    customer_id: hire.customer_id,
    agent_id: hire.agent_id,
    definition_version: hire.definition_version,
    config: hire.config,
    settings: hire.settings,
    runnable: reason === null,
    reason,
    subscription_status: subscription.status,
    gone: isGone(subscription, now),
  }
}

/** Once an hour, what is past its time goes, in small steps. */
export const pruning = Layer.effectDiscard(Effect.gen(function* () {
  const feed = yield* FeedRepo
  yield* Effect.repeat(feed.prune, {
    until: (removed) => removed < PRUNE_BATCH,
    schedule: Schedule.spaced("100 millis"),
  })
    .pipe(
      Effect.catchCause((cause) => Effect.logWarning("the outbox was not pruned", cause)),
      Effect.repeat(Schedule.spaced("1 hour")),
      Effect.forkScoped,
    )
}))
