/** The table `hiring_outbox`: changes in the order in which their transactions can be read. */
import { PgClient } from "@effect/sql-pg"
import { Change } from "@stint/domain/hiring/Feed"
import { RETENTION } from "@stint/domain/Retention"
import { Context, type DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Cursor } from "./Cursor.ts"

/** The NOTIFY channel on which a transaction that wrote changes says so. */
export const CHANNEL = "hiring_outbox"
/** How many changes `prune` removes at most. */
export const PRUNE_BATCH = 1000

/** A change and its place in the feed. */
export interface Placed {
  readonly at: Cursor
  readonly change: Change
}

/** What follows a cursor. */
export interface Followed {
  /** What follows the cursor is no longer kept, or the cursor is of another database: the reader has missed something. */
  readonly gone: boolean
  readonly items: ReadonlyArray<Placed>
  /** There are changes that cannot be served yet: an older transaction, still open, may commit one before them. */
  readonly held: boolean
}

/** The changes that hiring's writes make, until they are pruned. */
export class OutboxRepo extends Context.Service<OutboxRepo, {
  /** Adds changes, and wakes the followers when the surrounding transaction commits. */
  append(changes: ReadonlyArray<Change>): Effect.Effect<void>
  /** At most `limit` changes after the cursor, in the order of their transactions. */
  after(cursor: Cursor, limit: number): Effect.Effect<Followed>
  /** The slot of the run that a request was given; none when there is no such request, or it is no longer kept. */
  slotOf(request_id: string): Effect.Effect<Option.Option<DateTime.Utc>>
  /** At most `limit` requests to run between two places, in order. */
  runs(after: Cursor, before: Cursor, limit: number): Effect.Effect<ReadonlyArray<Placed>>
  /** A place after every change that is committed by now, and before every change that commits later. */
  readonly end: Effect.Effect<Cursor>
  /** Removes up to PRUNE_BATCH changes that are older than RETENTION.feed. Returns how many. */
  readonly prune: Effect.Effect<number>
}>()("hiring/OutboxRepo") {
  static readonly layer = Layer.effect(
    OutboxRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const append = appending(sql)
      const after = reading(sql)
      const slotOf = readingSlot(sql)
      const runs = readingRuns(sql)
      const end = readingEnd(sql)
      const prune = pruning(sql)
      return OutboxRepo.of({
        append: (changes) => changes.length === 0 ? Effect.void : Effect.orDie(append(changes)),
        after: (cursor, limit) =>
          Effect.orDie(Effect.map(after({ ...cursor, limit }), (rows) => ({
            gone: rows[0]?.gone ?? true,
            items: rows.flatMap(({ committed, payload, seq, xid }) =>
              committed && payload !== null ? [{ at: { xid: xid!, seq: seq! }, change: payload }] : []
            ),
            held: rows.some(({ committed }) => committed === false),
          }))),
        slotOf: (request_id) =>
          Effect.orDie(Effect.map(slotOf(request_id), Option.map(({ scheduled_time }) => scheduled_time))),
        runs: (after, before, limit) =>
          Effect.orDie(Effect.map(
            runs({ after, before, limit }),
            (rows) => rows.map(({ payload, seq, xid }) => ({ at: { xid, seq }, change: payload })),
          )),
        end: Effect.orDie(Effect.map(end(), ({ xid }) => ({ xid, seq: 0n }))),
        prune: Effect.orDie(Effect.map(prune(PRUNE_BATCH), ({ n }) => n)),
      })
    }),
  )
}

const Place = { xid: Schema.BigIntFromString, seq: Schema.BigInt }

// One NOTIFY a transaction, since it takes a global lock at commit: it is a hint, the followers' query is the truth
const appending = (sql: PgClient.PgClient) =>
  SqlSchema.void({
    Request: Schema.Array(Change),
    execute: (changes) =>
      sql`
        with written as (
          insert into hiring_outbox (kind, payload)
          select change->>'type', change
          from jsonb_array_elements(${sql.json(changes)}::jsonb) with ordinality as listed (change, place)
          order by place
          on conflict ((payload->>'request_id')) where kind = 'run' do nothing
        )
        select pg_notify(${CHANNEL}, '')`,
  })

// One statement, so that what was pruned, what is committed and what there is are of one snapshot
const reading = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Struct({ ...Place, limit: Schema.Int }),
    Result: Schema.Struct({
      gone: Schema.Boolean,
      xid: Schema.NullOr(Place.xid),
      seq: Schema.NullOr(Place.seq),
      payload: Schema.NullOr(Change),
      /** Whether every transaction before this one has ended. */
      committed: Schema.NullOr(Schema.Boolean),
    }),
    execute: ({ limit, seq, xid }) =>
      sql`
        with cursor as (select ${xid}::text::xid8 as xid, ${seq}::bigint as seq)
        select (floor.xid, floor.seq) > (cursor.xid, cursor.seq)
            or cursor.xid > pg_snapshot_xmax(pg_current_snapshot()) as gone,
          change.xid::text as xid, change.seq, change.payload,
          change.xid < pg_snapshot_xmin(pg_current_snapshot()) as committed
        from cursor cross join hiring_feed_floor as floor left join lateral (
          select * from hiring_outbox o where (o.xid, o.seq) > (cursor.xid, cursor.seq) order by o.xid, o.seq
          limit ${limit}) as change on true
        order by change.xid, change.seq`,
  })

const readingSlot = (sql: PgClient.PgClient) =>
  SqlSchema.findOneOption({
    Request: Schema.String,
    Result: Schema.Struct({ scheduled_time: Schema.DateTimeUtcFromDate }),
    execute: (request_id) =>
      sql`
        select (payload->>'scheduled_time')::timestamptz as scheduled_time from hiring_outbox
        where kind = 'run' and payload->>'request_id' = ${request_id}`,
  })

const readingRuns = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: Schema.Struct({ after: Schema.Struct(Place), before: Schema.Struct(Place), limit: Schema.Int }),
    Result: Schema.Struct({ ...Place, payload: Change }),
    execute: ({ after, before, limit }) =>
      sql`
        select xid::text as xid, seq, payload from hiring_outbox o
        where kind = 'run' and (o.xid, o.seq) > (${after.xid}::text::xid8, ${after.seq}::bigint)
          and (o.xid, o.seq) < (${before.xid}::text::xid8, ${before.seq}::bigint)
        order by o.xid, o.seq limit ${limit}`,
  })

const readingEnd = (sql: PgClient.PgClient) =>
  SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({ xid: Place.xid }),
    execute: () => sql`select pg_snapshot_xmin(pg_current_snapshot())::text as xid`,
  })

// The floor moves up to the last row that was removed. Only the oldest rows are looked at, so that a step costs the same
// however many there are
const pruning = (sql: PgClient.PgClient) =>
  SqlSchema.findOne({
    Request: Schema.Int,
    Result: Schema.Struct({ n: Schema.Int }),
    execute: (limit) =>
      sql`
        with oldest as (select xid, seq, created_at from hiring_outbox order by xid, seq limit ${limit}),
          removed as (
            delete from hiring_outbox o using oldest
            where (o.xid, o.seq) = (oldest.xid, oldest.seq)
              and oldest.created_at < now() - make_interval(days => ${RETENTION.feed})
              and oldest.xid < pg_snapshot_xmin(pg_current_snapshot())
            returning o.xid, o.seq),
          last as (select xid, seq from removed order by xid desc, seq desc limit 1),
          moved as (
            update hiring_feed_floor f set xid = last.xid, seq = last.seq from last
            where (f.xid, f.seq) < (last.xid, last.seq))
        select count(*)::int as n from removed`,
  })
