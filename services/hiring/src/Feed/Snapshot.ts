/** The present state, page by page, for a reader that begins (domain.md, "Feed"). */
import type { Change, SnapshotPage } from "@stint/domain/hiring/Feed"
import { InvalidRequest } from "@stint/domain/Problem"
import { decodeCursor, type Entry as Read, type Taken } from "@stint/edge/Paging"
import { setAside } from "@stint/edge/Unreadable"
import { Effect, Schema } from "effect"
import { Base64Url } from "effect/encoding"
import { goalChange, hireChange } from "../Engagements/Changes.ts"
import { EngagementsRepo } from "../Engagements/Repo.ts"
import * as Cursor from "../Outbox/Cursor.ts"
import { OutboxRepo } from "../Outbox/Repo.ts"
import type { Entry } from "../Outbox/Repo/Reads.ts"

/** Says that the change at a position can't be read. */
export const unreadAt = (position: bigint): Effect.Effect<void> =>
  setAside("changes of the feed", `at position ${position}`, "it is too large, or no change")

/** The changes of entries; those that can't be read are set aside. */
const readable = (entries: ReadonlyArray<Entry>): Effect.Effect<ReadonlyArray<Change>> =>
  Effect.gen(function* () {
    const changes: Array<Change> = []
    for (const { at, change } of entries) {
      if (change !== undefined) changes.push(change)
      else yield* unreadAt(at.position)
    }
    return changes
  })

/** The lists of a snapshot, in order: hires come before their goals, goals before the runs asked of them. */
const LISTS = ["hires", "goals", "runs"] as const
type List = typeof LISTS[number]

/** Part of a list. */
interface Part {
  readonly items: ReadonlyArray<Change>
  /** The ids of its rows that could not be read. */
  readonly unread: ReadonlyArray<string>
  /** The place of its last row; undefined when it has none. */
  readonly last: string | undefined
  /** Whether the list may go on after it. */
  readonly more: boolean
}

/**
 * Where a snapshot goes on: in which list, after which place (absent: at its beginning); and the place from which the feed is to
 * be followed. Version 0.2.0 calls the latter otherwise: it refuses what we give, and we refuse what it gave, so its reader
 * begins again.
 */
const Next = Schema.Struct({
  from: Schema.Literals(LISTS),
  after: Schema.optionalKey(Schema.String),
  upto: Schema.String,
})

/** A cursor of this version; else InvalidRequest. */
const ours = (text: string) =>
  Effect.flatMap(
    Cursor.decode(text),
    (cursor) =>
      Cursor.isOlder(cursor)
        ? Effect.fail(new InvalidRequest({ detail: "The snapshot was begun by an older version: begin again" }))
        : Effect.succeed(cursor),
  )

/** The rows of a list as changes. A row whose change can't be made is set aside as well. */
const partOf = <Row, Key>(
  { entries, more, what }: Taken<Row, Key>,
  limit: number,
  idOf: (key: Key) => string,
  toChange: (row: Row) => Change,
): Effect.Effect<Part> =>
  Effect.gen(function* () {
    const items: Array<Change> = []
    const unread: Array<string> = []
    const one = (entry: Read<Row, Key>) =>
      Effect.suspend(() => {
        if (entry.row === undefined) unread.push(idOf(entry.key))
        else items.push(toChange(entry.row))
        return Effect.void
      })
    for (const entry of entries) {
      yield* Effect.catchDefect(one(entry), () => {
        unread.push(idOf(entry.key))
        return setAside(what, idOf(entry.key), "it can't be shown")
      })
    }
    const last = entries.at(-1)
    return { items, unread, last: last && idOf(last.key), more: more || entries.length === limit }
  })

const listing = Effect.gen(function* () {
  const outbox = yield* OutboxRepo
  const repo = yield* EngagementsRepo
  const lists: Record<
    List,
    (after: string | undefined, upTo: Cursor.Cursor, limit: number) => Effect.Effect<Part, InvalidRequest>
  > = {
    hires: (after, _, limit) =>
      Effect.flatMap(
        repo.hires.states({ after, limit }),
        (taken) =>
          partOf(taken, limit, (key) =>
            key.hired_instance_id, ({ hire, subscription }) =>
            hireChange(subscription, hire)),
      ),
    goals: (after, _, limit) =>
      Effect.flatMap(
        repo.goals.states({ after, limit }),
        (taken) => partOf(taken, limit, (key) => key.goal_instance_id, (goal) => goalChange(goal)),
      ),
    // A request to run is no state, but a reader that begins here must not miss one that is not run yet
    runs: Effect.fnUntraced(function* (after, upTo, limit) {
      const from = after === undefined ? Cursor.START : yield* ours(after)
      const runs = yield* outbox.runs(from, upTo, limit)
      const last = runs.at(-1)
      return {
        items: yield* readable(runs),
        unread: [],
        last: last && Cursor.encode(last.at),
        more: runs.length === limit,
      }
    }),
  }
  return lists
})

/** Reads a page of the snapshot. It is of at most `limit` rows, and of one list, or of more where they are short. */
export const snapshotting = Effect.gen(function* () {
  const outbox = yield* OutboxRepo
  const lists = yield* listing
  const nextOf = decodeCursor(Next)

  return Effect.fn("Feed.snapshot")(function* (next_: string | undefined, limit: number) {
    // Taken before the first page is read: what is written from then on is in the feed after it
    const next: typeof Next.Type = (yield* nextOf(next_)) ??
      { from: LISTS[0], upto: Cursor.encode(yield* outbox.end) }
    const { upto: feed_cursor } = next
    const upTo = yield* ours(feed_cursor)
    const items: Array<Change> = []
    const unread: Record<List, Array<string>> = { hires: [], goals: [], runs: [] }
    const page = (place: Omit<typeof Next.Type, "upto"> | undefined): SnapshotPage => ({
      items,
      next: place === undefined ? null : Base64Url.encode(JSON.stringify({ ...place, upto: feed_cursor })),
      feed_cursor,
      ...unread.hires.length + unread.goals.length === 0
        ? {}
        : { unread: { hires: unread.hires, goals: unread.goals } },
    })
    let room = limit
    let { after } = next
    for (const list of LISTS.slice(LISTS.indexOf(next.from))) {
      if (room === 0) return page({ from: list })
      const part = yield* lists[list](after, upTo, room)
      items.push(...part.items)
      unread[list].push(...part.unread)
      room -= part.items.length + part.unread.length
      if (part.more && part.last !== undefined) return page({ from: list, after: part.last })
      after = undefined
    }
    return page(undefined)
  })
})
