/** What other services read: the changes, a snapshot for a reader that begins, and the lookup (domain.md, "Feed"). */
import type { Change, FeedCursorGone, FeedPage, LookedUpHire, SnapshotPage } from "@stint/domain/hiring/Feed"
import type { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { InvalidRequest } from "@stint/domain/Problem"
import { decodeCursor } from "@stint/edge/Paging"
import { setAside } from "@stint/edge/Unreadable"
import { Context, DateTime, Effect, Layer, Schema } from "effect"
import { Base64Url } from "effect/encoding"
import { goalChange, hireChange } from "./Engagements/Changes.ts"
import { isGone, notRunnable } from "./Engagements/Policy.ts"
import { EngagementsRepo } from "./Engagements/Repo.ts"
import type { GoalRow, Hired } from "./Engagements/Row.ts"
import { Refusals } from "./Feed/Refusals.ts"
import { Outbox } from "./Outbox.ts"
import * as Cursor from "./Outbox/Cursor.ts"
import { OutboxRepo } from "./Outbox/Repo.ts"
import type { Entry } from "./Outbox/Repo/Reads.ts"

/** How many entries a page has unless the reader says. */
const DEFAULT_PAGE = 500

/** The goals and hires that a lookup asks for. */
export interface Wanted {
  readonly goal_instance_ids?: ReadonlyArray<GoalInstanceId>
  readonly hired_instance_ids?: ReadonlyArray<HiredInstanceId>
}

/** What other services may ask. */
export class Feed extends Context.Service<Feed, {
  /** The changes after a cursor; waits up to `wait_ms` for one when there is none. */
  changes(
    query: { readonly after: string; readonly limit?: number; readonly wait_ms?: number },
  ): Effect.Effect<FeedPage, FeedCursorGone | InvalidRequest>
  /** A page of the present state: hires, goals, requests to run. After the last page, follow from its `feed_cursor`. */
  snapshot(query: { readonly next?: string; readonly limit?: number }): Effect.Effect<SnapshotPage, InvalidRequest>
  /** Those of the ids that exist, and the hires of those goals. */
  lookup(wanted: Wanted): Effect.Effect<{
    readonly goals: ReadonlyArray<GoalRow>
    readonly hires: ReadonlyArray<LookedUpHire>
  }>
}>()("hiring/Feed") {
  static readonly layer = Layer.effect(
    Feed,
    Effect.gen(function* () {
      const outbox = yield* Outbox
      const repo = yield* EngagementsRepo
      const refusals = yield* Refusals

      const changes = Effect.fn("Feed.changes")(
        function* (query: { readonly after: string; readonly limit?: number; readonly wait_ms?: number }) {
          const cursor = yield* Cursor.decode(query.after)
          if (cursor === Cursor.OLDER) return yield* refusals.refuse("older")
          const limit = Math.trunc(query.limit ?? DEFAULT_PAGE)
          const { gone, items } = yield* outbox.follow(cursor, limit, query.wait_ms ?? 0)
          if (gone !== undefined) return yield* refusals.refuse(gone)
          const last = items.at(-1)
          return {
            items: yield* readable(items),
            cursor: last === undefined ? query.after : Cursor.encode(last.at),
          }
        },
      )

      const lookup = Effect.fn("Feed.lookup")(function* (wanted: Wanted) {
        const goals = yield* repo.goals.byIds(wanted.goal_instance_ids ?? [])
        const ids = new Set([
          ...wanted.hired_instance_ids ?? [],
          ...goals.map(({ hired_instance_id }) => hired_instance_id),
        ])
        const hires = ids.size === 0 ? [] : yield* repo.hires.byIds([...ids])
        const now = yield* DateTime.now
        return { goals, hires: hires.map((hired) => lookedUp(hired, now)) }
      })

      return Feed.of({ changes, snapshot: yield* snapshotting, lookup })
    }),
  )
}

/** The changes of a page; those that can't be read are set aside. */
const readable = (entries: ReadonlyArray<Entry>): Effect.Effect<ReadonlyArray<Change>> =>
  Effect.gen(function* () {
    const changes: Array<Change> = []
    for (const { at, change } of entries) {
      if (change !== undefined) changes.push(change)
      else {yield* setAside(
          "changes of the feed",
          `at position ${at.position}`,
          "it is too large, or no change of the feed",
        )}
    }
    return changes
  })

/** A cursor of this version; else InvalidRequest. */
const ours = (text: string) =>
  Effect.flatMap(
    Cursor.decode(text),
    (cursor) =>
      cursor === Cursor.OLDER
        ? Effect.fail(new InvalidRequest({ detail: "The snapshot was begun by an older version: begin again" }))
        : Effect.succeed(cursor),
  )

/** The lists of a snapshot, in order: hires come before their goals, goals before the runs asked of them. */
const LISTS = ["hires", "goals", "runs"] as const
type List = typeof LISTS[number]

/** Part of a list; `last` is the place of its last item. */
interface Part {
  readonly items: ReadonlyArray<Change>
  readonly last: string | undefined
}

/**
 * Where a snapshot goes on: in which list, after which place; and the place from which the feed is to be followed. Version
 * 0.2.0 calls the latter otherwise: it refuses what we give, and we refuse what it gave, so its reader begins again.
 */
const Next = Schema.Struct({ from: Schema.Literals(LISTS), after: Schema.String, upto: Schema.String })

const listing = Effect.gen(function* () {
  const outbox = yield* OutboxRepo
  const repo = yield* EngagementsRepo
  const lists: Record<
    List,
    (after: string, upTo: Cursor.Cursor, limit: number) => Effect.Effect<Part, InvalidRequest>
  > = {
    hires: (after, _, limit) =>
      Effect.map(repo.hires.all({ after, limit }), (hires) => ({
        items: hires.map(({ hire, subscription }) => hireChange(subscription, hire)),
        last: hires.at(-1)?.hire.hired_instance_id,
      })),
    goals: (after, _, limit) =>
      Effect.map(repo.goals.all({ after, limit }), (goals) => ({
        items: goals.map((goal) => goalChange(goal)),
        last: goals.at(-1)?.goal_instance_id,
      })),
    // A request to run is no state, but a reader that begins here must not miss one that is not run yet
    runs: Effect.fnUntraced(function* (after, upTo, limit) {
      const from = after === "" ? Cursor.START : yield* ours(after)
      const runs = yield* outbox.runs(from, upTo, limit)
      const last = runs.at(-1)
      return { items: yield* readable(runs), last: last && Cursor.encode(last.at) }
    }),
  }
  return lists
})

const snapshotting = Effect.gen(function* () {
  const outbox = yield* OutboxRepo
  const lists = yield* listing
  const nextOf = decodeCursor(Next)

  return Effect.fn("Feed.snapshot")(function* (query: { readonly next?: string; readonly limit?: number }) {
    const limit = Math.trunc(query.limit ?? DEFAULT_PAGE)
    // Taken before the first page is read: what is written from then on is in the feed after it
    const next = (yield* nextOf(query.next)) ??
      { from: LISTS[0], after: "", upto: Cursor.encode(yield* outbox.end) }
    const { upto: feed_cursor } = next
    const upTo = yield* ours(feed_cursor)
    const items: Array<Change> = []
    let { after } = next
    for (const list of LISTS.slice(LISTS.indexOf(next.from))) {
      const part = yield* lists[list](after, upTo, limit - items.length)
      items.push(...part.items)
      if (items.length === limit) {
        const place = { from: list, after: part.last ?? after, upto: feed_cursor }
        return { items, next: Base64Url.encode(JSON.stringify(place)), feed_cursor }
      }
      after = ""
    }
    return { items, next: null, feed_cursor }
  })
})

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
