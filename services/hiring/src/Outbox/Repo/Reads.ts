/** Reads of the feed, by position. Pages are limited by number and by bytes; what can't be read is left out and named. */
import type { PgClient } from "@effect/sql-pg"
import { Bounds } from "@stint/domain/Bounds"
import { Change } from "@stint/domain/hiring/Feed"
import { Effect, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Cursor, OlderCursor } from "../Cursor.ts"
import type { Gone } from "../Repo.ts"

/** A change of more bytes is not read: the largest that hiring writes has a schedule of 64 KiB. */
const LARGEST = 256 * 1024
/** A request to run of more bytes is not read. */
const LARGEST_RUN = 4 * 1024

/** Part of the feed. */
export interface Page {
  /** Its changes in order, a JSON list of them as they are stored. */
  readonly items: string
  /** The place of its last entry; undefined when it has none. */
  readonly last: Cursor | undefined
  /** The positions of its entries that can't be read, and are not among its items. */
  readonly unread: ReadonlyArray<bigint>
}

/** A change and its place in the feed. */
export interface Entry {
  readonly at: Cursor
  /** Undefined: it can't be read, and is set aside. */
  readonly change: Change | undefined
}

/** What follows the end of the feed. */
export const EMPTY: Page = { items: "[]", last: undefined, unread: [] }

const decode = Schema.decodeUnknownOption(Change)

const entryOf = (
  { mark, payload, position }: { readonly position: bigint; readonly mark: number; readonly payload: unknown },
  xid: bigint,
): Entry => ({ at: { position, mark, xid }, change: Option.getOrUndefined(decode(payload)) })

const Place = { position: Schema.BigInt, mark: Schema.Int, payload: Schema.NullOr(Schema.Unknown) }

const Read = Schema.Struct({
  last: Schema.BigInt,
  last_mark: Schema.Int,
  floor: Schema.BigInt,
  floor_mark: Schema.Int,
  /** The mark of the change at the cursor; null when there is none. */
  cursor_mark: Schema.NullOr(Schema.Int),
  unplaced: Schema.Boolean,
  /** For version 0.2.0: every change that has no position is of this transaction or a later one. */
  xid: Schema.BigIntFromString,
  /** Where each entry of the page stands; null for an empty page, as what follows. */
  positions: Schema.NullOr(Schema.Array(Schema.BigInt)),
  /** The mark of its last entry. */
  mark: Schema.NullOr(Schema.Int),
  /** Its entries, a JSON list; null stands for one that is too large. */
  items: Schema.NullOr(Schema.String),
})

/** The text of a page without the entries that can't be read, and which those are, by their number in the page. */
interface Checked {
  readonly items: string
  readonly unread: ReadonlyArray<number>
}

const check = (text: string): Checked => {
  const entries: ReadonlyArray<unknown> = JSON.parse(text)
  const unread = entries.flatMap((entry, nth) => Option.isNone(decode(entry)) ? [nth] : [])
  return {
    items: unread.length === 0 ? text : JSON.stringify(entries.filter((_, nth) => !unread.includes(nth))),
    unread,
  }
}

/** How many pages are remembered as checked: several readers ask for the same ones. */
const PAGES = 4

/** Checks a page, or knows it by its text. */
const checking = () => {
  const known = new Map<string, Checked>()
  return (text: string): Checked => {
    const checked = known.get(text) ?? check(text)
    known.delete(text)
    known.set(text, checked)
    if (known.size > PAGES) known.delete(known.keys().next().value!)
    return checked
  }
}

/**
 * The page of a read that found one. Its text is sent as it is stored, and made anew without the entries that can't be read: a
 * reader that met one could read none of the page.
 */
const pageOf = (
  { items, mark, positions }: typeof Read.Type,
  xid: bigint,
  checked: (text: string) => Checked,
): Page => {
  if (items === null || mark === null || positions === null) return EMPTY
  const { items: readable, unread } = checked(items)
  return {
    items: readable,
    last: { position: positions.at(-1)!, mark, xid },
    unread: unread.map((nth) => positions[nth]!),
  }
}

/** Why a cursor is gone: it is behind what was pruned, or another change stands at its position. */
const goneOf = ({ mark, position }: Cursor, read: typeof Read.Type): Gone | undefined => {
  if (position > read.last) return "restored"
  if (position < read.floor) return "pruned"
  const stored = position === read.last ? read.last_mark : position === read.floor ? read.floor_mark : read.cursor_mark
  return mark === null || mark === stored ? undefined : "restored"
}

