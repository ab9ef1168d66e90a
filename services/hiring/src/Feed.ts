/** What other services read: the changes, a snapshot for a reader that begins, and the lookup (domain.md, "Feed"). */
import { Bounds } from "@stint/domain/Bounds"
import type {
  FeedCursorGone,
  LookedUpGoal,
  LookedUpHire,
  LookupAnswer,
  SnapshotPage,
  Unread,
} from "@stint/domain/hiring/Feed"
import type { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import type { InvalidRequest } from "@stint/domain/Problem"
import type { Taken } from "@stint/edge/Paging"
import { Context, DateTime, Effect, Layer } from "effect"
import { isGone, notRunnable } from "./Engagements/Policy.ts"
import { EngagementsRepo } from "./Engagements/Repo.ts"
import type { GoalRow, Hired } from "./Engagements/Row.ts"
import { Refusals } from "./Feed/Refusals.ts"
import { snapshotting, unreadAt } from "./Feed/Snapshot.ts"
import { goalOnWire } from "./Goals/Wire.ts"
import { Outbox } from "./Outbox.ts"
import * as Cursor from "./Outbox/Cursor.ts"

/** What an answer has besides its items, in bytes: the ids that it names. */
const ENVELOPE = 128 * 1024
/** How many entries a page has unless the reader says. */
const DEFAULT_PAGE = 500

/** The goals and hires that a lookup asks for. */
export interface Wanted {
  readonly goal_instance_ids?: ReadonlyArray<GoalInstanceId>
  readonly hired_instance_ids?: ReadonlyArray<HiredInstanceId>
  /** The caller asks again for what is `omitted`. */
  readonly partial?: boolean
}

/** What other services may ask. */
export class Feed extends Context.Service<Feed, {
  /**
   * The changes after a cursor, a FeedPage as JSON: what is stored is not made anew for each reader. Waits up to `wait_ms`
   * for one when there is none.
   */
  changes(
    query: { readonly after: string; readonly limit?: number; readonly wait_ms?: number },
  ): Effect.Effect<string, FeedCursorGone | InvalidRequest>
  /** A page of the present state: hires, goals, requests to run. After the last page, follow from its `feed_cursor`. */
  snapshot(query: { readonly next?: string; readonly limit?: number }): Effect.Effect<SnapshotPage, InvalidRequest>
  /** Those of the ids that exist, and the hires of those goals. One that can't be read is named, and the others answered. */
  lookup(wanted: Wanted): Effect.Effect<LookupAnswer>
}>()("hiring/Feed") {
  static readonly layer = Layer.effect(
    Feed,
    Effect.gen(function* () {
      const outbox = yield* Outbox
      const repo = yield* EngagementsRepo
      const refusals = yield* Refusals
      const snapshot = yield* snapshotting

      const changes = Effect.fn("Feed.changes")(
        function* (query: { readonly after: string; readonly limit?: number; readonly wait_ms?: number }) {
          const given = yield* Cursor.decode(query.after)
          const cursor = Cursor.isOlder(given) ? yield* outbox.placeOf(given) : given
          if (cursor === undefined) return yield* refusals.refuse("older")
          const limit = Math.trunc(query.limit ?? DEFAULT_PAGE)
          const { gone, page } = yield* outbox.follow(cursor, limit, query.wait_ms ?? 0)
          if (gone !== undefined) return yield* refusals.refuse(gone)
          yield* Effect.forEach(page.unread, unreadAt, { discard: true })
          const next = page.last === undefined ? query.after : Cursor.encode(page.last)
          return `{"items":${page.items},"cursor":${JSON.stringify(next)}}`
        },
      )

      const lookup = Effect.fn("Feed.lookup")(function* ({ partial = false, ...wanted }: Wanted) {
        const room = new Room(partial ? (yield* Bounds).answer_bytes - ENVELOPE : Infinity)
        const goals = yield* eachById(
          wanted.goal_instance_ids ?? [],
          repo.goals.byIds,
          ({ goal_instance_id }) => goal_instance_id,
        )
        const goalsThere = room.take(goals.read, lookedUpGoal)
        const ids = new Set([
          ...wanted.hired_instance_ids ?? [],
          ...goalsThere.taken.map(({ hired_instance_id }) => hired_instance_id),
        ])
        const hires = yield* eachById([...ids], repo.hires.byIds, ({ hired_instance_id }) => hired_instance_id)
        const now = yield* DateTime.now
        const hiresThere = room.take(hires.read, (hired) => lookedUp(hired, now))
        const unread = { goals: goals.unread, hires: hires.unread }
        const omitted = {
          goals: goalsThere.omitted.map(({ goal_instance_id }) => goal_instance_id),
          hires: hiresThere.omitted.map(({ hire }) => hire.hired_instance_id),
        }
        return {
          goals: goalsThere.taken,
          hires: hiresThere.taken,
          ...isEmpty(unread) ? {} : { unread },
          ...isEmpty(omitted) ? {} : { omitted },
        }
      })

      return Feed.of({
        changes,
        snapshot: ({ limit = DEFAULT_PAGE, next }) => snapshot(next, Math.trunc(limit)),
        lookup,
      })
    }),
  )
}

const isEmpty = ({ goals, hires }: Unread): boolean => goals.length === 0 && hires.length === 0

/** All rows of the ids, however many bytes they are together; the ids of those that can't be read are apart. */
const eachById = <Id extends string, Row, Key>(
  ids: ReadonlyArray<Id>,
  read: (ids: ReadonlyArray<Id>) => Effect.Effect<Taken<Row, Key>>,
  idOf: (key: Key) => string,
) =>
  Effect.gen(function* () {
    const found: Array<Row> = []
    const unread: Array<string> = []
    // In the order of the rows, so that what follows the last one is what was not read
    let left = [...ids].sort()
    while (left.length > 0) {
      const { entries, more } = yield* read(left)
      for (const { key, row } of entries) {
        if (row === undefined) unread.push(idOf(key))
        else found.push(row)
      }
      if (!more || entries.length === 0) break
      const read_ = new Set(entries.map(({ key }) => idOf(key)))
      left = left.filter((id) => !read_.has(id))
    }
    return { read: found, unread }
  })

const utf8 = new TextEncoder()

/** The bytes that an answer may still have. Its first item always fits, so that whoever asks again gets on. */
class Room {
  #left: number
  #isFirst = true

  constructor(bytes: number) {
    this.#left = bytes
  }

  /** Those that fit, as they are on the wire, and the rows of the others. */
  take<Row, Item>(rows: ReadonlyArray<Row>, toItem: (row: Row) => Item) {
    const taken: Array<Item> = []
    const omitted: Array<Row> = []
    for (const row of rows) {
      const item = toItem(row)
      if (this.#left !== Infinity) this.#left -= utf8.encode(JSON.stringify(item)).length
      if (this.#left >= 0 || this.#isFirst) taken.push(item)
      else omitted.push(row)
      this.#isFirst = false
    }
    return { taken, omitted }
  }
}

const lookedUpGoal = (goal: GoalRow): LookedUpGoal => ({ ...goalOnWire(goal), version: goal.version })

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
    version: hire.version,
    changed_at: hire.updated_at,
    subscription_status: subscription.status,
    active: hire.active,
    gone: isGone(subscription, now),
  }
}
