/** The feed in Postgres. */
import { PgClient } from "@effect/sql-pg"
import { Change } from "@stint/domain/hiring/Feed"
import { reconnect } from "@stint/edge/Schedules"
import { Deferred, Effect, Layer, Queue, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { CHANNEL } from "./Channel.ts"
import { FeedRepo, KEEP_DAYS, PRUNE_BATCH } from "./Repo.ts"

const Row = Schema.Struct({
  gone: Schema.Boolean,
  xid: Schema.NullOr(Schema.BigIntFromString),
  seq: Schema.NullOr(Schema.BigInt),
  payload: Schema.NullOr(Change),
  settled: Schema.NullOr(Schema.Boolean),
})

/**
 * Listens for the outbox's notifications on one connection, for all who wait in this process. When that breaks, everyone
 * looks once, and then on their own until it is back.
 */
const listening = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const state = { live: false, changed: Deferred.makeUnsafe<void>() }
  const wake = Effect.sync(() => {
    const waiting = state.changed
    state.changed = Deferred.makeUnsafe<void>()
    Deferred.doneUnsafe(waiting, Effect.void)
  })
  const listen = Effect.scoped(Effect.gen(function* () {
    const notifications = yield* sql.listen(CHANNEL)
    state.live = true
    yield* wake
    return yield* Effect.forever(Effect.andThen(Queue.takeAll(notifications), wake))
  }))
  yield* listen.pipe(
    Effect.onExit(() => {
      state.live = false
      return wake
    }),
    Effect.tapError((error) => Effect.logWarning("no notifications from the database", String(error))),
    Effect.retry(reconnect),
    Effect.forkScoped,
  )
  return Effect.sync(() => ({ changed: Deferred.await(state.changed), live: state.live }))
})

/** The layer of `FeedRepo` over a Postgres client. */
export const layerPg = Layer.effect(
  FeedRepo,
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const rowsAfter = SqlSchema.findAll({
      Request: Schema.Struct({ xid: Schema.BigIntFromString, seq: Schema.BigInt, limit: Schema.Int }),
      Result: Row,
      // One statement, so that what was pruned, what is settled and what there is belong to one instant
      execute: ({ limit, seq, xid }) =>
        sql`
          with cursor as (select ${xid}::text::xid8 as xid, ${seq}::bigint as seq)
          select (floor.xid, floor.seq) > (cursor.xid, cursor.seq)
              or cursor.xid > pg_snapshot_xmax(pg_current_snapshot()) as gone,
            told.xid::text as xid, told.seq, told.payload,
            told.xid < pg_snapshot_xmin(pg_current_snapshot()) as settled
          from cursor cross join hiring_feed_floor as floor left join lateral (
            select * from hiring_outbox o where (o.xid, o.seq) > (cursor.xid, cursor.seq) order by o.xid, o.seq
            limit ${limit}) as told on true
          order by told.xid, told.seq`,
    })
    const runs = SqlSchema.findAll({
      Request: Schema.Struct({
        after: Schema.Struct({ xid: Schema.BigIntFromString, seq: Schema.BigInt }),
        before: Schema.Struct({ xid: Schema.BigIntFromString, seq: Schema.BigInt }),
        limit: Schema.Int,
      }),
      Result: Schema.Struct({ xid: Schema.BigIntFromString, seq: Schema.BigInt, payload: Change }),
      execute: ({ after, before, limit }) =>
        sql`
          select xid::text as xid, seq, payload from hiring_outbox o
          where kind = 'run' and (o.xid, o.seq) > (${after.xid}::text::xid8, ${after.seq}::bigint)
            and (o.xid, o.seq) < (${before.xid}::text::xid8, ${before.seq}::bigint)
          order by o.xid, o.seq limit ${limit}`,
    })
    const end = SqlSchema.findOne({
      Request: Schema.Void,
      Result: Schema.Struct({ xid: Schema.BigIntFromString }),
      execute: () => sql`select pg_snapshot_xmin(pg_current_snapshot())::text as xid`,
    })
    return FeedRepo.of({
      after: (cursor, limit) =>
        Effect.orDie(Effect.map(rowsAfter({ ...cursor, limit }), (rows) => ({
          gone: rows[0]?.gone ?? true,
          items: rows.flatMap(({ payload, seq, settled, xid }) =>
            settled && payload !== null ? [{ at: { xid: xid!, seq: seq! }, change: payload }] : []
          ),
          held: rows.some(({ settled }) => settled === false),
        }))),
      runs: (after, before, limit) =>
        Effect.orDie(Effect.map(
          runs({ after, before, limit }),
          (rows) => rows.map(({ payload, seq, xid }) => ({ at: { xid, seq }, change: payload })),
        )),
      end: Effect.orDie(Effect.map(end(), ({ xid }) => ({ xid, seq: 0n }))),
      watch: yield* listening,
      // The floor moves with what goes. Only the oldest are looked at, so that a step costs the same however many there are
      prune: Effect.orDie(Effect.map(
        sql`
          with oldest as (select xid, seq, created_at from hiring_outbox order by xid, seq limit ${PRUNE_BATCH}),
            gone as (
              delete from hiring_outbox o using oldest
              where (o.xid, o.seq) = (oldest.xid, oldest.seq)
                and oldest.created_at < now() - make_interval(days => ${KEEP_DAYS})
                and oldest.xid < pg_snapshot_xmin(pg_current_snapshot())
              returning o.xid, o.seq),
            last as (select xid, seq from gone order by xid desc, seq desc limit 1),
            moved as (
              update hiring_feed_floor f set xid = last.xid, seq = last.seq from last
              where (f.xid, f.seq) < (last.xid, last.seq))
          select count(*)::int as n from gone`,
        (rows) => Number(rows[0]!.n),
      )),
    })
  }),
)