/** The changes after a cursor. One statement and one row, so that all that it tells is of one snapshot. */
export const reading = (sql: PgClient.PgClient) => {
  const read = SqlSchema.findOne({
    Request: Schema.Struct({ after: Schema.BigInt, limit: Schema.Int, bytes: Schema.Int }),
    Result: Read,
    execute: ({ after, bytes, limit }) =>
      sql`
        select s.position as last, s.mark as last_mark, s.floor, s.floor_mark,
          (select mark from hiring_outbox where position = ${after}::bigint) as cursor_mark,
          exists (select from hiring_outbox where position is null) as unplaced,
          least(pg_snapshot_xmin(pg_current_snapshot()),
            (select min(xid) from hiring_outbox where position is null))::text as xid,
          page.positions, page.marks[array_length(page.marks, 1)] as mark, page.items
        from hiring_feed_sequence s cross join lateral (
          select array_agg(position order by position) as positions, array_agg(mark order by position) as marks,
            '[' || string_agg(case when bytes <= ${LARGEST} then change else 'null' end, ',' order by position) || ']' as items
          from (
            select *, sum(bytes) filter (where bytes <= ${LARGEST}) over (order by position
              rows between unbounded preceding and 1 preceding) as before
            from (
              select *, octet_length(change) as bytes from (
                select position, mark, payload::text as change from hiring_outbox
                where position > ${after}::bigint order by position limit ${limit}) as listed) as measured) as weighed
          where coalesce(before, 0) + case when bytes <= ${LARGEST} then bytes else 0 end <= ${bytes}) as page`,
  })
  const checked = checking()
  return Effect.fnUntraced(function* (cursor: Cursor, limit: number) {
    const bytes = Math.max((yield* Bounds).answer_bytes, LARGEST)
    // The row of the sequence is always there
    const found = yield* read({ after: cursor.position, limit, bytes })
    const reached = found.positions?.at(-1) ?? cursor.position
    const xid = reached === found.last ? found.xid - 1n : cursor.xid
    return { gone: goneOf(cursor, found), page: pageOf(found, xid, checked), unplaced: found.unplaced }
  })
}

/** The requests to run between two places. */
export const readingRuns = (sql: PgClient.PgClient) => {
  const runs = SqlSchema.findAll({
    Request: Schema.Struct({ after: Schema.BigInt, upTo: Schema.BigInt, limit: Schema.Int }),
    Result: Schema.Struct(Place),
    execute: ({ after, limit, upTo }) =>
      sql`
        select position, mark, case when octet_length(payload::text) <= ${LARGEST_RUN} then payload end as payload
        from hiring_outbox where kind = 'run' and position > ${after}::bigint and position <= ${upTo}::bigint
        order by position limit ${limit}`,
  })
  return (after: Cursor, upTo: Cursor, limit: number) =>
    Effect.orDie(Effect.map(
      runs({ after: after.position, upTo: upTo.position, limit }),
      (rows) => rows.map((row) => entryOf(row, 0n)),
    ))
}

/** The place of the last change that was given a position. */
export const readingEnd = (sql: PgClient.PgClient): Effect.Effect<Cursor> => {
  const end = SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({ position: Schema.BigInt, mark: Schema.Int, xid: Schema.BigIntFromString }),
    execute: () =>
      sql`
        select position, mark,
          least(pg_snapshot_xmin(pg_current_snapshot()),
            (select min(xid) from hiring_outbox where position is null))::text as xid
        from hiring_feed_sequence`,
  })
  return Effect.orDie(Effect.map(end(), ({ mark, position, xid }) => ({ mark, position, xid: xid - 1n })))
}

/**
 * The place of a cursor of version 0.2.0, which reads by transaction and sequence number: before the first change that it has
 * not read. Changes after that which it has read are repeated, and known by their versions; one without a position comes
 * later by itself. Undefined when what it has not read was removed.
 */
export const readingOlder = (sql: PgClient.PgClient) => {
  const older = SqlSchema.findOne({
    Request: Schema.Struct({ xid: Schema.BigIntFromString, seq: Schema.BigInt }),
    Result: Schema.Struct({ gone: Schema.Boolean, position: Schema.BigInt }),
    execute: ({ seq, xid }) =>
      sql`
        with cursor as (select ${xid}::text::xid8 as xid, ${seq}::bigint as seq)
        select (f.xid, f.seq) > (cursor.xid, cursor.seq) or cursor.xid > pg_snapshot_xmax(pg_current_snapshot()) as gone,
          coalesce((select min(position) - 1 from hiring_outbox o
            where (o.xid, o.seq) > (cursor.xid, cursor.seq) and position is not null), s.position) as position
        from cursor cross join hiring_feed_floor f cross join hiring_feed_sequence s`,
  })
  return (cursor: OlderCursor): Effect.Effect<Cursor | undefined> =>
    Effect.orDie(Effect.map(
      older(cursor),
      ({ gone, position }) => gone ? undefined : { position, mark: null, xid: cursor.xid - 1n },
    ))
}
