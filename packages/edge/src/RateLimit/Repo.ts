/** The storage of rates: a bucket of tokens a name, over all replicas. One method per atomic unit. */
import { PgClient } from "@effect/sql-pg"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Fragment } from "effect/sql/Statement"

/** How many tokens a bucket gains a second, and how many it holds at most. */
export interface Limit {
  readonly perSecond: number
  readonly burst: number
}

/** What a bucket gave, and how many tokens it has left: less than none while what it owed is being paid. */
export const Grant = Schema.Struct({ granted: Schema.Int, left: Schema.Number })
export type Grant = typeof Grant.Type

/** A bucket that was not asked for so long is full, and is forgotten, in seconds. */
const FORGET_SECONDS = 3_600

const Wanting = Schema.Struct({
  name: Schema.String,
  perSecond: Schema.Number,
  burst: Schema.Int,
  want: Schema.Int,
  owed: Schema.Int,
})

/** The buckets of one service. */
export class RateRepo extends Context.Service<RateRepo, {
  /**
   * Takes `owed` tokens out of a bucket, whether or not they are there, and then up to `want` whole ones that are; a bucket
   * that is not there yet is full. What is short is paid by time: it begins to fill so much later.
   */
  take(name: string, limit: Limit, want: number, owed?: number): Effect.Effect<Grant>
  /** Forgets the buckets that are full again. */
  prune(): Effect.Effect<void>
}>()("edge/RateRepo") {
  static readonly layer = Layer.effect(
    RateRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const take = SqlSchema.findOne({
        Request: Wanting,
        Result: Grant,
        // of two statements at once the one that waited may have begun earlier: time never goes back
        execute: ({ burst, name, owed, perSecond, want }) => {
          const filled = sql`least(${burst}::float8,
            b.tokens + greatest(extract(epoch from now() - b.filled_at), 0)::float8 * ${perSecond}::float8)`
          const bucket = (held: Fragment) => {
            const there = sql`greatest(${held} - ${owed}::float8, 0)`
            const granted = sql`floor(least(${want}::float8, ${there}))`
            const later = sql`make_interval(secs => greatest(${owed}::float8 - ${held}, 0) / ${perSecond}::float8)`
            return { granted, tokens: sql`${there} - ${granted}`, later }
          }
          const [fresh, known] = [bucket(sql`${burst}::float8`), bucket(filled)]
          return sql`
            insert into rate_buckets as b (name, tokens, granted, filled_at)
            values (${name}, ${fresh.tokens}, ${fresh.granted}::int, now() + ${fresh.later})
            on conflict (name) do update set tokens = ${known.tokens}, granted = ${known.granted}::int,
              filled_at = greatest(now(), b.filled_at) + ${known.later}
            returning granted, tokens -
              greatest(extract(epoch from filled_at - now()), 0)::float8 * ${perSecond}::float8 as left`
        },
      })
      return RateRepo.of({
        take: (name, { burst, perSecond }, want, owed = 0) =>
          Effect.orDie(take({ name, burst, perSecond, want, owed })),
        prune: () =>
          Effect.orDie(Effect.asVoid(
            sql`delete from rate_buckets where filled_at < now() - make_interval(secs => ${FORGET_SECONDS})`,
          )),
      })
    }),
  )

  /** For a catalog without a database, and for it alone: the same rules over a map. */
  static readonly layerMemory = Layer.sync(RateRepo, () => {
    const buckets = new Map<string, { tokens: number; at: number }>()
    return RateRepo.of({
      take: (name, { burst, perSecond }, want, owed = 0) =>
        Effect.map(Clock.currentTimeMillis, (now): Grant => {
          const { at, tokens } = buckets.get(name) ?? { at: now, tokens: burst }
          // less than none while what was owed is being paid
          const held = Math.min(burst, tokens + Math.max(now - at, 0) / 1000 * perSecond) - owed
          const granted = Math.floor(Math.max(0, Math.min(want, held)))
          buckets.set(name, { tokens: held - granted, at: Math.max(now, at) })
          return { granted, left: held - granted }
        }),
      prune: () =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          for (const [name, { at }] of buckets) if (at < now - FORGET_SECONDS * 1000) buckets.delete(name)
        }),
    })
  })
}
