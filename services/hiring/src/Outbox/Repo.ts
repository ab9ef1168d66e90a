/** The table `hiring_outbox`: changes, and the order in which they are read. The order is made in Repo/Sequencer.ts. */
import { PgClient } from "@effect/sql-pg"
import { Change } from "@stint/domain/hiring/Feed"
import { RETENTION } from "@stint/domain/Retention"
import { InstantColumn } from "@stint/domain/Instants"
import { Context, type DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Cursor, OlderCursor } from "./Cursor.ts"
import { type Entry, type Page, reading, readingEnd, readingOlder, readingRuns } from "./Repo/Reads.ts"
import { PLACE_BATCH, placing } from "./Repo/Sequencer.ts"

/** The NOTIFY channel on which a transaction that wrote changes says so. */
export const CHANNEL = "hiring_outbox"
/** How many changes `prune` removes at most. */
export const PRUNE_BATCH = 1000

/** Why a cursor is gone: what follows it was pruned, or it is not of this history (the database was restored). */
export type Gone = "pruned" | "restored"

/** What follows a cursor. */
export interface Followed {
  /** Why the reader has missed something, and has to begin again; undefined: it has not. */
  readonly gone: Gone | undefined
  readonly page: Page
}

/** The changes that hiring's writes make, until they are pruned. */
export class OutboxRepo extends Context.Service<OutboxRepo, {
  /** Adds changes, and wakes the followers when the surrounding transaction commits. */
  append(changes: ReadonlyArray<Change>): Effect.Effect<void>
  /** At most `limit` changes after the cursor, and at most 2 MiB of them, in their order. */
  after(cursor: Cursor, limit: number): Effect.Effect<Followed>
  /** The place of a cursor that 0.2.0 gave; undefined when its reader has missed something. */
  placeOf(cursor: OlderCursor): Effect.Effect<Cursor | undefined>
  /** The slot of the run that a request was given; none when there is no such request, or it is no longer kept. */
  slotOf(request_id: string): Effect.Effect<Option.Option<DateTime.Utc>>
  /** At most `limit` requests to run between two places, in order. */
  runs(after: Cursor, upTo: Cursor, limit: number): Effect.Effect<ReadonlyArray<Entry>>
  /** The place of the last change that is committed by now: what commits later is placed after it. */
  readonly end: Effect.Effect<Cursor>
  /** Removes up to PRUNE_BATCH changes that are older than RETENTION.feed. Returns how many. */
  readonly prune: Effect.Effect<number>
}>()("hiring/OutboxRepo") {
  static readonly layer = Layer.effect(
    OutboxRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const append = appending(sql)
      const slotOf = readingSlot(sql)
      const read = reading(sql)
      const place = placing(sql)
      const end = readingEnd(sql)
      const prune = pruning(sql)
      const placeAll = Effect.repeat(place, { until: (placed) => placed < PLACE_BATCH })

      return OutboxRepo.of({
        append: (changes) => changes.length === 0 ? Effect.void : Effect.orDie(append(changes)),
        // A page without changes may be followed by some that nobody has placed yet
        after: Effect.fnUntraced(function* (cursor, limit) {
          const first = yield* read(cursor, limit)
          if (first.gone !== undefined || first.page.last !== undefined || !first.unplaced) return first
          yield* place
          return yield* read(cursor, limit)
        }, Effect.orDie),
        placeOf: readingOlder(sql),
        slotOf: (request_id) =>
          Effect.orDie(Effect.map(slotOf(request_id), Option.map(({ scheduled_time }) => scheduled_time))),
        runs: readingRuns(sql),
        end: Effect.orDie(Effect.andThen(placeAll, end)),
        prune: Effect.orDie(Effect.andThen(placeAll, Effect.map(prune(PRUNE_BATCH), ({ n }) => n))),
      })
    }),
  )
}

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

const readingSlot = (sql: PgClient.PgClient) =>
  SqlSchema.findOneOption({
    Request: Schema.String,
    Result: Schema.Struct({ scheduled_time: InstantColumn }),
    execute: (request_id) =>
      sql`
        select (payload->>'scheduled_time')::timestamptz as scheduled_time from hiring_outbox
        where kind = 'run' and payload->>'request_id' = ${request_id}`,
  })

// Only the oldest rows are looked at, so that a step costs the same however many there are. A trigger moves the floor
const pruning = (sql: PgClient.PgClient) =>
  SqlSchema.findOne({
    Request: Schema.Int,
    Result: Schema.Struct({ n: Schema.Int }),
    execute: (limit) =>
      sql`
        with oldest as (
            select position from hiring_outbox where position is not null order by position limit ${limit}),
          removed as (
            delete from hiring_outbox o using oldest
            where o.position = oldest.position and o.created_at < now() - make_interval(days => ${RETENTION.feed})
            returning o.position)
        select count(*)::int as n from removed`,
  })
