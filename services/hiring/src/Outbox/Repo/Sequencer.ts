/**
 * The order of the feed. A change is written without a position; once its transaction has committed, whoever reads next gives
 * it the next one. So a position is never given before an earlier one can still appear, and no transaction elsewhere,
 * however long it stays open, holds a committed change back. Writers wait for nobody.
 *
 * Changes of one hire keep their order: their sequence numbers are taken under the lock of its subscription, so an earlier
 * one has a smaller number and is committed whenever a later one is.
 */
import type { PgClient } from "@effect/sql-pg"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"

/** How many changes one transaction places at most. */
export const PLACE_BATCH = 5_000

/**
 * Places the committed changes that have no position, at most PLACE_BATCH; how many. In a transaction of its own: the lock is a
 * statement before the one that reads, so that the latter sees all that an earlier holder has placed.
 */
export const placing = (sql: PgClient.PgClient) => {
  const lock = SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({ position: Schema.BigInt }),
    execute: () => sql`select position from hiring_feed_sequence for update`,
  })
  const place = SqlSchema.findOne({
    Request: Schema.Struct({ from: Schema.BigInt, limit: Schema.Int }),
    Result: Schema.Struct({ n: Schema.Int }),
    execute: ({ from, limit }) =>
      sql`
        with unplaced as (
            select seq, xid, ${from}::bigint + row_number() over (order by seq) as position,
              floor(random() * 4194304)::integer as mark
            from (select seq, xid from hiring_outbox where position is null order by seq limit ${limit}) as oldest),
          placed as (
            update hiring_outbox o set position = unplaced.position, mark = unplaced.mark
            from unplaced where (o.xid, o.seq) = (unplaced.xid, unplaced.seq)),
          moved as (
            update hiring_feed_sequence s set position = last.position, mark = last.mark
            from (select position, mark from unplaced order by position desc limit 1) as last)
        select count(*)::int as n from unplaced`,
  })
  return Effect.gen(function* () {
    const { position } = yield* lock()
    const { n } = yield* place({ from: position, limit: PLACE_BATCH })
    return n
  }).pipe(sql.withTransaction)
}
